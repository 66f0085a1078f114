---@meta
-- Manual: doc/reference/system.signal.adoc. M: for the master VM. S: suspends, and is an interruption point.

---@class system.signal
---@field SIGABRT integer
---@field SIGALRM integer
---@field SIGBUS integer
---@field SIGCHLD integer
---@field SIGCONT integer
---@field SIGFPE integer
---@field SIGHUP integer
---@field SIGILL integer
---@field SIGINT integer
---@field SIGIO integer
---@field SIGKILL integer
---@field SIGPIPE integer
---@field SIGPROF integer
---@field SIGQUIT integer
---@field SIGSEGV integer
---@field SIGSTOP integer
---@field SIGSYS integer
---@field SIGTERM integer
---@field SIGTRAP integer
---@field SIGTSTP integer
---@field SIGTTIN integer
---@field SIGTTOU integer
---@field SIGURG integer
---@field SIGUSR1 integer
---@field SIGUSR2 integer
---@field SIGVTALRM integer
---@field SIGWINCH integer
---@field SIGXCPU integer
---@field SIGXFSZ integer
---@field set system.signal.sets
local signal = {}

---Sends the signal to the own process.
---@param signo integer
function signal.raise(signo) end

---M.
---@param signo integer
function signal.ignore(signo) end

---M.
---@param signo integer
function signal.default(signo) end

---@class system.signal.sets
local sets = {}

---M.
---@param ... integer
---@return system.signal.set
function sets.new(...) end

---@class system.signal.set
local set = {}

---M.
---@param signo integer
function set:add(signo) end

---Discards queued notifications of the signal.
---@param signo integer
function set:remove(signo) end

function set:clear() end

---Fibers that wait raise `operation_aborted`.
function set:cancel() end

---S. The number of a signal that has arrived.
---@return integer
function set:wait() end

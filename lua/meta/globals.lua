---@meta
-- Names that every module has without `require`, beside those of Lua 5.1, `bit` and `jit`.
-- Manual: doc/reference/fibers.adoc, errors.adoc, format.adoc, modules.adoc.

---`"main"` in the main script, `"test"` with `--test`, `"worker"` in the entry of an actor, `""` in imported modules.
---@type "main"|"test"|"worker"|""
_CONTEXT = ''

---The path of this module's source.
---@type filesystem.path
_FILE = nil

---@class error_category
local error_category = {}

---The text of a code.
---@param code integer
---@return string
function error_category.message(code) end

---An error of the runtime. `==` compares code and category.
---@class error_code
---@field code integer within the category, never 0
---@field category error_category
---@field arg? integer|string with EINVAL: which argument is bad; `self` counts as 1
---@field index? integer with bad_index: 2
---@field key? string with bad_index: the key
---@field module? string the name given to `require`
---@field [string] any members that the program adds
local error_code = {}

---The same in terms of POSIX.
---@return error_code
function error_code:togeneric() end

---@class fiber
---@field joinable boolean false once it is joined or detached, and while somebody joins it
---@field interruption_caught boolean of a joined fiber: whether it ended by `interrupted`
local fiber = {}

---Suspends until the fiber has ended. Returns its results or raises its error; nothing if it was interrupted.
---@return any ...
function fiber:join() end

---Lets go of the fiber. Its errors are reported from now on.
function fiber:detach() end

---Asks the fiber to end: its next interruption point raises `interrupted`.
function fiber:interrupt() end

---Makes a fiber that calls `f`, and does not start before the caller suspends.
---@param f fun(): any
---@return fiber
function spawn(f) end

---@class this_fiber
---@field is_main boolean
---@field local_ table of this fiber's own
---@field id string as reports show it
this_fiber = {}

---Lets other ready fibers run first. Suspends.
function this_fiber.yield() end

---Until `allow_suspend` every function that suspends raises `forbid_suspend_block`. Nests.
function this_fiber.forbid_suspend() end

function this_fiber.allow_suspend() end

---Until `restore_interruption` no interruption point raises. Nests.
function this_fiber.disable_interruption() end

function this_fiber.restore_interruption() end

---Calls `f`, then the clean-up handlers that it pushed, newest first.
---@param f fun()
function scope(f) end

---Adds a handler to the innermost scope. It must not raise.
---@param handler fun()
function scope_cleanup_push(handler) end

---Removes the newest handler of the innermost scope, and runs it unless `execute` is false.
---@param execute? boolean
function scope_cleanup_pop(execute) end

---Replaces each field `{...}` by an argument, as std::format does. A named argument is a table: { 'name', value }.
---@param fmt string
---@param ... any
---@return string
function format(fmt, ...) end

---Runs a module as an actor: in a VM of its own, which shares nothing.
---@param module string|spawn_vm.options "." is the calling module; else a relative or root name
---@return tx_channel
---@overload fun(options: spawn_vm.subprocess_options): ipc_actor_channel
function spawn_vm(module) end

---@class spawn_vm.subprocess_options
---@field module? string a path, opened by the new process
---@field concurrency_hint? 1|"safe" of the new process
---@field subprocess spawn_vm.subprocess

---A new process, made by fork server: nothing is inherited but what is said here.
---@class spawn_vm.subprocess
---@field newns_user? boolean
---@field newns_pid? boolean
---@field newns_mount? boolean
---@field newns_net? boolean
---@field newns_uts? boolean
---@field newns_ipc? boolean
---@field environment? table<string, string> default: empty
---@field stdin? "share"|file_descriptor default: the end of the stream
---@field stdout? "share"|file_descriptor default: a broken pipe
---@field stderr? "share"|file_descriptor default: a broken pipe
---@field init? spawn_vm.init

---@class spawn_vm.init
---@field script string runs before anything else in the process
---@field arg? file_descriptor its global `arg`

---@class spawn_vm.options
---@field module string
---@field inherit_context? boolean false: in a thread of its own
---@field concurrency_hint? 1|"safe" 1: the new context will never have a second thread
---@field new_master? boolean

---Adds threads to those that run the VMs of this context.
---@param count integer
function spawn_context_threads(count) end

---The way to the inbox of an actor.
---@class tx_channel
local tx_channel = {}

---Suspends until the actor has received the message, a copy. Raises `channel_closed` if it is gone.
---@param message any
function tx_channel:send(message) end

function tx_channel:close() end

---To an actor in another process: returned by `spawn_vm` with `subprocess`, or received from one.
---@class ipc_actor_channel
---@field child_pid integer of an own child
local ipc_actor_channel = {}

---Suspends until the kernel has taken the message: a boolean, number, string of up to 255 bytes, address, file
---descriptor, or a table of up to 20 of them with string keys. Raises `EPIPE` or `ECONNRESET` if the peer is gone.
---@param message boolean|number|string|inbox|tx_channel|file_descriptor|table<string, boolean|number|string|inbox|tx_channel|file_descriptor>
function ipc_actor_channel:send(message) end

function ipc_actor_channel:close() end

---Lets an own child outlive this VM and this program.
function ipc_actor_channel:detach() end

---Sends a signal to an own child. SIGKILL, the default, also closes the channel.
---@param signo? integer
function ipc_actor_channel:kill(signo) end

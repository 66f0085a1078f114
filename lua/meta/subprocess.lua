---@meta
-- Manual: doc/reference/system.spawn.adoc. S: suspends, and is an interruption point.

---A child process.
---@class subprocess
---@field pid? integer nil once it was waited for
---@field exit_code integer 128 + signal if a signal killed it; raises until it was waited for
---@field exit_signal? integer raises until it was waited for
local subprocess = {}

---S. Waits for its end. Only one fiber at a time.
function subprocess:wait() end

---Sends a signal; 0 only checks.
---@param signo integer
function subprocess:kill(signo) end

---@return linux_capabilities
function subprocess:cap_get() end

---@class system.scheduler
---@field policy? "other"|"batch"|"idle"|"fifo"|"rr"
---@field priority? integer `fifo` and `rr` need one
---@field reset_on_fork? boolean only with `policy`

---@class system.spawn_options
---@field program string|filesystem.path|file_descriptor a string without a slash is looked for on PATH
---@field arguments? string[] all of `argv`, the first one included; nil: empty
---@field environment? table<string, string> all of it; nil: empty
---@field stdin? "share"|file_descriptor nil: nothing to read
---@field stdout? "share"|file_descriptor nil: nobody reads
---@field stderr? "share"|file_descriptor nil: nobody reads
---@field extra_fds? table<integer, file_descriptor> 3 to 9, as the child numbers them
---@field start_new_session? boolean
---@field process_group? integer 0: a new one
---@field set_ctty? file_descriptor needs `start_new_session`
---@field foreground? "stdin"|"stdout"|"stderr"|file_descriptor needs `process_group`
---@field ruid? integer
---@field euid? integer becomes the saved id, too
---@field rgid? integer
---@field egid? integer becomes the saved id, too
---@field extra_groups? integer[]
---@field scheduler? system.scheduler
---@field umask? integer
---@field working_directory? filesystem.path|file_descriptor
---@field pdeathsig? integer
---@field signal_on_gcreaper? integer default SIGTERM; 0: none
---@field set_no_new_privs? boolean
---@field seccomp_set_mode_filter? byte_span
---@field landlock_restrict_self? file_descriptor
---@field setns_user? file_descriptor
---@field setns_mount? file_descriptor
---@field setns_uts? file_descriptor
---@field setns_ipc? file_descriptor
---@field setns_net? file_descriptor

---@class system
local system = {}

---Starts a program. Returns when it runs; a step that failed is raised, with its name in `step`.
---@param opts system.spawn_options
---@return subprocess
function system.spawn(opts) end

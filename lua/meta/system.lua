---@meta system

---Standard input. Raises `asio_error.misc.eof` at its end.
---@class system.in_: read_stream
local in_ = {}

---Suspends until there is input; returns how many bytes.
---@param buffer byte_span
---@return integer
function in_:read_some(buffer) end

---@return file_descriptor
function in_:dup() end

---@return boolean
function in_:isatty() end

---@return integer
function in_:tcgetpgrp() end

---@param pgid integer
function in_:tcsetpgrp(pgid) end

---Standard output or error. Unlike `print` it keeps nothing in a buffer.
---@class system.out: write_stream
local out = {}

---Suspends while the reader is slow; returns how many bytes were written.
---@param buffer byte_span
---@return integer
function out:write_some(buffer) end

---@return file_descriptor
function out:dup() end

---@return boolean
function out:isatty() end

---@return integer
function out:tcgetpgrp() end

---@param pgid integer
function out:tcsetpgrp(pgid) end

---@class system
---@field arguments string[] the command, the file, then what the user gave; a new table each time
---@field environment table<string, string> a new table each time
---@field in_ system.in_
---@field out system.out
---@field err system.out
---@field signal system.signal
---@field SECBIT_NOROOT integer
---@field SECBIT_NOROOT_LOCKED integer
---@field SECBIT_NO_SETUID_FIXUP integer
---@field SECBIT_NO_SETUID_FIXUP_LOCKED integer
---@field SECBIT_KEEP_CAPS integer
---@field SECBIT_KEEP_CAPS_LOCKED integer
---@field SECBIT_NO_CAP_AMBIENT_RAISE integer
---@field SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED integer
local system = {}

---Ends this VM. No clean-up handler runs. In the master VM `code` is the exit status.
---@param code? integer
---@param options? { force: 0|2|"abort" } 2: ends the process at once
function system.exit(code, options) end

-- Identity: doc/reference/system.credentials.adoc. M: master VM only.

---@return integer
function system.getpid() end
---@return integer
function system.getppid() end
---@return integer
function system.getpgrp() end

---@param pid integer 0: this process
---@return integer
function system.getpgid(pid) end

---M.
---@param pid integer 0: this process
---@param pgid integer 0: a new group
function system.setpgid(pid, pgid) end

---@param pid integer 0: this process
---@return integer
function system.getsid(pid) end

---M.
---@return integer
function system.setsid() end

---M. 0 only asks.
---@param pid integer
---@param signo integer
function system.kill(pid, signo) end

---@return integer real, integer effective, integer saved
function system.getresuid() end

---M. -1 keeps one.
---@param real integer
---@param effective integer
---@param saved integer
function system.setresuid(real, effective, saved) end

---@return integer real, integer effective, integer saved
function system.getresgid() end

---M. -1 keeps one.
---@param real integer
---@param effective integer
---@param saved integer
function system.setresgid(real, effective, saved) end

---@return integer[]
function system.getgroups() end

---M.
---@param list integer[]
function system.setgroups(list) end

-- Capabilities: doc/reference/system.capabilities.adoc

---@alias capability_flag 'effective'|'inheritable'|'permitted'

---@class linux_capabilities
local linux_capabilities = {}

---@return linux_capabilities
function linux_capabilities:dup() end

function linux_capabilities:clear() end

---@param flag capability_flag
function linux_capabilities:clear_flag(flag) end

---@param cap string
---@param flag capability_flag
---@return boolean
function linux_capabilities:get_flag(cap, flag) end

---@param flag capability_flag
---@param caps string[]
---@param value boolean
function linux_capabilities:set_flag(flag, caps, value) end

---@param to capability_flag
---@param from capability_flag
function linux_capabilities:fill(to, from) end

---@param to capability_flag
---@param other linux_capabilities
---@param from capability_flag
function linux_capabilities:fill_flag(to, other, from) end

---M. Gives the sets to the process.
function linux_capabilities:set_proc() end

---@return integer
function linux_capabilities:get_nsowner() end

---@param uid integer
function linux_capabilities:set_nsowner(uid) end

---@return linux_capabilities
function system.cap_get_proc() end

---@return linux_capabilities
function system.cap_init() end

---@param text string
---@return linux_capabilities
function system.cap_from_text(text) end

---@param cap string
---@return boolean
function system.cap_get_bound(cap) end

---M.
---@param cap string
function system.cap_drop_bound(cap) end

---@param cap string
---@return boolean
function system.cap_get_ambient(cap) end

---M.
---@param cap string
---@param value boolean
function system.cap_set_ambient(cap, value) end

---M.
function system.cap_reset_ambient() end

---@return integer
function system.cap_get_secbits() end

---M. A sum of system.SECBIT_*.
---@param bits integer
function system.cap_set_secbits(bits) end

-- Confinement: doc/reference/system.confinement.adoc

---M. For good.
function system.set_no_new_privs() end

---M. For good.
---@param filter byte_span array of struct sock_filter
function system.seccomp_set_mode_filter(filter) end

---@class system.ruleset_attr
---@field handled_access_fs? string[]
---@field handled_access_net? string[]
---@field scoped? string[]

---@class system.rule_attr
---@field allowed_access string[]
---@field parent_fd? file_descriptor of type path_beneath
---@field port? integer of type net_port

---@param attr? system.ruleset_attr
---@param flags? 'version'[] the ABI is returned
---@return file_descriptor|integer
function system.landlock_create_ruleset(attr, flags) end

---@param ruleset file_descriptor
---@param type 'path_beneath'|'net_port'
---@param attr system.rule_attr
function system.landlock_add_rule(ruleset, type, attr) end

---M. For good.
---@param ruleset file_descriptor
function system.landlock_restrict_self(ruleset) end

return system

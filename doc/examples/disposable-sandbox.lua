-- Runs untrusted input in a sandbox that is used once, and killed when it misbehaves.
--@ test 03.78 R13 a sandbox to throw away
--@ need userns landlock seccomp
--@ stdout 1 + 2: 3
--@ stdout reading a file: Permission denied
--@ stdout an endless loop: killed
--@ stdout a socket: killed
--@ stdout a file's mode: killed
local inbox = require 'inbox'
local system = require 'system'
local time = require 'time'

-- tag::guest[]
if _CONTEXT == 'worker' then
    -- The worst of all parsers: it does whatever its input says.
    local job = inbox:receive()
    local ok, result = pcall(assert(loadstring('return ' .. job.input)))
    job.reply_to:send(tostring(result))
    return
end
-- end::guest[]

-- tag::host[]
-- Kills the process at one of these system calls (x86-64). The tutorial explains the program in R8.
local function kill_at(numbers)
    local function u16(n) return string.char(n % 256, math.floor(n / 256) % 256) end
    local function ins(code, jt, jf, k)
        return u16(code) .. string.char(jt, jf) .. u16(k % 65536) .. u16(math.floor(k / 65536))
    end
    local p = {
        ins(0x20, 0, 0, 4), ins(0x15, 1, 0, 0xC000003E), ins(0x06, 0, 0, 0x80000000), ins(0x20, 0, 0, 0),
    }
    for i, number in ipairs(numbers) do p[#p + 1] = ins(0x15, #numbers - i + 1, 0, number) end
    p[#p + 1] = ins(0x06, 0, 0, 0x7FFF0000)
    p[#p + 1] = ins(0x06, 0, 0, 0x80000000)
    return table.concat(p)
end
local forbidden = {
    41, 59, 101, 165, 250,      -- socket execve ptrace mount keyctl
    272, 298, 308, 321, 322,    -- unshare perf_event_open setns bpf execveat
    323, 425,                   -- userfaultfd io_uring_setup
    -- Landlock knows no right to these: chmod fchmod chown fchown lchown fchownat fchmodat fchmodat2, utime utimes
    -- futimesat utimensat, setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
    90, 91, 92, 93, 94, 260, 268, 452, 132, 235, 261, 280, 188, 189, 190, 197, 198, 199,
}

-- No file but this one, no other process in sight or in its group, no network, few system calls.
local SCRIPT = ([[
    local rights = {
        'execute', 'write_file', 'read_file', 'read_dir', 'remove_dir', 'remove_file', 'make_char',
        'make_dir', 'make_reg', 'make_sock', 'make_fifo', 'make_block', 'make_sym',
    }
    local abi = C.landlock_create_ruleset(nil, {'version'})
    if abi >= 2 then rights[#rights + 1] = 'refer' end
    if abi >= 3 then rights[#rights + 1] = 'truncate' end
    local rules = C.landlock_create_ruleset{ handled_access_fs = rights }
    C.landlock_add_rule(rules, 'path_beneath', {
        parent_fd = C.open(%q, C.O_PATH), allowed_access = { 'read_file' } })
    C.setsid()
    C.cap_set_proc('=')
    set_no_new_privs()
    C.landlock_restrict_self(rules)
    C.seccomp_set_mode_filter(%q)
]]):format(tostring(_FILE), kill_at(forbidden))

local function evaluate(input)
    local actor = spawn_vm{ module = tostring(_FILE), subprocess = {
        newns_user = true, newns_pid = true, newns_mount = true,
        newns_net = true, newns_uts = true, newns_ipc = true,
        init = { script = SCRIPT },
    } }
    actor:send{ input = input, reply_to = inbox }
    local deadline = spawn(function()
        time.sleep(1)
        actor:kill()
    end)
    -- Raises no_senders when the actor, who alone has our address, is gone.
    local answered, answer = pcall(inbox.receive, inbox)
    deadline:interrupt()
    deadline:join()
    pcall(actor.kill, actor)
    return answered and answer or 'killed'
end
-- end::host[]

print('1 + 2: ' .. evaluate '1 + 2')
print('reading a file: ' .. evaluate [[
    (function() local ffi = require 'ffi' ffi.cdef 'int open(const char*, int); char* strerror(int);'
    return ffi.C.open('/etc/passwd', 0) < 0 and ffi.string(ffi.C.strerror(ffi.errno())) end)()
]])
print('an endless loop: ' .. evaluate '(function() while true do end end)()')
print('a socket: ' .. evaluate [[(function() local ffi = require 'ffi'
    ffi.cdef 'int socket(int, int, int);' return ffi.C.socket(2, 1, 0) end)()]])
print("a file's mode: " .. evaluate [[(function() local ffi = require 'ffi'
    ffi.cdef 'int chmod(const char*, int);' return ffi.C.chmod('/etc/passwd', 420) end)()]])

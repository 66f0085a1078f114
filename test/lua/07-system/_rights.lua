-- What the tests of rights share.
local ffi = require 'ffi'
local helpers = require 'helpers'
local inbox = require 'inbox'
local system = require 'system'

ffi.cdef [[
int emilua_test_open(const char*, int, ...) __asm__("open");
int emilua_test_close(int) __asm__("close");
int emilua_test_mkdir(const char*, unsigned) __asm__("mkdir");
int emilua_test_chmod(const char*, unsigned) __asm__("chmod");
int emilua_test_system(const char*) __asm__("system");
]]
C = ffi.C

O_RDONLY, O_WRONLY, O_CREAT, O_DIRECTORY, O_PATH = 0, 1, 64, 65536, 2097152
EPERM, ENOENT, ESRCH, EBADF, EACCES, EINVAL = 1, 2, 3, 9, 13, 22

-- True if this process has what the work of root needs, which a container's root may lack.
function can(...)
    local caps = system.cap_get_proc()
    for _, cap in ipairs { ... } do
        if not caps:get_flag(cap, 'effective') then return false end
    end
    return true
end

-- errno of opening a file, 0 if it works.
function try_open(path, flags)
    local n = C.emilua_test_open(path, flags or O_RDONLY, ffi.cast('int', 438))
    if n < 0 then return ffi.errno() end
    C.emilua_test_close(n)
    return 0
end

function try_mkdir(path)
    return C.emilua_test_mkdir(path, 511) == 0 and 0 or ffi.errno()
end

function open(path, flags)
    return helpers.descriptor(C.emilua_test_open(path, flags or O_RDONLY, ffi.cast('int', 438)))
end

-- A shell command: true if it succeeds.
function sh(command) return C.emilua_test_system(command) == 0 end

-- The values of a field of /proc/PID/task/TID/status: how many threads have each.
function of_threads(field)
    assert(sh(([[grep -h '^%s:' /proc/%d/task/*/status | cut -f 2- > threads]]):format(field, system.getpid())))
    local count = {}
    for value in helpers.read_file('threads'):gmatch '[^\n]+' do
        value = value:gsub('\t', ' ')
        count[value] = (count[value] or 0) + 1
    end
    return count
end

-- Gives up all rights that root has.
function become_nobody()
    if system.getresuid() ~= 0 then return end
    C.emilua_test_chmod('.', 511)
    system.setgroups {}
    system.setresgid(65534, 65534, 65534)
    system.setresuid(65534, 65534, 65534)
end

local worker = {}
worker.__index = worker

-- A VM with a thread of its own.
function new_worker(options)
    options = options or {}
    options.module, options.inherit_context = '/_evaluator', false
    return setmetatable({ channel = spawn_vm(options) }, worker)
end

-- What the code returns there; `r` is this module.
function worker:eval(code)
    self.channel:send { code = code, reply = inbox }
    return unpack(inbox:receive())
end

function worker:close() self.channel:close() end

-- Runs the case that the command line names.
function run(cases) cases[system.arguments[3]]() end

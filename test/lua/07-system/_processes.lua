-- What the tests of child processes share.
ffi = require 'ffi'
local helpers = require 'helpers'
local pipe = require 'pipe'
local system = require 'system'
local test = require 'test'

ffi.cdef[[
int open(const char*, int, ...);
int close(int);
int getuid(void);
int waitid(int, unsigned, void*, int);
long write(int, const void*, size_t);
int mkdir(const char*, unsigned);
int rmdir(const char*);
void* signal(int, void*);
int prctl(int, ...);
int pthread_sigmask(int, const void*, void*);
]]
C = ffi.C

is_root = C.getuid() == 0

O_RDONLY, O_WRONLY, O_CREAT, O_DIRECTORY = 0, 1, 64, 65536

function open(path, flags) return helpers.descriptor(C.open(path, flags or O_RDONLY, ffi.cast('int', 420))) end

function write_file(path, text, mode)
    local n = C.open(path, O_WRONLY + O_CREAT, ffi.cast('int', mode or 420))
    C.write(n, text, #text)
    C.close(n)
end

-- Runs a program to its end. Returns its output and the subprocess.
function run(opts)
    local reader, writer = pipe.pair()
    writer = writer:release()
    opts.stdout = writer
    opts.stderr = opts.stderr or 'share'
    local ok, child = pcall(system.spawn, opts)
    writer:close()
    if not ok then
        reader:close()
        error(child, 0)
    end
    local text = helpers.drain(reader)
    child:wait()
    return text, child
end

-- The same for a shell script, with further options.
function sh(script, opts, ...)
    opts = opts or {}
    opts.program = '/bin/sh'
    opts.arguments = { 'sh', '-c', script, 'sh', ... }
    return run(opts)
end

-- spawn(opts) does not accept this option. The program is `true` unless it is that which is wrong.
function refuses(opts, arg)
    if arg ~= 'program' then opts.program = opts.program or 'true' end
    test.raises_code(function() system.spawn(opts) end, 22, 'generic', { arg = arg })
end

-- The system refuses a step of the start.
function fails(opts, code, step)
    opts.program = opts.program or 'true'
    test.raises_code(function() system.spawn(opts) end, code, 'system', { step = step })
end

-- A child that runs until it is killed.
function sleeper(opts)
    opts = opts or {}
    opts.program, opts.arguments = 'sleep', { 'sleep', '1000' }
    return system.spawn(opts)
end

-- Of this process: 'none', 'running' or 'zombie'.
function children()
    local info = ffi.new('int[32]')
    local P_ALL, WNOHANG, WEXITED, WNOWAIT = 0, 1, 4, 0x1000000
    if C.waitid(P_ALL, 0, info, WNOHANG + WEXITED + WNOWAIT) ~= 0 then return 'none' end
    return info[0] == 0 and 'running' or 'zombie'
end

-- A test that ends without children.
function case(name, f)
    test(name, function()
        local result, reason = f()
        test.eq(children(), 'none')
        return result, reason
    end)
end

-- The state letter of a process, nil if there is none.
function state_of(pid)
    local n = C.open('/proc/' .. pid .. '/stat', O_RDONLY)
    if n < 0 then return nil end
    C.close(n)
    return helpers.read_file('/proc/' .. pid .. '/stat'):match '%) (%a)'
end

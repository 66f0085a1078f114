-- What the tests of child processes share.
ffi = require 'ffi'
local pipe = require 'pipe'
local stream = require 'stream'
local system = require 'system'
local test = require 'test'
local time = require 'time'

ffi.cdef[[
int open(const char*, int, ...);
int close(int);
int dup(int);
int dup2(int, int);
int getuid(void);
int waitid(int, unsigned, void*, int);
long read(int, void*, size_t);
long write(int, const void*, size_t);
int unshare(int);
int chmod(const char*, unsigned);
int mkdir(const char*, unsigned);
int rmdir(const char*);
int posix_openpt(int);
int grantpt(int);
int unlockpt(int);
char* ptsname(int);
void* signal(int, void*);
int prctl(int, ...);
int pthread_sigmask(int, const void*, void*);
int getrlimit(int, unsigned long*);
int setrlimit(int, const unsigned long*);
]]
C = ffi.C

is_root = C.getuid() == 0

O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_NOCTTY, O_DIRECTORY = 0, 1, 2, 64, 256, 65536

-- Moves a descriptor of the C library into a file_descriptor.
function descriptor(n)
    assert(n >= 0, 'no descriptor: errno ' .. ffi.errno())
    local stdin = C.dup(0)
    C.dup2(n, 0)
    local fd = system.in_:dup()
    C.dup2(stdin, 0)
    C.close(stdin)
    C.close(n)
    return fd
end

function open(path, flags) return descriptor(C.open(path, flags or O_RDONLY, ffi.cast('int', 420))) end

function number(fd) return tonumber(tostring(fd):match '%d+$') end

function write_file(path, text, mode)
    local n = C.open(path, O_WRONLY + O_CREAT, ffi.cast('int', mode or 420))
    C.write(n, text, #text)
    C.close(n)
end

function read_file(path)
    local n = C.open(path, O_RDONLY)
    assert(n >= 0, path)
    local buffer = ffi.new('char[65536]')
    local parts = {}
    while true do
        local count = tonumber(C.read(n, buffer, 65536))
        if count <= 0 then break end
        parts[#parts + 1] = ffi.string(buffer, count)
    end
    C.close(n)
    return table.concat(parts)
end

-- All that can be read.
function drain(reader)
    local parts, buffer = {}, byte_span.new(4096)
    while true do
        local ok, n = pcall(reader.read_some, reader, buffer)
        if not ok then break end
        parts[#parts + 1] = tostring(buffer:slice(1, n))
    end
    return table.concat(parts)
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
    local text = drain(reader)
    reader:close()
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

-- Lets what is ready run: `f()` becomes true soon.
function eventually(f)
    for _ = 1, 500 do
        if f() then return true end
        time.sleep(0.01)
    end
    error('it did not happen', 2)
end

-- The state letter of a process, nil if there is none.
function state_of(pid)
    local n = C.open('/proc/' .. pid .. '/stat', O_RDONLY)
    if n < 0 then return nil end
    C.close(n)
    return read_file('/proc/' .. pid .. '/stat'):match '%) (%a)'
end

-- Master (a number) and slave (a file_descriptor) of a new terminal.
function terminal()
    local master = C.posix_openpt(O_RDWR + O_NOCTTY)
    assert(master >= 0 and C.grantpt(master) == 0 and C.unlockpt(master) == 0)
    return master, open(ffi.string(C.ptsname(master)), O_RDWR + O_NOCTTY)
end

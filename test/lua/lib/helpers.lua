-- What tests of several folders share: `local helpers = require 'helpers'`.
local ffi = require 'ffi'
local pipe = require 'pipe'
local test = require 'test'
local time = require 'time'

ffi.cdef [[
int emilua_test_open(const char*, int, ...) __asm__("open");
long emilua_test_read(int, void*, size_t) __asm__("read");
int emilua_test_close(int) __asm__("close");
int emilua_test_dup3(int, int, int) __asm__("dup3");
struct emilua_test_limits { unsigned long now, most; };
int emilua_test_getrlimit(int, struct emilua_test_limits*) __asm__("getrlimit");
int emilua_test_setrlimit(int, const struct emilua_test_limits*) __asm__("setrlimit");
]]
local C = ffi.C

-- f() raises this error of the system, which is not about an argument.
function refuses(f, code) test.eq(test.raises_code(f, code, 'system').arg, nil) end

-- Lets what is ready run: `f()` becomes true soon.
function eventually(f)
    for _ = 1, 500 do
        if f() then return true end
        time.sleep(0.01)
    end
    error('it did not happen', 2)
end

-- Calls f() in a fiber again and again until it waits, which must not be at once. Returns the fiber, and how many calls
-- have ended.
function fill(f)
    local ended, before = 0
    local fiber = spawn(function()
        while true do
            f()
            ended = ended + 1
        end
    end)
    repeat
        before = ended
        time.sleep(0.05)
    until ended > 0 and ended == before
    return fiber, ended
end

-- The number of a file_descriptor.
function number(fd) return tonumber(tostring(fd):match '%d+$') end

-- A file_descriptor that owns descriptor n. None can be made, so it takes the place of another one.
function descriptor(n)
    assert(n >= 0, 'no descriptor: errno ' .. ffi.errno())
    local O_CLOEXEC = 524288
    local reader, writer = pipe.pair()
    writer:close()
    local fd = reader:release()
    C.emilua_test_dup3(n, number(fd), O_CLOEXEC)
    C.emilua_test_close(n)
    return fd
end

-- All that a file contains.
function read_file(path)
    local n = C.emilua_test_open(path, 0)
    assert(n >= 0, path)
    local parts, buffer = {}, ffi.new 'char[65536]'
    repeat
        local size = C.emilua_test_read(n, buffer, 65536)
        assert(size >= 0, path)
        parts[#parts + 1] = ffi.string(buffer, size)
    until size == 0
    C.emilua_test_close(n)
    return table.concat(parts)
end

-- All that can be read from a stream, which is closed then.
function drain(reader)
    local parts, buffer = {}, byte_span.new(65536)
    while true do
        local ok, n = pcall(reader.read_some, reader, buffer)
        if not ok then break end
        parts[#parts + 1] = tostring(buffer:slice(1, n))
    end
    reader:close()
    return table.concat(parts)
end

-- Calls f while no descriptor can be opened. Returns what pcall returns.
function without_free_descriptors(f)
    local RLIMIT_NOFILE = 7
    local limits = ffi.new 'struct emilua_test_limits'
    C.emilua_test_getrlimit(RLIMIT_NOFILE, limits)
    local before = limits.now
    limits.now = 3      -- those are open
    C.emilua_test_setrlimit(RLIMIT_NOFILE, limits)
    local results = { pcall(f) }
    limits.now = before
    C.emilua_test_setrlimit(RLIMIT_NOFILE, limits)
    return unpack(results)
end

-- Pipes (05 §1, §6).
local test = require 'test'
local pipe = require 'pipe'
local stream = require 'stream'
local generic = require 'generic_error'
local helpers = require 'helpers'
local io = require '/_io'
local ffi = require 'ffi'
local bytes, read, start, settle, close = io.bytes, io.read, io.start, io.settle, io.close
local is_eof, is_aborted, is_interrupted, os_error = io.is_eof, io.is_aborted, io.is_interrupted, io.os_error

ffi.cdef [[
int fcntl(int fd, int command, ...);
int mkfifo(const char* path, unsigned mode);
int open(const char* path, int flags, ...);
]]
local F_GETFD, F_GETFL, O_NONBLOCK = 1, 3, 2048
local O_RDWR = 2

-- A pipe into which nothing more fits.
local function full()
    local r, w = pipe.pair()
    local chunk = byte_span.new(65536)
    local filler = start(function() while true do w:write_some(chunk) end end)
    filler.fiber:interrupt()
    filler.fails(is_interrupted)
    return r, w
end

local ends = {
    ['pipe.read_stream'] = { new = pipe.read_stream.new, method = 'read_some', other = 'write_some' },
    ['pipe.write_stream'] = { new = pipe.write_stream.new, method = 'write_some', other = 'read_some' },
}

test('05.1 05.2 05.3 identity and unknown keys', function()
    for name, class in pairs(ends) do
        local object = class.new()
        test.eq(type(object), 'userdata')
        test.eq(getmetatable(object), name)
        test.match(tostring(object), '^userdata: ')
        test.ok(object ~= class.new())
        for _, key in ipairs { class.other, 'open', 'shutdown', 'set_option', 'get_option', 1, true } do
            test.raises_code(function() return object[key] end, 8, 'emilua.core', { index = 2 })
        end
        test.raises_code(function() return object[nil] end, 8, 'emilua.core', { index = 2 })
        test.raises_string(function() object.x = 1 end, 'attempt to index')
    end
end)

test('05.4 a closed end raises EBADF', function()
    for _, class in pairs(ends) do
        local object = class.new()
        test.eq(object.is_open, false)
        test.eq(select('#', object:close()), 0)
        object:close()
        for _, size in ipairs { 0, 1 } do
            test.error(function() object[class.method](object, byte_span.new(size)) end, generic.EBADF)
        end
        test.error(function() object:cancel() end, generic.EBADF)
        test.error(function() object:release() end, generic.EBADF)
    end
end)

test('05.8 05.9 wrong self, wrong buffer', function()
    local r, w = pipe.pair()
    for object, class in pairs { [r] = ends['pipe.read_stream'], [w] = ends['pipe.write_stream'] } do
        for _, name in ipairs { class.method, 'close', 'cancel', 'release', 'assign' } do
            test.error(function() object[name](bytes 'x', bytes 'x') end, io.is_invalid(1))
            test.error(function() object[name]() end, io.is_invalid(1))
        end
        test.error(function() r.close(w) end, io.is_invalid(1))
        for _, buffer in ipairs { 'str', 1, {} } do
            test.error(function() object[class.method](object, buffer) end, io.is_invalid(2))
        end
        test.error(function() object[class.method](object) end, io.is_invalid(2))
    end
    close(r, w)
end)

test('05.7 05.40 05.41 adopting descriptors', function()
    for _, class in pairs(ends) do
        test.error(function() class.new(nil) end, io.is_invalid(1))
        test.error(function() class.new(1) end, io.is_invalid(1))
        test.error(function() class.new():assign() end, io.is_invalid(2))
        test.error(function() class.new():assign('x') end, io.is_invalid(2))
        local _, w = pipe.pair()
        _:close()
        local fd = w:release()
        test.eq(w.is_open, false)
        local object = class.new(fd)
        test.ok(object.is_open)
        fd:close()
        test.error(function() fd:dup() end, os_error 'EBADF')
        test.error(function() class.new(fd) end, io.is_invalid(1))
        test.error(function() object:assign(fd) end, io.is_invalid(2))

        fd = object:release()
        local open_fd = fd:dup()
        object:assign(fd)
        test.raises_code(function() object:assign(open_fd) end, 1, 'asio.misc')
        test.ok(object.is_open)
        test.match(tostring(open_fd), '^/dev/fd/%d+$')
        close(open_fd, object)
    end
end)

test('05.36 close-on-exec', function()
    local r, w = pipe.pair()
    for _, object in ipairs { r, w } do
        local fd = object:release()
        test.eq(ffi.C.fcntl(helpers.number(fd), F_GETFD), 1)
        fd:close()
    end
end)

test('05.34 an end blocks until it is used', function()
    local function flag(fd) return bit.band(ffi.C.fcntl(helpers.number(fd), F_GETFL), O_NONBLOCK) end
    local r, w = pipe.pair()
    local read_end, write_end = r:release(), w:release()
    test.eq(flag(read_end), 0)
    test.eq(flag(write_end), 0)
    w:assign(write_end)
    w:write_some(bytes 'x')
    write_end = w:release()
    test.eq(flag(write_end), O_NONBLOCK)
    close(read_end, write_end)
end)

test('05.29 what was written before the end is read first', function()
    local r, w = pipe.pair()
    test.eq(w:write_some(bytes 'abc'), 3)
    w:close()
    test.eq(read(r, 2), 'ab')
    test.eq(read(r, 2), 'c')
    test.error(function() read(r) end, is_eof)
    r:close()
end)

test('05.27 05.28 five reads after the end', function()
    local r, w = pipe.pair()
    local reader = start(read, r)
    w:close()
    reader.fails(is_eof)
    for _ = 1, 5 do
        local e = test.error(function() read(r) end, is_eof)
        test.eq(tostring(e), 'End of file')
        test.eq(tostring(e:togeneric().category), 'asio.misc')
    end
    r:close()
end)

test('05.28 all blocked readers see the end', function()
    local r, w = pipe.pair()
    local readers = { start(read, r), start(read, r), start(read, r) }
    w:close()
    for _, reader in ipairs(readers) do reader.fails(is_eof) end
    r:close()
end)

test('05.26 an empty buffer transfers nothing at once', function()
    local r, w = pipe.pair()
    test.eq(r:read_some(byte_span.new(0)), 0)
    test.eq(w:write_some(byte_span.new(0)), 0)
    w:close()
    test.eq(r:read_some(byte_span.new(0)), 0)
    test.error(function() read(r) end, is_eof)
    test.eq(r:read_some(byte_span.new(0)), 0)
    r:close()
    r, w = full()
    test.eq(w:write_some(byte_span.new(0)), 0)
    r:close()
    test.eq(w:write_some(byte_span.new(0)), 0)
    w:close()
end)

test('05.32 no readers: EPIPE', function()
    local r, w = pipe.pair()
    r:close()
    for _ = 1, 3 do test.error(function() w:write_some(bytes 'x') end, os_error 'EPIPE') end
    w:close()
    r, w = full()
    local writer = start(w.write_some, w, bytes 'x')
    r:close()
    writer.fails(os_error 'EPIPE')
    w:close()
end)

test('05.25 reading into a slice', function()
    local r, w = pipe.pair()
    local buffer = byte_span.append('..........')
    w:write_some(bytes '123456')
    test.eq(r:read_some(buffer:slice(3, 6)), 4)
    test.eq(tostring(buffer), '..1234....')
    test.eq(r:read_some(buffer), 2)
    test.eq(tostring(buffer), '561234....')
    close(r, w)
end)

test('05.11 a full pipe suspends the writer until there is room', function()
    local r, w = full()
    local writer = start(w.write_some, w, byte_span.new(1000000))
    test.eq(writer.done(), false)
    r:read_some(byte_span.new(65536))
    local count = writer.returns()
    test.ok(count > 0 and count < 1000000)
    close(r, w)
end)

test('05.11 a large transfer', function()
    local r, w = pipe.pair()
    local text = ('0123456789'):rep(100000)
    local writer = start(function()
        stream.write_all(w, text)
        w:close()
    end)
    local parts = {}
    local ok, e = pcall(function() while true do parts[#parts + 1] = read(r, 4000) end end)
    test.ok(is_eof(e))
    test.ok(table.concat(parts) == text)
    writer.returns()
    r:close()
end)

test('05.10 05.11 served in the order they started', function()
    local r, w = pipe.pair()
    local readers = {}
    for i = 1, 3 do readers[i] = start(read, r, 1) end
    w:write_some(bytes 'abc')
    for i, text in ipairs { 'a', 'b', 'c' } do test.eq(readers[i].returns(), text) end
    for i = 1, 3 do spawn(function() w:write_some(bytes(tostring(i))) end):detach() end
    settle()
    test.eq(read(r), '123')
    close(r, w)
end)

test('05.13 05.14 05.15 cancel, close, release with pending operations', function()
    for _, name in ipairs { 'cancel', 'close', 'release' } do
        local r, w = pipe.pair()
        local full_reader, full_writer = full()
        local reader = start(r.read_some, r, byte_span.new(1))
        local writer = start(full_writer.write_some, full_writer, byte_span.new(1))
        local kept = { r[name](r), full_writer[name](full_writer) }
        test.eq(#kept, name == 'release' and 2 or 0)
        reader.fails(is_aborted)
        writer.fails(is_aborted)
        test.eq(r.is_open, name == 'cancel')
        if name == 'release' then r:assign(kept[1]) end
        if name ~= 'close' then
            w:write_some(bytes 'x')
            test.eq(read(r), 'x')
        end
        close(r, w, full_reader, full_writer, unpack(kept))
    end
end)

test('05.16 05.17 an interruption hits one of two readers', function()
    local r, w = pipe.pair()
    local first, second = start(read, r, 1), start(read, r, 1)
    first.fiber:interrupt()
    first.fails(is_interrupted)
    test.eq(second.done(), false)
    w:write_some(bytes 'x')
    test.eq(second.returns(), 'x')
    test.ok(r.is_open)
    close(r, w)
end)

test('05.18 a pending interruption: nothing is written', function()
    local r, w = pipe.pair()
    local reader = start(read, r)
    local reached
    local writer = spawn(function()
        reached = true
        w:write_some(bytes 'x')
    end)
    writer:interrupt()
    writer:join()
    test.ok(reached and writer.interruption_caught)
    settle()
    test.eq(reader.done(), false)
    w:close()
    reader.fails(is_eof)
    r:close()
end)

test('05.19 interruption disabled', function()
    local r, w = pipe.pair()
    local reader = start(function()
        this_fiber.disable_interruption()
        return read(r)
    end)
    reader.fiber:interrupt()
    settle()
    test.eq(reader.done(), false)
    w:write_some(bytes 'x')
    test.eq(reader.returns(), 'x')
    close(r, w)
end)

test('05.20 data first, then the interruption', function()
    local r, w = pipe.pair()
    w:write_some(bytes 'x')
    local text
    local reader = spawn(function()
        text = read(r)
        text = read(r)
    end)
    this_fiber.yield() -- it has started to read, and its data is there
    reader:interrupt()
    reader:join()
    test.eq(text, 'x')
    test.ok(reader.interruption_caught)
    close(r, w)
end)

test('05.21 forbidden in a forbid-suspend block', function()
    local r, w = pipe.pair()
    this_fiber.forbid_suspend()
    local ok, e = pcall(r.read_some, r, byte_span.new(1))
    local allowed = pcall(r.cancel, r)
    this_fiber.allow_suspend()
    test.ok(not ok and e.code == 12 and tostring(e.category) == 'emilua.core')
    test.ok(allowed)
    close(r, w)
end)

test('05.22 in callbacks, metamethods, iterators and coroutines', function()
    local r, w = pipe.pair()
    local feeder = start(function()
        for i = 1, 5 do
            stream.write_all(w, tostring(i))
            settle()
        end
    end)
    local function one() return read(r, 1) end
    test.eq((('a'):gsub('a', one)), '1')
    local read_in_sort
    table.sort({ 2, 1 }, function(a, b)
        read_in_sort = read_in_sort or one()
        return a < b
    end)
    test.eq(read_in_sort, '2')
    test.eq(setmetatable({}, { __index = one }).x, '3')
    for text in one do
        test.eq(text, '4')
        break
    end
    test.eq(coroutine.wrap(one)(), '5')
    feeder.returns()
    close(r, w)
end)

test('05.23 write_some lets a ready fiber run first', function()
    local r, w = pipe.pair()
    local ran = false
    spawn(function() ran = true end):detach()
    w:write_some(bytes 'x')
    test.ok(ran)
    close(r, w)
end)

test('05.33 a collected write end or descriptor is closed', function()
    for _, keep in ipairs { function(w) return w end, function(w) return w:release() end } do
        local r, w = pipe.pair()
        w = keep(w)
        w = nil
        collectgarbage()
        collectgarbage()
        test.error(function() read(r) end, is_eof)
        r:close()
    end
end)

test('05.6 a pair that cannot be made', function()
    local ok, e = helpers.without_free_descriptors(pipe.pair)
    test.ok(not ok and e == generic.EMFILE)
end)

test('05.4 the wrong end raises EBADF when it is used', function()
    local r, w = pipe.pair()
    local wrong_w, wrong_r = pipe.write_stream.new(r:release()), pipe.read_stream.new(w:release())
    test.error(function() wrong_w:write_some(bytes 'x') end, os_error 'EBADF')
    test.error(function() read(wrong_r) end, os_error 'EBADF')
    close(wrong_r, wrong_w)
end)

test('05.29 a FIFO', function()
    ffi.C.mkfifo('fifo', tonumber('600', 8))
    local fd = helpers.descriptor(ffi.C.open('fifo', O_RDWR))
    local copy = fd:dup()
    local r, w = pipe.read_stream.new(fd), pipe.write_stream.new(copy)
    local reader = start(read, r)
    w:write_some(bytes 'through a FIFO')
    test.eq(reader.returns(), 'through a FIFO')
    close(r, w)
end)

test.done()

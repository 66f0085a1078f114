local helpers = require 'helpers'
local test = require 'test'
local stream = require 'stream'
local pipe = require 'pipe'

local asio_error = require 'asio_error'
local EOF = asio_error.misc.eof

-- A stream that gives one chunk a call, then raises `last`.
local function reader(chunks, last)
    local self = { calls = 0, sizes = {} }
    function self:read_some(buffer)
        self.calls = self.calls + 1
        self.sizes[self.calls] = #buffer
        local chunk = table.remove(chunks, 1) or error(last or EOF)
        test.ok(#chunk <= #buffer, 'a chunk is too large for the buffer')
        return buffer:copy(chunk)
    end
    return self
end

local function writer(step)
    local self = { calls = 0, written = '' }
    function self:write_some(buffer)
        self.calls = self.calls + 1
        test.eq(getmetatable(buffer), 'byte_span')
        local part = tostring(buffer):sub(1, step)
        self.written = self.written .. part
        return #part
    end
    return self
end

local untouchable = setmetatable({}, { __index = function() error('touched') end })

test('04.25 read_all over chunks of 3, 1 and 4', function()
    local buffer, io = byte_span.new(6, 9), reader { 'abc', 'd', 'ef' }
    test.eq(stream.read_all(io, buffer), 6)
    test.eq(tostring(buffer), 'abcdef')
    test.eq(io.sizes, { 6, 3, 2 })
    -- The same from a pipe that holds more than the buffer.
    local rd, wr = pipe.pair()
    local feeder = spawn(function()
        for _, chunk in ipairs { 'abc', 'd', 'efgh' } do
            stream.write_all(wr, chunk)
            this_fiber.yield()
        end
    end)
    test.eq(stream.read_all(rd, buffer), 6)
    test.eq(tostring(buffer), 'abcdef')
    feeder:join()
    test.eq(stream.read_all(rd, byte_span.new(2)), 2)
    rd:close()
    wr:close()
end)

test('04.25 an early end of stream raises EOF; what was read is in the buffer', function()
    local buffer = byte_span.new(6)
    test.error(function() stream.read_all(reader { 'abc' }, buffer) end, EOF)
    test.eq(tostring(buffer), 'abc\0\0\0')
    local rd, wr = pipe.pair()
    stream.write_all(wr, 'xyz')
    wr:close()
    local e = test.raises_code(function() stream.read_all(rd, buffer) end, 2, 'asio.misc')
    test.eq(tostring(e), 'End of file')
    test.eq(tostring(buffer), 'xyz\0\0\0')
    rd:close()
end)

test('04.25 any error comes unchanged', function()
    local failure = {}
    for _, f in ipairs { stream.read_all, stream.read_at_least } do
        local ok, e = pcall(f, reader({ 'a' }, failure), byte_span.new(2), 2)
        test.eq(ok, false)
        test.ok(rawequal(e, failure))
    end
    local ok, e = pcall(stream.write_all, { write_some = function() error(failure) end }, 'x')
    test.eq(ok, false)
    test.ok(rawequal(e, failure))
end)

test('04.26 read_at_least', function()
    local buffer = byte_span.new(6)
    local io = reader { 'abc', 'd', 'x' }
    test.eq(stream.read_at_least(io, buffer, 4), 4)
    test.eq(io.calls, 2)
    test.eq(tostring(buffer), 'abcd\0\0')
    test.eq(stream.read_at_least(reader { 'abcdef' }, buffer, 1), 6)
    test.eq(stream.read_at_least(reader { 'abc', 'def' }, buffer, 100), 6)
    test.eq(stream.read_at_least(reader { 'ab', 'c' }, buffer, 2.9), 2)
    for _, minimum in ipairs { 0, -1, 0.5, -1 / 0 } do
        test.eq(stream.read_at_least(untouchable, buffer, minimum), 0)
    end
end)

test('04.27 write_all gives byte_spans to the stream', function()
    local io = writer(2)
    test.eq(stream.write_all(io, 'hello'), 5)
    test.eq(io.written, 'hello')
    test.eq(io.calls, 3)
    io = writer(2)
    test.eq(stream.write_all(io, byte_span.append('hello'):slice(2)), 4)
    test.eq(io.written, 'ello')
    io = writer(2)
    test.eq(stream.write_all(io, 'a\0b'), 3)
    test.eq(io.written, 'a\0b')
end)

test('04.27 write_at_least', function()
    local io = writer(2)
    test.eq(stream.write_at_least(io, 'hello', 3), 4)
    test.eq(io.written, 'hell')
    test.eq(stream.write_at_least(writer(9), 'hello', 1), 5)
    test.eq(stream.write_at_least(writer(2), 'hello', 99), 5)
    test.eq(stream.write_at_least(untouchable, 'hello', 0), 0)
    test.eq(stream.write_at_least(untouchable, 'hello', -3), 0)
end)

test('04.27 nothing to do makes no call', function()
    local rd, wr = pipe.pair()
    rd:close()
    wr:close()
    local empty = byte_span.new(0, 4)
    for _, io in ipairs { untouchable, rd } do
        test.eq(stream.read_all(io, empty), 0)
        test.eq(stream.read_at_least(io, empty, 5), 0)
    end
    for _, io in ipairs { untouchable, wr } do
        test.eq(stream.write_all(io, ''), 0)
        test.eq(stream.write_all(io, empty), 0)
        test.eq(stream.write_at_least(io, '', 5), 0)
    end
    this_fiber.forbid_suspend()
    test.eq(stream.write_all(wr, ''), 0)
    test.eq(stream.read_all(rd, empty), 0)
    this_fiber.allow_suspend()
end)

test('04.28 an interrupted read_all keeps what was read; the stream remains usable', function()
    local rd, wr = pipe.pair()
    local buffer = byte_span.new(6)
    local blocked = spawn(function() stream.read_all(rd, buffer) end)
    stream.write_all(wr, 'abc')
    helpers.eventually(function() return tostring(buffer) == 'abc\0\0\0' end)
    blocked:interrupt()
    blocked:join()
    test.ok(blocked.interruption_caught)
    test.eq(tostring(buffer), 'abc\0\0\0')
    stream.write_all(wr, 'defghi')
    test.eq(stream.read_all(rd, buffer), 6)
    test.eq(tostring(buffer), 'defghi')
    rd:close()
    wr:close()
end)

test('04.29 errors of pipes', function()
    local rd, wr = pipe.pair()
    rd:close()
    test.error(function() stream.read_all(rd, byte_span.new(1)) end, { code = 9 })
    test.error(function() stream.write_all(wr, 'x') end, { code = 32 })
    wr:close()
end)

test('04.24 a span may be dropped while it is read into', function()
    local rd, wr = pipe.pair()
    local text
    local f = spawn(function()
        local function slice() return byte_span.new(100000):slice(5000, 5004) end
        rd:read_some(slice())
        local kept = slice()
        stream.read_all(rd, kept)
        text = tostring(kept)
    end)
    this_fiber.yield()
    for _ = 1, 3 do
        collectgarbage()
        for _ = 1, 20 do byte_span.new(100000) end
    end
    wr:write_some(byte_span.append('12345'))
    this_fiber.yield()
    collectgarbage()
    stream.write_all(wr, 'abcde')
    f:join()
    test.eq(text, 'abcde')
    rd:close()
    wr:close()
end)

test('04.25 wrong arguments raise', function()
    local io = reader {}
    for _, f in ipairs { stream.read_all, stream.read_at_least } do
        for _, buffer in ipairs { 'text', '', 1, {}, true } do
            test.raises_code(function() f(io, buffer, 1) end, 22, 'generic', { arg = 2 })
        end
        test.raises_code(function() f(io, nil, 1) end, 22, 'generic', { arg = 2 })
    end
    for _, f in ipairs { stream.write_all, stream.write_at_least } do
        for _, buffer in ipairs { 1, {}, true } do
            test.raises_code(function() f(io, buffer, 1) end, 22, 'generic', { arg = 2 })
        end
    end
    test.throws(stream.read_at_least, io, byte_span.new(1))
    test.throws(stream.read_at_least, io, byte_span.new(1), '1')
    test.throws(stream.write_at_least, io, 'x', {})
    test.throws(stream.read_all, {}, byte_span.new(1))
    test.throws(stream.write_all, nil, 'x')
    test.eq(io.calls, 0)
end)

test('04.25 the example of the chapter', function()
    local rd, wr = pipe.pair()
    stream.write_all(wr, 'len=5;hello')
    local head, body = byte_span.new(6), byte_span.new(5)
    stream.read_all(rd, head)
    stream.read_all(rd, body)
    test.eq(tostring(head) .. '  ' .. tostring(body), 'len=5;  hello')
    rd:close()
    wr:close()
end)

test.done()

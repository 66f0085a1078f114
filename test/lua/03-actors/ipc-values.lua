-- What fits into a message between processes (03 §12.1).
--@ run EMILUA_PATH=$EMILUA_PATH:$(dirname $EMILUA)/test/plugin $EMILUA $FILE
local test = require 'test'
local tools = require './_tools'
local _ipc = require './_ipc'
local ipc = require 'ipc'
local inbox = require 'inbox'
local pipe = require 'pipe'
local generic, system, core = 'generic', 'system', 'emilua.core'

local function refused(channel, ...)
    local n = select('#', ...)
    local args = { ... }
    for i = 1, n do
        test.raises_code(function() channel:send(args[i]) end, 22, generic, { arg = 2 })
    end
end

local function same_bits(a, b) return _ipc.number(a) == _ipc.number(b) end

local scalars = { true, false, 0, -0.0, 1, -1.5, 1 / 0, -1 / 0, 4.9406564584124654e-324, 1.7976931348623157e308, 2 ^ 53,
    '', 'x', 'a\0b', ('\255'):rep(255) }

for mode, through in pairs(_ipc.modes) do
    test('03.62 every scalar, alone and as a member: ' .. mode, function()
        local channel = _ipc.link()
        for _, value in ipairs(scalars) do
            local ok, got = through(function() channel:send(value) end)
            test.ok(ok and got == value)
            if type(value) == 'number' then test.ok(same_bits(got, value), tostring(value)) end
            ok, got = through(function() channel:send { key = value } end)
            test.ok(ok and got.key == value and next(got, 'key') == nil)
            if type(value) == 'number' then test.ok(same_bits(got.key, value)) end
        end
        local all = {}
        for i, value in ipairs(scalars) do all['key ' .. i] = value end
        local ok, got = through(function() channel:send(all) end)
        test.ok(ok)
        test.eq(got, all)
        channel:close()
        _ipc.finish()
    end)

    test('03.62 every NaN arrives as a quiet one: ' .. mode, function()
        local channel = _ipc.link()
        local ffi = require 'ffi'
        for _, high in ipairs { 0x7ff80000, 0xfff80000, 0x7ff00000 } do
            local value = ffi.cast('double*', ffi.new('uint32_t[2]', 1, high))[0]
            local ok, got = through(function() channel:send(value) end)
            test.ok(ok and got ~= got)
            ok, got = through(function() channel:send { value = value } end)
            test.ok(ok and got.value ~= got.value)
        end
        channel:close()
        _ipc.finish()
    end)

    test('03.62 descriptors and addresses, alone and as members: ' .. mode, function()
        local channel = _ipc.link()
        local reader, writer = _ipc.pipe()
        local ok, got = through(function() channel:send(writer) end)
        test.ok(ok and getmetatable(got) == 'file_descriptor')
        got:close()
        ok, got = through(function() channel:send { a = inbox, w = writer, n = 3, s = 'text' } end)
        test.ok(ok and got.n == 3 and got.s == 'text')
        test.eq(getmetatable(got.a), 'ipc_actor_channel')
        local stream = pipe.write_stream.new(got.w)
        stream:write_some(byte_span.append('hello'))
        stream:close()
        writer:close()
        local input = pipe.read_stream.new(reader)
        local buffer = byte_span.new(10)
        test.eq(tostring(buffer:slice(1, input:read_some(buffer))), 'hello')
        input:close()
        ok = through(function() got.a:send('back') end)
        test.ok(ok)
        local again
        ok, again = through(function() channel:send(inbox) end)
        test.ok(ok and getmetatable(again) == 'ipc_actor_channel')
        test.ok(again ~= got.a and again == again)
        again:close()
        got.a:close()
        channel:close()
        _ipc.finish()
    end)
end

test('03.63 the longest string and key', function()
    local channel = _ipc.link()
    local longest = ('x'):rep(255)
    channel:send(longest)
    test.eq(inbox:receive(), longest)
    channel:send { [longest] = longest }
    test.eq(inbox:receive(), { [longest] = longest })
    refused(channel, longest .. 'x', { a = longest .. 'x' }, { [longest .. 'x'] = 1 })
    channel:close()
    _ipc.finish()
end)

test('03.63 the error says why', function()
    local channel = _ipc.link()
    local function why(message)
        local _, e = pcall(channel.send, channel, message)
        return e.message
    end
    test.eq(why(('x'):rep(256)), 'a string of more than 255 bytes cannot be sent to another process')
    test.eq(why { a = 1, b = {} }, 'b: a table cannot be sent to another process')
    test.eq(why(print), 'a function cannot be sent to another process')
    test.eq(why { 1 }, 'a table without string keys cannot be sent to another process')
    test.eq(why(channel), 'this object cannot be sent to another process')
    channel:close()
    _ipc.finish()
end)

test('03.63 twenty members', function()
    local channel = _ipc.link()
    local function members(n, value, key)
        local t = {}
        for i = 1, n do t[(key or '%d'):format(i)] = value end
        return t
    end
    channel:send(members(20, 1))
    test.eq(inbox:receive(), members(20, 1))
    local longest = members(20, ('v'):rep(255), ('k'):rep(250) .. '%05d')
    channel:send(longest)
    test.eq(inbox:receive(), longest)

    channel:send(members(20, inbox))
    local addresses = inbox:receive()
    local count = 0
    for _, address in pairs(addresses) do
        count = count + 1
        address:send(count)
        test.eq(inbox:receive(), count)
        address:close()
    end
    test.eq(count, 20)

    local fds, readers = {}, {}
    for i = 1, 20 do readers[i], fds[tostring(i)] = _ipc.pipe() end
    channel:send(fds)
    local received = inbox:receive()
    for i = 1, 20 do
        local key = tostring(i)
        local stream = pipe.write_stream.new(received[key])
        stream:write_some(byte_span.append(key))
        stream:close()
        local input = pipe.read_stream.new(readers[i])
        local buffer = byte_span.new(10)
        test.eq(tostring(buffer:slice(1, input:read_some(buffer))), key)
        input:close()
        fds[key]:close()
    end
    refused(channel, members(21, 1), members(21, inbox), members(1000, 1))
    channel:close()
    _ipc.finish()
end)

test('03.63 05.37 what cannot be sent', function()
    local ip = require 'ip'
    local channel = _ipc.link()
    local closed = _ipc.pipe()
    closed:close()
    local mutex = require('mutex').new()
    refused(channel, {}, { 1, 2 }, { a = {} }, { a = { b = 1 } }, setmetatable({ a = 1 }, {}), nil, print,
        byte_span.new(1), mutex, ip.tcp.socket.new(), ip.udp.socket.new(), coroutine.create(print), closed, { a = closed }, { a = print }, { a = byte_span.new(1) },
        { a = setmetatable({}, {}) }, { a = mutex }, { b = 1, a = newproxy and newproxy() or print }, { [1] = 1, [true] = 2 })
    test.raises_code(function() channel:send() end, 22, generic, { arg = 2 })
    channel:send('still usable')
    test.eq(inbox:receive(), 'still usable')
    channel:close()
    _ipc.finish()
end)

test('03.63 nothing stays behind when a later member cannot be sent', function()
    local channel = _ipc.link()
    local _, writer = _ipc.pipe()
    _:close()
    for i = 1, 20 do
        refused(channel, { a = inbox, b = writer, c = print, d = inbox })
    end
    channel:send(writer)    -- not busy
    inbox:receive():close()
    writer:close()
    channel:close()
    _ipc.finish()
end)

test('03.64 keys', function()
    local channel = _ipc.link()
    channel:send { 1, 2, a = 3 }
    test.eq(inbox:receive(), { a = 3 })
    channel:send { [''] = '', ['\0'] = 'a\0b', ['a\0'] = 1 }
    test.eq(inbox:receive(), { [''] = '', ['\0'] = 'a\0b', ['a\0'] = 1 })
    channel:send { [1.5] = 1, [true] = 2, [print] = 3, k = 4 }
    test.eq(inbox:receive(), { k = 4 })
    channel:close()
    _ipc.finish()
end)

test('03.65 a descriptor may be in a message twice', function()
    local channel = _ipc.link()
    local reader, writer = _ipc.pipe()
    channel:send { a = writer, b = writer }
    local m = inbox:receive()
    test.ne(tostring(m.a), tostring(m.b))
    m.a:close()
    m.b:close()
    local copy = writer:dup()
    copy:close()
    writer:close()
    reader:close()
    channel:close()
    _ipc.finish()
end)

test('03.65 a descriptor is busy while its send waits', function()
    local channel, socket = _ipc.raw_end()
    local reader, writer = _ipc.pipe()
    local filler = spawn(function() while true do channel:send(('x'):rep(255)) end end)
    for _ = 1, 1000 do this_fiber.yield() end
    local waiting = spawn(function() channel:send { fd = writer } end)
    this_fiber.yield()
    local busy = {
        function() writer:close() end, function() writer:dup() end, function() tostring(writer) end,
        function() channel:send(writer) end, function() channel:send { a = writer } end,
        function() pipe.write_stream.new(writer) end,
    }
    for i, use in ipairs(busy) do
        if i ~= 3 then
            local e = test.raises_code(use, 16, generic)
            test.eq(e.arg, nil)
        end
    end
    waiting:interrupt()
    waiting:join()
    test.ok(waiting.interruption_caught)
    writer:dup():close()
    waiting = spawn(function() return pcall(channel.send, channel, { fd = writer }) end)
    this_fiber.yield()
    test.raises_code(busy[1], 16, generic)
    filler:interrupt()
    filler:join()
    socket:close()
    local ok, e = waiting:join()
    test.ok(not ok and (e.code == 32 or e.code == 104))
    writer:dup():close()
    writer:close()
    reader:close()
    channel:close()
end)

test('03.66 a channel to another VM becomes an address of it', function()
    local channel = _ipc.link()
    for _, options in ipairs { {}, { inherit_context = false } } do
        local worker = tools.remote([[
            for _ = 1, 3 do job.reply:send(inbox:receive()) end
            local ok, e = pcall(inbox.receive, inbox)
            job.reply:send(tostring(e))
        ]], {}, options)
        channel:send { to = worker }
        local address = inbox:receive().to
        test.eq(getmetatable(address), 'ipc_actor_channel')
        worker:close()
        for i = 1, 3 do
            address:send { i = i }
            test.eq(inbox:receive(), { i = i })
        end
        address:close()
        test.eq(inbox:receive(), 'Broadcast the address before attempting to receive on it')
    end
    channel:close()
    _ipc.finish()
end)

test('03.66 the addressed VM is gone', function()
    local channel = _ipc.link()
    local worker = tools.remote('inbox:close() job.reply:send(1)')
    inbox:receive()
    channel:send(worker)
    local address = inbox:receive()
    local e = test.raises_code(function() address:send(1) end, 32, system)
    test.eq(tostring(e), 'Broken pipe')
    address:close()
    worker:close()
    channel:close()
    _ipc.finish()
end)

test('03.67 channels that cannot be sent on', function()
    local channel = _ipc.link()
    local other = _ipc.raw_end()
    refused(channel, channel, other, { a = other })
    local worker = tools.remote('local m = inbox:receive() job.reply:send(m.a == nil and m.b)')
    for _, c in ipairs { channel, other } do
        test.raises_code(function() worker:send(c) end, 95, generic)
    end
    worker:send { a = channel, b = 2 }
    test.eq(inbox:receive(), 2)
    worker:close()
    refused(channel, worker, { a = worker })    -- closed
    other:close()
    refused(channel, other)
    channel:close()
    _ipc.finish()
end)

test('03.71 an address that is no socket fails when it is used', function()
    local raw = _ipc.raw_link()
    local reader, writer = _ipc.pipe()
    raw:send_with_fds(_ipc.span(_ipc.scalar(_ipc.Address)), { reader })
    local address = inbox:receive()
    test.eq(getmetatable(address), 'ipc_actor_channel')
    test.raises_code(function() address:send(1) end, 88, system)    -- ENOTSOCK
    address:close()
    reader:close()
    writer:close()
    raw:close()
    _ipc.finish()
end)

test('03.75 no byte is left over from before', function()
    local channel, socket = _ipc.raw_end()
    for _, message in ipairs { 1, 'text', true, { a = 1 }, { a = 'b', c = inbox, d = true }, { [''] = '' } } do
        local records = {}
        for i, filling in ipairs { 0xaa, 0x55 } do
            ipc.dirty(filling)
            channel:send(message)
            local buffer = byte_span.new(20000)
            local n, fds = socket:receive_with_fds(buffer, 20)
            for _, fd in ipairs(fds) do fd:close() end
            records[i] = tostring(buffer:slice(1, n))
        end
        test.eq(records[1], records[2])
    end
    channel:close()
    socket:close()
    _ipc.finish()
end)

test('03.63 the records are those of the specification', function()
    local channel, socket = _ipc.raw_end()
    local function record(message)
        channel:send(message)
        local buffer = byte_span.new(20000)
        return tostring(buffer:slice(1, socket:receive(buffer)))
    end
    test.eq(record(true), _ipc.scalar(_ipc.True))
    test.eq(record(false), _ipc.scalar(_ipc.False))
    test.eq(record(2.5), _ipc.scalar(_ipc.number(2.5)))
    test.eq(record('abc'), _ipc.scalar(_ipc.String, _ipc.text 'abc'))
    test.eq(record { key = 'value' }, _ipc.dictionary({ _ipc.String }, _ipc.text 'key' .. _ipc.text 'value'))
    test.eq(record { key = 7 }, _ipc.dictionary({ _ipc.number(7) }, _ipc.text 'key'))
    channel:close()
    socket:close()
end)

test.done()

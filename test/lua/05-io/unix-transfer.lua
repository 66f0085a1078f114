-- Sending and receiving over UNIX sockets (05 §1.3 to §1.8, §4.2).
local test = require 'test'
local unix = require 'unix'
local filesystem = require 'filesystem'
local stream = require 'stream'
local generic = require 'generic_error'
local io = require '/_io'
local bytes, start, settle, close = io.bytes, io.start, io.settle, io.close
local is_eof, is_aborted, is_interrupted = io.is_eof, io.is_aborted, io.is_interrupted
local os_error, is_invalid = io.os_error, io.is_invalid
local path = filesystem.path.new

-- The three classes with the same names for what they all can do.
local classes = {
    { name = 'stream_socket', get = 'read_some', put = 'write_some', has_end = true },
    { name = 'seqpacket_socket', get = 'receive', put = 'send', has_end = true },
    { name = 'datagram_socket', get = 'receive', put = 'send' },
}
for _, c in ipairs(classes) do
    c.pair = unix[c.name].pair
    function c.receive(s, size)
        local buffer = byte_span.new(size or 100)
        return tostring(buffer:slice(1, s[c.get](s, buffer)))
    end
    function c.receive_with_fds(s, size)
        local buffer = byte_span.new(size or 100)
        local n, fds = s:receive_with_fds(buffer, 5)
        test.eq(#fds, 0)
        return tostring(buffer:slice(1, n))
    end
    function c.send(s, text) return s[c.put](s, bytes(text)) end
    -- A pair whose first socket cannot send.
    function c.full()
        local a, b = c.pair()
        a:set_option('send_buffer_size', 5000)
        local blocked = start(function() while true do c.send(a, ('x'):rep(1000)) end end)
        test.eq(blocked.done(), false)
        blocked.fiber:interrupt()
        blocked.fails(is_interrupted)
        return a, b
    end
end

local function each(name, f)
    for _, c in ipairs(classes) do test(name .. ': ' .. c.name, function() f(c) end) end
end

each('05.10 receivers of all kinds are served in the order they started', function(c)
    local a, b = c.pair()
    local calls = { c.receive, c.receive_with_fds, c.receive, c.receive_with_fds, c.receive_with_fds, c.receive }
    local receivers = {}
    for i, call in ipairs(calls) do receivers[i] = start(call, b, 1) end
    for i = 1, #calls do c.send(a, tostring(i)) end
    for i = 1, #calls do test.eq(receivers[i].returns(), tostring(i)) end
    close(a, b)
end)

each('05.10 one that starts while others wait does not overtake', function(c)
    local a, b = c.pair()
    local order = {}
    local function receiver(i)
        return spawn(function()
            c.receive(b, 1)
            order[#order + 1] = i
        end)
    end
    local fibers = { receiver(1), receiver(2) }
    settle()
    c.send(a, 'x')
    fibers[3] = receiver(3)
    c.send(a, 'y')
    c.send(a, 'z')
    for _, f in ipairs(fibers) do f:join() end
    test.eq(order, { 1, 2, 3 })
    close(a, b)
end)

each('05.11 senders of all kinds send in the order they started', function(c)
    local a, b = c.pair()
    local with_fds = function(s, text) return s:send_with_fds(bytes(text), {}) end
    local senders = {}
    for i, call in ipairs { c.send, with_fds, c.send, with_fds } do
        senders[i] = spawn(function() test.eq(call(a, tostring(i)), 1) end)
    end
    for _, f in ipairs(senders) do f:join() end
    local got = ''
    while #got < 4 do got = got .. c.receive(b) end
    test.eq(got, '1234')
    close(a, b)
end)

each('05.11 blocked senders send in the order they started', function(c)
    local a, b = c.full()
    local senders = {}
    for i = 1, 3 do senders[i] = start(c.send, a, '<' .. i .. '>') end
    test.eq(senders[1].done(), false)
    local got = ''
    while not got:find '3>' do got = got .. c.receive(b, 1000):gsub('x', '') end
    test.eq(got, '<1><2><3>')
    for i = 1, 3 do test.eq(senders[i].returns(), 3) end
    close(a, b)
end)

each('05.12 one receiver and one sender at once', function(c)
    local a, b = c.pair()
    local receiver = start(c.receive, a)
    test.eq(c.send(a, 'x'), 1)
    c.send(b, 'y')
    test.eq(receiver.returns(), 'y')
    test.eq(c.receive(b), 'x')
    close(a, b)
end)

each('05.13 05.14 05.15 cancel, close and release', function(c)
    for _, method in ipairs { 'cancel', 'close', 'release' } do
        local a, b = c.full()
        local fibers = {
            start(c.receive, a), start(c.receive_with_fds, a), start(c.receive, a),
            start(c.send, a, 'x'), start(c.send, a, 'x'),
        }
        local fd = a[method](a)
        for _, f in ipairs(fibers) do f.fails(is_aborted) end
        test.eq(a.is_open, method == 'cancel')
        if method == 'release' then a:assign(fd) end
        if a.is_open then
            c.send(b, 'z')
            test.eq(c.receive(a), 'z')
            test.eq(c.receive(b, 1000):sub(1, 1), 'x')
        end
        close(a, b)
    end
end)

each('05.14 a receiver that was woken and has not run when the object is closed and opened', function(c)
    local a, b = c.pair()
    local other, peer = c.pair()
    c.send(peer, 'not for the old receivers')
    local fd = other:release()
    local receivers = { start(c.receive, a), start(c.receive, a) }
    receivers[1].fiber:interrupt() -- hands over to the second one, soon
    a:close()
    a:assign(fd)
    receivers[1].fails(is_interrupted)
    receivers[2].fails(is_aborted)
    test.eq(c.receive(a), 'not for the old receivers')
    close(a, b, peer)
end)

each('05.14 aborted and interrupted', function(c)
    local a, b = c.pair()
    local receivers = { start(c.receive, a), start(c.receive, a) }
    a:close()
    for _, r in ipairs(receivers) do r.fiber:interrupt() end
    for _, r in ipairs(receivers) do r.fails(is_interrupted) end
    b:close()
end)

each('05.16 05.17 an interruption hits one of many receivers', function(c)
    for victim = 1, 3 do
        local a, b = c.pair()
        local receivers = {}
        for i = 1, 3 do receivers[i] = start(c.receive, a, 1) end
        receivers[victim].fiber:interrupt()
        receivers[victim].fails(is_interrupted)
        c.send(b, 'x')
        c.send(b, 'y')
        local expected = { 'x', 'y' }
        for i = 1, 3 do
            if i ~= victim then test.eq(receivers[i].returns(), table.remove(expected, 1)) end
        end
        test.ok(a.is_open)
        close(a, b)
    end
end)

each('05.18 a pending interruption: nothing is sent', function(c)
    local a, b = c.pair()
    local f = spawn(function() c.send(a, 'x') end)
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
    test.eq(b:io_control('bytes_readable'), 0)
    close(a, b)
end)

each('05.19 interruption disabled', function(c)
    local a, b = c.pair()
    local receivers = {}
    for i = 1, 2 do
        receivers[i] = start(function()
            this_fiber.disable_interruption()
            return c.receive(a, 1)
        end)
        receivers[i].fiber:interrupt()
    end
    settle()
    c.send(b, 'x')
    c.send(b, 'y')
    test.eq(receivers[1].returns(), 'x')
    test.eq(receivers[2].returns(), 'y')
    close(a, b)
end)

each('05.20 what arrived before the interruption is delivered', function(c)
    local a, b = c.pair()
    c.send(b, 'x')
    local text
    local f = spawn(function()
        text = c.receive(a)
        text = c.receive(a)
    end)
    this_fiber.yield() -- it has received
    f:interrupt()
    f:join()
    test.eq(text, 'x')
    test.ok(f.interruption_caught)
    close(a, b)
end)

each('05.22 everywhere', function(c)
    local a, b = c.pair()
    local feeder = start(function()
        for i = 1, 3 do
            c.send(b, tostring(i))
            settle()
        end
    end)
    local function one() return c.receive(a, 1) end
    test.eq((('a'):gsub('a', one)), '1')
    test.eq(setmetatable({}, { __index = one }).x, '2')
    test.eq(coroutine.wrap(one)(), '3')
    feeder.returns()
    close(a, b)
end)

each('05.23 every call lets a ready fiber run', function(c)
    local a, b = c.pair()
    local runs = 0
    local function others_run(f, ...)
        local before = runs
        spawn(function() runs = runs + 1 end):detach()
        pcall(f, ...)
        test.eq(runs, before + 1)
    end
    others_run(c.send, a, 'x')
    others_run(c.receive, b)
    others_run(a.send_with_fds, a, bytes 'x', {})
    others_run(b.receive_with_fds, b, byte_span.new(1), 1)
    if c.name == 'stream_socket' then others_run(c.receive, b, 0) end
    local s = unix[c.name].new()
    others_run(s.connect, s, path 'missing')
    close(a, b, s)
end)

each('05.25 receiving into a slice', function(c)
    local a, b = c.pair()
    local buffer = byte_span.append('..........')
    c.send(a, '1234')
    test.eq(b[c.get](b, buffer:slice(3, 6)), 4)
    test.eq(tostring(buffer), '..1234....')
    close(a, b)
end)

each('05.27 05.28 05.29 the end', function(c)
    if not c.has_end then return end
    local a, b = c.pair()
    c.send(a, 'abc')
    local receivers = { start(c.receive, a), start(c.receive_with_fds, a) }
    a:shutdown('send')
    test.eq(c.receive(b), 'abc')
    for _ = 1, 5 do
        test.error(function() c.receive(b) end, is_eof)
        test.error(function() b:receive_with_fds(byte_span.new(1), 1) end, is_eof)
    end
    test.error(function() c.send(a, 'x') end, os_error 'EPIPE')
    c.send(b, 'back')
    test.eq(receivers[1].returns(), 'back')
    b:close()
    receivers[2].fails(is_eof)
    close(a)
end)

each('05.31 shutdown("receive") wakes the receivers', function(c)
    if not c.has_end then return end
    local a, b = c.pair()
    local receivers = { start(c.receive, a), start(c.receive_with_fds, a) }
    a:shutdown('receive')
    for _, r in ipairs(receivers) do r.fails(is_eof) end
    test.ok(a.is_open)
    test.error(function() c.send(b, 'x') end, os_error 'EPIPE')
    close(a, b)
end)

each('05.32 the peer is gone', function(c)
    local a, b = c.pair()
    b:close()
    -- Linux dissolves a datagram socket's association with the error.
    for _, e in ipairs(c.has_end and { 'EPIPE', 'EPIPE' } or { 'ECONNREFUSED', 'ENOTCONN' }) do
        test.error(function() c.send(a, 'x') end, os_error(e))
    end
    a:close()
    if c.has_end then
        a, b = c.full()
        local sender = start(c.send, a, 'x')
        b:close() -- with unread messages
        sender.fails(function(e) return e == generic.EPIPE or e == generic.ECONNRESET end)
        a:close()
    end
end)

each('05.24 a pending operation keeps the process', function(c)
    local a, b = c.pair()
    spawn(function()
        test.eq(c.receive(a), 'x')
        close(a, b)
    end):detach()
    settle()
    c.send(b, 'x')
    settle()
    test.eq(a.is_open, false)
end)

test('05.26 empty buffers of streams', function()
    local a, b = unix.stream_socket.pair()
    local nothing = byte_span.new(0)
    local function check()
        test.eq(a:read_some(nothing), 0)
        test.eq(a:write_some(nothing), 0)
        local n, fds = a:receive_with_fds(nothing, 1)
        test.eq(n, 0)
        test.eq(fds, {})
        test.eq(a:send_with_fds(nothing, {}), 0)
    end
    check()
    local reader = start(io.read, a)
    check()
    b:close()
    reader.fails(is_eof)
    check()
    a:close()
end)

test('05.28 a reset is reported once', function()
    for _, c in ipairs { classes[1], classes[2] } do
        local a, b = c.pair()
        c.send(a, 'unread')
        b:close()
        test.error(function() c.receive(a) end, os_error 'ECONNRESET')
        for _ = 1, 3 do test.error(function() c.receive(a) end, is_eof) end
        a:close()
    end
end)

test('05.11 a large transfer', function()
    local a, b = unix.stream_socket.pair()
    local text = ('0123456789'):rep(200000)
    local writer = start(function()
        stream.write_all(a, text)
        a:close()
    end)
    local parts = {}
    local ok, e = pcall(function() while true do parts[#parts + 1] = io.read(b, 50000) end end)
    test.ok(is_eof(e))
    test.ok(table.concat(parts) == text)
    writer.returns()
    b:close()
end)

test('05.80 seqpacket messages', function()
    local a, b = unix.seqpacket_socket.pair()
    local receive, send = classes[2].receive, classes[2].send
    for _, text in ipairs { 'one', 'two', 'a long one', 'next' } do send(a, text) end
    test.eq(b:io_control('bytes_readable') > 0, true)
    test.eq(receive(b), 'one')
    local buffer = byte_span.new(10)
    for _ = 1, 2 do
        test.eq(b:receive(buffer, unix.message_flag.peek), 3)
        test.eq(tostring(buffer:slice(1, 3)), 'two')
    end
    test.eq(receive(b), 'two')
    test.eq(receive(b, 3), 'a l')
    test.eq(receive(b), 'next')
    test.eq(a:send(byte_span.new(0)), 0)
    send(a, 'after')
    test.error(function() receive(b) end, is_eof)
    test.eq(receive(b), 'after')
    a:set_option('send_buffer_size', 10000)
    test.error(function() a:send(byte_span.new(100000)) end, os_error 'EMSGSIZE')
    for _, method in ipairs { 'send', 'receive' } do
        for _, flags in ipairs { 'x', {}, true } do
            test.error(function() a[method](a, buffer, flags) end, is_invalid(3))
        end
    end
    -- MSG_TRUNC would make the count larger than the buffer.
    send(a, 'truncated')
    test.eq(b:receive(byte_span.new(2), 0x20), 2)
    close(a, b)
end)

test('05.81 datagrams', function()
    local a, b = unix.datagram_socket.pair()
    local receive, send = classes[3].receive, classes[3].send
    test.eq(a:send(byte_span.new(0)), 0)
    test.eq(receive(b), '')
    send(a, 'peeked')
    local buffer = byte_span.new(10)
    for _ = 1, 2 do test.eq(b:receive(buffer, unix.message_flag.peek), 6) end
    test.eq(b:receive_from(buffer, unix.message_flag.peek), 6)
    test.eq(receive(b, 2), 'pe')
    send(a, 'x')
    test.eq(b:receive(byte_span.new(0)), 0) -- consumes it
    a:set_option('send_buffer_size', 10000)
    test.error(function() a:send(byte_span.new(100000)) end, os_error 'EMSGSIZE')
    for _, flags in ipairs { 'x', {}, true } do
        test.error(function() a:send(buffer, flags) end, is_invalid(3))
        test.error(function() a:receive(buffer, flags) end, is_invalid(3))
        test.error(function() a:receive_from(buffer, flags) end, is_invalid(3))
        test.error(function() a:send_to(buffer, path 'x', flags) end, is_invalid(4))
    end
    local receiver = start(receive, a)
    b:close()
    test.error(function() send(a, 'x') end, os_error 'ECONNREFUSED')
    settle()
    test.eq(receiver.done(), false)
    receiver.fiber:interrupt()
    receiver.fails(is_interrupted)
    a:close()
end)

test('05.82 unnamed senders', function()
    local a, b = unix.datagram_socket.pair()
    local buffer = byte_span.new(10)
    a:send(bytes 'x')
    local n, from = b:receive_from(buffer)
    test.eq(n, 1)
    test.eq(getmetatable(from), 'filesystem.path')
    test.eq(tostring(from), '')
    a:send(bytes 'xy')
    local fds
    n, from, fds = b:receive_from_with_fds(buffer, 1)
    test.eq(n, 2)
    test.eq(from, nil)
    test.eq(fds, {})
    a:bind(path 'named')
    a:send(bytes 'x')
    test.eq(select(2, b:receive_from(buffer)), path 'named')
    a:send(bytes 'x')
    test.eq(select(2, b:receive_from_with_fds(buffer, 1)), path 'named')
    close(a, b)
end)

test('05.78 send_to', function()
    local a = unix.datagram_socket.new()
    a:open()
    test.error(function() a:send_to(bytes 'x', path 'missing') end, os_error 'ENOENT')
    test.error(function() a:send_to(bytes 'x', path '') end, os_error 'EINVAL')
    a:close()
end)

-- Nobody wakes a sender that is not connected to the receiver.
test('05.11 more datagrams than the queue of the receiver holds', function()
    for _, connected in ipairs { true, false } do
        local receiver, where = unix.datagram_socket.new(), path('queue ' .. tostring(connected))
        receiver:open()
        receiver:bind(where)
        local senders, done = {}, 0
        for i = 1, 3 do
            senders[i] = start(function()
                local s = unix.datagram_socket.new()
                s:open()
                if connected then s:connect(where) end
                for _ = 1, 1000 do
                    if connected then s:send(bytes 'x') else s:send_to(bytes 'x', where) end
                end
                s:close()
                done = done + 1
            end)
        end
        test.eq(done, 0)
        for i = 1, 3000 do
            receiver:receive(byte_span.new(1))
            if i % 100 == 0 then settle() end
        end
        for i = 1, 3 do senders[i].returns() end
        receiver:close()
    end
end)

test('05.13 05.16 a sender that waits for the queue of a stranger', function()
    local receiver = unix.datagram_socket.new()
    receiver:open()
    receiver:bind(path 'stranger')
    for _, stop in ipairs { 'interrupt', 'cancel', 'close' } do
        local s = unix.datagram_socket.new()
        s:open()
        local sender = start(function() while true do s:send_to(bytes 'x', path 'stranger') end end)
        if stop == 'interrupt' then sender.fiber:interrupt() else s[stop](s) end
        sender.fails(stop == 'interrupt' and is_interrupted or is_aborted)
        s:close()
    end
    receiver:close()
end)

test('05.7 a descriptor that is no socket', function()
    local pipe = require 'pipe'
    for _, c in ipairs(classes) do
        local r, w = pipe.pair()
        local s = unix[c.name].new(r:release())
        test.error(function() c.receive(s) end, os_error 'ENOTSOCK')
        test.error(function() c.send(s, 'x') end, os_error 'ENOTSOCK')
        test.error(function() s:connect(path 'missing') end, function() return true end)
        close(s, w)
    end
end)

test.done()

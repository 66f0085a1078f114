-- UDP sockets (05 §3.8).
local test = require 'test'
local ip = require 'ip'
local tcp = require '/_tcp'
local generic = require 'generic_error'
local settle, start = tcp.settle, tcp.start
local EINVAL = 22
local loopback = ip.address.loopback_v4()

local function bound()
    local s = ip.udp.socket.new()
    s:open('v4')
    s:bind(loopback, 0)
    return s
end

local function bytes(text) return byte_span.append(text) end

test('05.71 datagrams with their sender', function()
    local a, b = bound(), bound()
    local buffer = byte_span.new(100)
    test.eq(a:send_to(bytes 'ping', loopback, b.local_port), 4)
    local n, from, port = b:receive_from(buffer)
    test.eq(tostring(buffer:slice(1, n)), 'ping')
    test.eq(from, loopback)
    test.eq(port, a.local_port)
    a:close()
    b:close()
end)

test('05.71 truncation is no error, the rest is discarded', function()
    local a, b = bound(), bound()
    a:send_to(bytes 'abcdef', loopback, b.local_port)
    a:send_to(bytes 'next', loopback, b.local_port)
    a:send_to(bytes 'last', loopback, b.local_port)
    local buffer = byte_span.new(3)
    test.eq(b:receive(buffer), 3)
    test.eq(tostring(buffer), 'abc')
    test.eq(b:receive(byte_span.new(0)), 0) -- consumes a datagram
    test.eq(b:receive(buffer, ip.message_flag.peek), 3)
    test.eq(b:receive(buffer), 3)
    test.eq(tostring(buffer), 'las')
    a:close()
    b:close()
end)

test('05.71 empty datagrams', function()
    local a, b = bound(), bound()
    test.eq(a:send_to(byte_span.new(0), loopback, b.local_port), 0)
    local n, from, port = b:receive_from(byte_span.new(3))
    test.eq(n, 0)
    test.eq(from, loopback)
    test.eq(port, a.local_port)
    a:close()
    b:close()
end)

test('05.71 errors of send', function()
    local a = bound()
    test.error(function() a:send_to(byte_span.new(70000), loopback, 9) end, generic.EMSGSIZE)
    test.error(function() a:send(bytes 'x') end, generic.EDESTADDRREQ)
    test.error(function() a:send_to(bytes 'x', ip.address.loopback_v6(), 9) end, generic.EAFNOSUPPORT)
    local any = ip.udp.socket.new()
    any:open('v4')
    local ok, e = pcall(any.send_to, any, bytes 'x', ip.address.broadcast_v4(), 9)
    test.ok(not ok and (e == generic.EACCES or e == generic.ENETUNREACH), tostring(e))
    any:close()
    test.raises_code(function() a:send_to(bytes 'x', '127.0.0.1', 9) end, EINVAL, 'generic', { arg = 3 })
    test.raises_code(function() a:send_to(bytes 'x', loopback, '9') end, EINVAL, 'generic', { arg = 4 })
    test.raises_code(function() a:send_to(bytes 'x', loopback, 9, 'f') end, EINVAL, 'generic', { arg = 5 })
    test.raises_code(function() a:receive(bytes 'x', 'f') end, EINVAL, 'generic', { arg = 3 })
    test.raises_code(function() a:receive_from(bytes 'x', {}) end, EINVAL, 'generic', { arg = 3 })
    test.raises_code(function() a:send(bytes 'x', true) end, EINVAL, 'generic', { arg = 3 })
    a:close()
end)

test('05.72 a dead port is reported once', function()
    local gone = bound()
    local port = gone.local_port
    gone:close()
    local s = ip.udp.socket.new()
    s:connect(loopback, port) -- opens it
    test.eq(s:send(bytes 'x'), 1)
    settle()
    test.error(function() s:send(bytes 'x') end, generic.ECONNREFUSED)
    test.eq(s:send(bytes 'x'), 1)
    settle()
    test.error(function() s:receive(byte_span.new(1)) end, generic.ECONNREFUSED)
    s:close()
end)

test('05.73 connect, connect again, disconnect', function()
    local a, b, c = bound(), bound(), bound()
    a:connect(loopback, b.local_port)
    test.eq(a.remote_port, b.local_port)
    a:connect(loopback, c.local_port)
    test.eq(a.remote_port, c.local_port)
    test.eq(a.remote_address, loopback)
    a:send(bytes 'x')
    a:send_to(bytes 'y', loopback, b.local_port)
    test.eq(c:receive(byte_span.new(9)), 1)
    test.eq(b:receive(byte_span.new(9)), 1)
    a:disconnect()
    test.error(function() return a.remote_address end, generic.ENOTCONN)
    test.error(function() a:shutdown('both') end, generic.ENOTCONN)
    test.raises_code(function() a:connect('127.0.0.1', 1) end, EINVAL, 'generic', { arg = 2 })
    for _, s in ipairs { a, b, c } do s:close() end
end)

test('05.13 05.16 stopping a receive', function()
    for _, how in ipairs { 'interrupt', 'cancel', 'close' } do
        local s = bound()
        local r = start(s.receive_from, s, byte_span.new(1))
        local other = start(s.receive, s, byte_span.new(1))
        settle()
        if how == 'interrupt' then r.fiber:interrupt() else s[how](s) end
        local ok, e = r.join()
        test.ok(not ok)
        if how == 'interrupt' then
            test.eq(e.code, 13)
            settle()
            test.eq(other[1], nil)
            s:send_to(bytes 'x', loopback, s.local_port)
            local _, n = other.join()
            test.eq(n, 1)
        else
            test.eq(e, generic.ECANCELED)
            other.join()
        end
        s:close()
    end
end)

test('05.66 bytes_readable is the size of the next datagram', function()
    local a = bound()
    a:send_to(bytes 'abc', loopback, a.local_port)
    a:send_to(bytes 'defg', loopback, a.local_port)
    settle()
    test.eq(a:io_control('bytes_readable'), 3)
    a:close()
end)

test.done()

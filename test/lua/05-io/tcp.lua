-- TCP sockets and acceptors (05 §1.3 to §1.8, §3.5, §3.6).
local test = require 'test'
local ip = require 'ip'
local tcp = require '/_tcp'
local generic = require 'generic_error'
local pair, listener, settle, start, read, write = tcp.pair, tcp.listener, tcp.settle, tcp.start, tcp.read, tcp.write
local EINVAL = 22

local function is_eof(e) return e.code == 2 and tostring(e.category) == 'asio.misc' end
local function is_aborted(e) return e == generic.ECANCELED and tostring(e.category) == 'system' end
local function is_interrupted(e) return e.code == 13 and tostring(e.category) == 'emilua.core' end

-- A socket whose send buffer is full: a write blocks.
local function full()
    local client, server = pair()
    client:set_option('send_buffer_size', 10000)
    server:set_option('receive_buffer_size', 10000)
    local chunk = byte_span.new(100000)
    local blocked = start(function() while true do client:write_some(chunk) end end)
    settle()
    blocked.fiber:interrupt()
    blocked.join()
    return client, server
end

test('05.10 readers are served in the order they started', function()
    local client, server = pair()
    local got, readers = {}, {}
    for i = 1, 3 do readers[i] = start(function() got[i] = read(client, 1) end) end
    settle()
    write(server, 'abc')
    for i = 1, 3 do readers[i].join() end
    test.eq(got, { 'a', 'b', 'c' })
    client:close()
    server:close()
end)

test('05.11 writers put their bytes on the wire in start order', function()
    local client, server = pair()
    local writers = {}
    for i = 1, 3 do writers[i] = start(write, client, tostring(i)) end
    for i = 1, 3 do test.ok(writers[i].join()) end
    test.eq(read(server), '123')
    client:close()
    server:close()
end)

test('05.12 one reader and one writer at once', function()
    local client, server = pair()
    local reader = start(read, client)
    settle()
    test.eq(write(client, 'x'), 1)
    write(server, 'y')
    local ok, text = reader.join()
    test.eq(text, 'y')
    test.eq(read(server), 'x')
    client:close()
    server:close()
end)

test('05.13 cancel aborts a blocked read and a blocked write, once', function()
    local client, server = full()
    local reader = start(client.read_some, client, byte_span.new(1))
    local writer = start(client.write_some, client, byte_span.new(100000))
    settle()
    test.eq(select('#', client:cancel()), 0)
    for _, f in ipairs { reader, writer } do
        local ok, e = f.join()
        test.ok(not ok and is_aborted(e), tostring(e))
    end
    client:cancel() -- nothing pending
    test.ok(client.is_open)
    write(server, 'z')
    test.eq(read(client), 'z')
    client:close()
    server:close()
end)

test('05.14 close aborts a blocked read and a blocked write', function()
    local client, server = full()
    local reader = start(client.read_some, client, byte_span.new(1))
    local writer = start(client.write_some, client, byte_span.new(100000))
    settle()
    client:close()
    for _, f in ipairs { reader, writer } do
        local ok, e = f.join()
        test.ok(not ok and is_aborted(e), tostring(e))
    end
    test.eq(client.is_open, false)
    server:close()
end)

test('05.15 release aborts the reader and gives the open descriptor', function()
    local client, server = pair()
    local reader = start(client.read_some, client, byte_span.new(1))
    settle()
    local fd = client:release()
    local ok, e = reader.join()
    test.ok(not ok and is_aborted(e), tostring(e))
    test.eq(client.is_open, false)
    local again = ip.tcp.socket.new()
    again:assign('v4', fd)
    write(server, 'x')
    test.eq(read(again), 'x')
    again:close()
    server:close()
end)

test('05.16 an interrupted read leaves the socket usable', function()
    local client, server = pair()
    local reader = start(client.read_some, client, byte_span.new(1))
    settle()
    reader.fiber:interrupt()
    local ok, e = reader.join()
    test.ok(not ok and is_interrupted(e), tostring(e))
    test.ok(client.is_open)
    write(server, 'x')
    test.eq(read(client), 'x')
    client:close()
    server:close()
end)

test('05.17 an interruption hits one of two readers', function()
    local client, server = pair()
    local first, second = start(read, client, 1), start(read, client, 1)
    settle()
    first.fiber:interrupt()
    local ok, e = first.join()
    test.ok(not ok and is_interrupted(e), tostring(e))
    settle()
    test.ok(second.fiber.joinable)
    test.eq(second[1], nil)
    write(server, 'x')
    local _, text = second.join()
    test.eq(text, 'x')
    client:close()
    server:close()
end)

test('05.18 a pending interruption prevents the write', function()
    local client, server = pair()
    local buffer, f = byte_span.append('x')
    f = spawn(function()
        f:interrupt()
        client:write_some(buffer)
    end)
    f:join()
    settle()
    test.ok(f.interruption_caught)
    test.eq(server:io_control('bytes_readable'), 0)
    client:close()
    server:close()
end)

test('05.19 with interruption disabled the read goes on', function()
    local client, server = pair()
    local text
    local f = spawn(function()
        this_fiber.disable_interruption()
        text = read(client)
        this_fiber.restore_interruption()
    end)
    settle()
    f:interrupt()
    settle()
    test.eq(text, nil)
    write(server, 'x')
    f:join()
    test.eq(text, 'x')
    client:close()
    server:close()
end)

test('05.20 data that arrived before the interruption is delivered', function()
    local client, server = pair()
    local text
    local buffer = byte_span.new(1)
    write(server, 'x')
    local f = spawn(function()
        client:read_some(buffer)
        text = tostring(buffer)
        this_fiber.yield()
        text = 'not interrupted'
    end)
    this_fiber.yield() -- it has started to read; its data is there
    f:interrupt()
    f:join()
    test.eq(text, 'x')
    test.ok(f.interruption_caught)
    client:close()
    server:close()
end)

test('05.21 suspension forbidden', function()
    local client, server = pair()
    this_fiber.forbid_suspend()
    local results = {}
    for _, call in ipairs {
        function() client:read_some(byte_span.new(1)) end,
        function() client:write_some(byte_span.new(1)) end,
        function() client:connect(ip.address.loopback_v4(), 1) end,
        function() client:wait('read') end,
    } do results[#results + 1] = { pcall(call) } end
    local readable, port = client:io_control('bytes_readable'), client.local_port
    this_fiber.allow_suspend()
    test.eq(readable, 0)
    test.ok(port > 0)
    for _, r in ipairs(results) do
        test.ok(not r[1] and r[2].code == 12 and tostring(r[2].category) == 'emilua.core')
    end
    client:close()
    server:close()
end)

test('05.22 calls work inside callbacks, metamethods, iterators and coroutines', function()
    local client, server = pair()
    test.eq((('ab'):gsub('.', function(c)
        write(server, c)
        return read(client) .. '!'
    end)), 'a!b!')
    local list = { 3, 1, 2 }
    table.sort(list, function(a, b)
        write(server, 'x')
        read(client)
        return a < b
    end)
    test.eq(list, { 1, 2, 3 })
    local proxy = setmetatable({}, { __index = function(_, key)
        write(server, key)
        return read(client)
    end })
    test.eq(proxy.key, 'key')
    for text in function(_, last)
        if last then return nil end
        write(server, 'it')
        return read(client)
    end do test.eq(text, 'it') end
    local co = coroutine.wrap(function()
        write(server, 'co')
        coroutine.yield(read(client))
    end)
    test.eq(co(), 'co')
    client:close()
    server:close()
end)

test('05.23 write_some is a scheduling point', function()
    local client, server = pair()
    local ran = false
    spawn(function() ran = true end):detach()
    write(client, 'x')
    test.ok(ran)
    client:close()
    server:close()
end)

test('05.25 a slice is filled in place', function()
    local client, server = pair()
    local b = byte_span.append('..........')
    write(server, 'abcdefgh')
    test.eq(client:read_some(b:slice(3, 6)), 4)
    test.eq(tostring(b), '..abcd....')
    client:close()
    server:close()
end)

test('05.26 empty buffers transfer nothing, at once', function()
    local client, server = pair()
    local empty = byte_span.new(0)
    test.eq(client:read_some(empty), 0)
    test.eq(client:write_some(empty), 0)
    server:close()
    settle()
    test.eq(client:read_some(empty), 0)
    test.error(function() read(client) end, is_eof)
    test.eq(client:read_some(empty), 0)
    client:close()
end)

test('05.27 EOF is an error of its own', function()
    local client, server = pair()
    server:close()
    local e = test.error(function() read(client) end, is_eof)
    test.eq(tostring(e), 'End of file')
    test.eq(tostring(e:togeneric().category), 'asio.misc')
    client:close()
end)

test('05.28 reads keep raising EOF without blocking', function()
    local client, server = pair()
    server:close()
    for _ = 1, 5 do test.error(function() read(client) end, is_eof) end
    settle()
    for _ = 1, 5 do test.error(function() read(client) end, is_eof) end
    client:close()
end)

test('05.28 EOF wakes all blocked readers', function()
    local client, server = pair()
    local readers = {}
    for i = 1, 5 do readers[i] = start(read, client) end
    settle()
    server:close()
    for i = 1, 5 do
        local ok, e = readers[i].join()
        test.ok(not ok and is_eof(e))
    end
    test.error(function() read(client) end, is_eof)
    client:close()
end)

test('05.28 writes keep raising EPIPE without blocking', function()
    local client, server = pair()
    client:shutdown('send')
    for _ = 1, 5 do test.error(function() write(client, 'x') end, generic.EPIPE) end
    settle()
    for _ = 1, 5 do test.error(function() write(client, 'x') end, generic.EPIPE) end
    client:close()
    server:close()
end)

test('05.29 data before the end is delivered first', function()
    local client, server = pair()
    write(server, 'abc')
    server:close()
    test.eq(read(client, 2), 'ab')
    test.eq(read(client, 2), 'c')
    test.error(function() read(client) end, is_eof)
    client:close()
end)

test('05.30 half close', function()
    local client, server = pair()
    client:shutdown('send')
    test.error(function() read(server) end, is_eof)
    test.error(function() write(client, 'x') end, generic.EPIPE)
    write(server, 'still')
    test.eq(read(client), 'still')
    client:close()
    server:close()
end)

test('05.31 shutdown("receive") wakes the blocked reader', function()
    local client, server = pair()
    local reader = start(read, client)
    settle()
    client:shutdown('receive')
    local ok, e = reader.join()
    test.ok(not ok and is_eof(e))
    test.ok(client.is_open)
    client:close()
    server:close()
end)

test('05.32 writing to a peer that is gone', function()
    local client, server = pair()
    server:close()
    local e
    for _ = 1, 20 do
        local ok, err = pcall(write, client, 'x')
        if not ok then e = err end
        settle()
    end
    test.ok(e == generic.EPIPE or e == generic.ECONNRESET, tostring(e))
    client:close()
end)

test('05.29 a reset is reported once, then EOF', function()
    local client, server = pair()
    local reader = start(read, client)
    settle()
    server:set_option('linger', true, 0)
    server:close()
    local ok, e = reader.join()
    test.ok(not ok and e == generic.ECONNRESET, tostring(e))
    for _ = 1, 3 do test.error(function() read(client) end, is_eof) end
    client:close()
end)

test('05.56 bind', function()
    local a = ip.tcp.acceptor.new()
    a:open('v4')
    test.eq(tostring(a.local_address), '0.0.0.0')
    test.eq(a.local_port, 0)
    test.raises_code(function() a:bind('nonsense', 0) end, EINVAL, 'system')
    test.raises_code(function() a:bind(1, 0) end, EINVAL, 'generic', { arg = 2 })
    test.raises_string(function() a:bind('127.0.0.1', '80') end, 'bad argument #%d.*number expected')
    test.raises_string(function() a:bind('127.0.0.1') end, 'bad argument #%d.*number expected')
    test.error(function() a:bind('::1', 0) end, generic.EAFNOSUPPORT)
    test.error(function() a:bind('192.0.2.1', 0) end, generic.EADDRNOTAVAIL)
    a:bind('127.0.0.1', 0)
    test.ok(a.local_port > 0)
    test.eq(a.local_address, ip.address.loopback_v4())
    test.raises_code(function() a:bind('127.0.0.1', 0) end, EINVAL, 'system')
    a:listen()
    local b = ip.tcp.acceptor.new()
    b:open('v4')
    test.error(function() b:bind('127.0.0.1', a.local_port) end, generic.EADDRINUSE)
    a:close()
    b:close()
end)

test('05.57 05.59 a refused connect leaves the socket open', function()
    local gone = listener()
    local port = gone.local_port
    gone:close()
    local s = ip.tcp.socket.new()
    test.error(function() s:connect(ip.address.loopback_v4(), port) end, generic.ECONNREFUSED)
    test.ok(s.is_open)
    s:close()
    local a = listener('v6', '::1')
    test.eq(select('#', s:connect(a.local_address, a.local_port)), 0)
    test.eq(s.remote_address, ip.address.loopback_v6())
    test.eq(s.remote_port, a.local_port)
    test.error(function()
        for _ = 1, 2 do s:connect(a.local_address, a.local_port) end
    end, generic.EISCONN)
    s:close()
    a:close()
end)

test('05.58 connect wants an address and a port number', function()
    local s = ip.tcp.socket.new()
    test.raises_code(function() s:connect('127.0.0.1', 80) end, EINVAL, 'generic', { arg = 2 })
    test.raises_string(function() s:connect(ip.address.loopback_v4(), '80') end, 'bad argument #%d.*number expected')
    test.eq(s.is_open, false)
end)

-- A listener with a full queue: nobody answers.
local function deaf_listener()
    local a = ip.tcp.acceptor.new()
    a:open('v4')
    a:bind('127.0.0.1', 0)
    a:listen(0)
    local fillers = {}
    for i = 1, 3 do
        local s = ip.tcp.socket.new()
        fillers[i] = { s, start(s.connect, s, a.local_address, a.local_port) }
    end
    settle()
    return a, function()
        for _, filler in ipairs(fillers) do
            filler[1]:close()
            filler[2].join()
        end
        a:close()
    end
end

test('05.60 stopping a connect that cannot complete', function()
    local a, clean_up = deaf_listener()
    for _, how in ipairs { 'interrupt', 'cancel', 'close' } do
        local s = ip.tcp.socket.new()
        local c = start(s.connect, s, a.local_address, a.local_port)
        settle()
        if how == 'interrupt' then c.fiber:interrupt() else s[how](s) end
        local ok, e = c.join()
        test.ok(not ok)
        test.ok((how == 'interrupt' and is_interrupted or is_aborted)(e), how .. ': ' .. tostring(e))
        test.eq(s.is_open, how ~= 'close')
        s:close()
    end
    clean_up()
end)

test('05.61 receive and send with flags', function()
    local client, server = pair()
    local b, peek = byte_span.new(3), ip.message_flag.peek
    test.eq(server:send(byte_span.append('abc'), 0), 3)
    test.eq(client:receive(b, peek), 3)
    test.eq(tostring(b), 'abc')
    test.eq(read(client), 'abc')
    test.raises_string(function() client:receive(b) end, 'bad argument #%d.*number expected')
    test.raises_string(function() client:send(b) end, 'bad argument #%d.*number expected')
    server:close()
    test.error(function() client:receive(b, 0) end, is_eof)
    test.error(function() client:receive(b, peek) end, is_eof)
    client:close()
end)

test('05.62 urgent data', function()
    local client, server = pair()
    client:set_option('out_of_band_inline', true)
    write(server, 'ab')
    server:send(byte_span.append('!'), ip.message_flag.out_of_band)
    write(server, 'c')
    settle()
    test.eq(read(client), 'ab')
    test.eq(client.at_mark, true)
    test.eq(read(client), '!c')
    test.eq(client.at_mark, false)
    client:close()
    server:close()

    client, server = pair()
    local waiter = start(client.wait, client, 'error')
    settle()
    test.eq(waiter[1], nil)
    server:send(byte_span.append('?'), ip.message_flag.out_of_band)
    test.ok(waiter.join())
    local b = byte_span.new(1)
    test.eq(client:receive(b, ip.message_flag.out_of_band), 1)
    test.eq(tostring(b), '?')
    client:close()
    server:close()
end)

test('05.63 wait', function()
    local client, server = pair()
    test.raises_code(function() client:wait('x') end, EINVAL, 'generic', { arg = 2 })
    test.raises_string(function() client:wait() end, 'bad argument')
    test.eq(select('#', client:wait('write')), 0)
    local waiter = start(client.wait, client, 'read')
    settle()
    test.eq(waiter[1], nil)
    waiter.fiber:interrupt()
    local ok, e = waiter.join()
    test.ok(not ok and is_interrupted(e))
    write(server, 'x')
    client:wait('read')
    test.eq(read(client), 'x')
    server:close()
    client:wait('read')
    client:wait('read')
    client:close()
end)

test('05.64 accept needs listen', function()
    local a = ip.tcp.acceptor.new()
    a:open('v4')
    a:bind('127.0.0.1', 0)
    test.raises_code(function() a:accept() end, EINVAL, 'system')
    a:close()
end)

test('05.64 acceptors are served in order', function()
    local a = listener()
    local order, fibers, clients = {}, {}, {}
    for i = 1, 2 do
        fibers[i] = start(function()
            local s = a:accept()
            order[#order + 1] = i
            s:close()
        end)
    end
    settle()
    for i = 1, 2 do
        clients[i] = ip.tcp.socket.new()
        clients[i]:connect(a.local_address, a.local_port)
    end
    for i = 1, 2 do test.ok(fibers[i].join()) end
    test.eq(order, { 1, 2 })
    for i = 1, 2 do clients[i]:close() end
    a:close()
end)

test('05.64 stopping an accept', function()
    local a = listener()
    for _, how in ipairs { 'interrupt', 'cancel', 'close' } do
        local first, second = start(a.accept, a), start(a.accept, a)
        settle()
        if how == 'interrupt' then first.fiber:interrupt() else a[how](a) end
        local ok, e = first.join()
        test.ok(not ok and (how == 'interrupt' and is_interrupted or is_aborted)(e), how .. ': ' .. tostring(e))
        if how == 'interrupt' then
            settle()
            test.eq(second[1], nil, 'the other one goes on')
            a:cancel()
        end
        ok, e = second.join()
        test.ok(not ok and is_aborted(e))
        test.eq(a.is_open, how ~= 'close')
    end
end)

test('05.64 an accepted socket outlives its acceptor', function()
    local client, server = pair() -- closes it
    test.eq(server.local_port, client.remote_port)
    test.eq(server.remote_port, client.local_port)
    write(client, 'x')
    test.eq(read(server), 'x')
    client:close()
    server:close()
end)

test('05.65 listen', function()
    local a = ip.tcp.acceptor.new()
    a:open('v4')
    test.raises_code(function() a:listen('x') end, EINVAL, 'generic', { arg = 2 })
    a:listen(-5)
    a:listen(1)
    a:listen()
    a:close()
end)

test('05.56 properties of an unconnected socket', function()
    local s = ip.tcp.socket.new()
    s:open('v6')
    test.eq(tostring(s.local_address), '::')
    test.eq(s.local_port, 0)
    test.error(function() return s.remote_address end, generic.ENOTCONN)
    test.error(function() return s.remote_port end, generic.ENOTCONN)
    for _ = 1, 3 do test.error(function() read(s) end, generic.ENOTCONN) end
    test.error(function() s:shutdown('both') end, generic.ENOTCONN)
    s:close()
end)

test('05.60 disconnect resets the peer and leaves the socket open', function()
    local client, server = pair()
    client:disconnect()
    test.ok(client.is_open)
    test.error(function() return client.remote_port end, generic.ENOTCONN)
    test.error(function() read(server) end, generic.ECONNRESET)
    client:close()
    server:close()
end)

test('05.66 send_file is for Windows', function()
    test.raises_code(function() ip.tcp.socket.new():send_file() end, 38, 'generic')
end)

test.done()

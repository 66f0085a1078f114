-- Several VMs on several threads use sockets, timers and the resolver at once. What could go wrong here is seen best with
-- ThreadSanitizer.
--@ timeout 60
local ip = require 'ip'
local time = require 'time'
local inbox = require 'inbox'

-- Two connected sockets. (A worker that is its own main module cannot import ./_tcp.)
local function pair()
    local acceptor, client = ip.tcp.acceptor.new(), ip.tcp.socket.new()
    acceptor:open('v4')
    acceptor:bind(ip.address.loopback_v4(), 0)
    acceptor:listen()
    client:connect(acceptor.local_address, acceptor.local_port)
    local server = acceptor:accept()
    acceptor:close()
    return client, server
end

-- Sends and receives `count` bytes one by one over a connection of its own.
local function echo(count)
    local client, server = pair()
    local echoing = spawn(function()
        local buffer = byte_span.new(1)
        for _ = 1, count do server:write_some(buffer:slice(1, server:read_some(buffer))) end
    end)
    local buffer = byte_span.new(1)
    for i = 1, count do
        client:write_some(byte_span.append(string.char(i % 256)))
        client:read_some(buffer)
        assert(buffer[1] == i % 256)
    end
    echoing:join()
    client:close()
    server:close()
end

local function datagrams(count)
    local a, b = ip.udp.socket.new(), ip.udp.socket.new()
    for _, s in ipairs { a, b } do
        s:open('v4')
        s:bind(ip.address.loopback_v4(), 0)
    end
    local buffer = byte_span.new(10)
    for i = 1, count do
        a:send_to(byte_span.append(tostring(i)), b.local_address, b.local_port)
        local n = b:receive_from(buffer)
        assert(tostring(buffer:slice(1, n)) == tostring(i))
    end
    a:close()
    b:close()
end

-- Operations that are ended in each way while their completions may be under way on another thread.
local function endings(count)
    for i = 1, count do
        local client, server = pair()
        local reader = spawn(function() return pcall(client.read_some, client, byte_span.new(1)) end)
        local timer = time.steady_timer.new()
        timer:expires_after(i % 5 / 1000)
        local waiter = spawn(function() return pcall(timer.wait, timer) end)
        if i % 2 == 0 then server:write_some(byte_span.append 'x') end
        if i % 3 == 0 then time.sleep(0.001) else this_fiber.yield() end
        if i % 4 == 0 then reader:interrupt() waiter:interrupt()
        elseif i % 4 == 1 then client:cancel() timer:cancel()
        elseif i % 4 == 2 then client:close() timer:expires_after(0)
        else server:close() end
        reader:join()
        waiter:join()
        client:close()
        server:close()
    end
end

local function names(count)
    for i = 1, count do
        local asking = spawn(function() return pcall(ip.tcp.get_address_info, '127.0.0.1', '80') end)
        if i % 2 == 0 then this_fiber.yield() asking:interrupt() end
        asking:join()
    end
end

local function work()
    local fibers = {}
    for _, f in ipairs { echo, datagrams, endings, names, echo } do fibers[#fibers + 1] = spawn(function() f(60) end) end
    for _, f in ipairs(fibers) do f:join() end
end

if _CONTEXT == 'worker' then
    local master = inbox:receive()
    local ok, e = pcall(work)
    master:send(ok and 'done' or tostring(e))
    return
end

local test = require 'test'

test('05.1 IO objects of several VMs on several threads', function()
    spawn_context_threads(3)
    local count = 8
    for i = 1, count do
        spawn_vm { module = '.', inherit_context = i % 4 ~= 0 }:send(inbox)
    end
    work()
    for _ = 1, count do test.eq(inbox:receive(), 'done') end
end)
test.done()

-- A TCP proxy in front of an echo server.
--@ test 05.30 the proxy hands half closes on
--@ stdout Hello, proxy
local ip = require 'ip'

local function write_all(sock, data)
    while #data > 0 do data = data:slice(sock:write_some(data) + 1) end
end

-- Copies until the end of `from`, then tells `to` about it.
local function copy(from, to)
    local buffer = byte_span.new(65536)
    pcall(function()
        while true do write_all(to, buffer:slice(1, from:read_some(buffer))) end
    end)
    pcall(to.shutdown, to, 'send')
end

local function serve(client, target)
    local server = ip.tcp.socket.new()
    ip.connect(server, target)
    local back = spawn(function() copy(server, client) end)
    copy(client, server)
    back:join()
    client:close()
    server:close()
end

local function listen()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open('v4')
    acceptor:bind('127.0.0.1', 0)
    acceptor:listen()
    return acceptor
end

local function run(acceptor, target)
    while true do
        local client = acceptor:accept()
        spawn(function() serve(client, target) end):detach()
    end
end

local echo = listen()
local proxy = listen()
local runner = spawn(function() run(proxy, { { address = echo.local_address, port = echo.local_port } }) end)
spawn(function()
    local peer = echo:accept()
    copy(peer, peer)
end):detach()

local client = ip.tcp.socket.new()
client:connect(proxy.local_address, proxy.local_port)
client:write_some(byte_span.append('Hello, proxy'))
client:shutdown('send')
local buffer, size = byte_span.new(100), 0
pcall(function()
    while true do size = size + client:read_some(buffer:slice(size + 1)) end
end)
print(buffer:slice(1, size))
runner:interrupt()
runner:join()

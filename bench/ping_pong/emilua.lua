-- Connections over loopback TCP on which 64 bytes go to and fro; client and server are in one VM.
local ip = require 'ip'
local measure = require 'measure'

local size = 64

local function serve(socket, rounds)
    local buffer = byte_span.new(size)
    for _ = 1, rounds do
        assert(socket:read_some(buffer) == size)
        assert(socket:write_some(buffer) == size)
    end
end

local function request(socket, rounds)
    local buffer = byte_span.new(size)
    for _ = 1, rounds do
        assert(socket:write_some(buffer) == size)
        assert(socket:read_some(buffer) == size)
    end
end

local acceptor = ip.tcp.acceptor.new()
acceptor:open('v4')
acceptor:bind('127.0.0.1', 0)
acceptor:listen()

local function connect()
    local client = ip.tcp.socket.new()
    local accepting = spawn(function() return acceptor:accept() end)
    client:connect(acceptor.local_address, acceptor.local_port)
    return client, accepting:join()
end

for _, connections in ipairs { 1, 64, 1000 } do
    local clients, servers = {}, {}
    for i = 1, connections do
        clients[i], servers[i] = connect()
    end
    measure.cost(connections .. ' connections', 200000, function(count)
        local fibers = {}
        for i = 1, connections do
            local rounds = count / connections
            fibers[#fibers + 1] = spawn(function() serve(servers[i], rounds) end)
            fibers[#fibers + 1] = spawn(function() request(clients[i], rounds) end)
        end
        for _, f in ipairs(fibers) do
            f:join()
        end
    end)
    for i = 1, connections do
        clients[i]:close()
        servers[i]:close()
    end
end

-- The work of emilua.lua with coroutines of cqueues.
local cqueues = require 'cqueues'
local socket = require 'cqueues.socket'
local measure = require 'measure'

local text = ('x'):rep(64)

local acceptor = socket.listen('127.0.0.1', 0)
local _, _, port = acceptor:localname()

local function connect()
    local client = socket.connect('127.0.0.1', port)
    client:setmode('bn', 'bn') -- binary, unbuffered output
    assert(client:connect())
    local server = assert(acceptor:accept())
    server:setmode('bn', 'bn')
    return client, server
end

local function serve(connection, rounds)
    for _ = 1, rounds do
        assert(connection:read(64))
        assert(connection:write(text))
    end
end

local function request(connection, rounds)
    for _ = 1, rounds do
        assert(connection:write(text))
        assert(connection:read(64))
    end
end

for _, connections in ipairs { 1, 64, 1000 } do
    local clients, servers = {}, {}
    for i = 1, connections do
        clients[i], servers[i] = connect()
    end
    measure.cost(connections .. ' connections', 200000, function(count)
        local loop, rounds = cqueues.new(), math.floor(count / connections)
        for i = 1, connections do
            loop:wrap(function() serve(servers[i], rounds) end)
            loop:wrap(function() request(clients[i], rounds) end)
        end
        assert(loop:loop())
    end)
    for i = 1, connections do
        clients[i]:close()
        servers[i]:close()
    end
end

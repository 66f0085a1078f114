-- The work of emilua.lua with callbacks of libuv.
local uv = require 'luv'
local measure = require 'measure'

local text = ('x'):rep(64)

-- Runs the loop until the function given to `start` was called `count` times.
local function wait_for(count, start)
    start(function()
        count = count - 1
        if count == 0 then
            uv.stop()
        end
    end)
    uv.run()
end

local acceptor = uv.new_tcp()
acceptor:bind('127.0.0.1', 0)
local port = acceptor:getsockname().port
local on_connection
acceptor:listen(1000, function() on_connection() end)

local function connect()
    local client, server = uv.new_tcp(), uv.new_tcp()
    wait_for(2, function(done)
        on_connection = function()
            acceptor:accept(server)
            done()
        end
        client:connect('127.0.0.1', port, done)
    end)
    return client, server
end

local function serve(socket, rounds)
    socket:read_start(function(_, data)
        assert(#data == 64)
        socket:write(data)
        rounds = rounds - 1
        if rounds == 0 then
            socket:read_stop()
        end
    end)
end

local function request(socket, rounds, done)
    socket:read_start(function(_, data)
        assert(#data == 64)
        rounds = rounds - 1
        if rounds == 0 then
            socket:read_stop()
            done()
        else
            socket:write(text)
        end
    end)
    socket:write(text)
end

for _, connections in ipairs { 1, 64, 1000 } do
    local clients, servers = {}, {}
    for i = 1, connections do
        clients[i], servers[i] = connect()
    end
    measure.cost(connections .. ' connections', 200000, function(count)
        local rounds = math.floor(count / connections)
        wait_for(connections, function(done)
            for i = 1, connections do
                serve(servers[i], rounds)
                request(clients[i], rounds, done)
            end
        end)
    end)
    for i = 1, connections do
        clients[i]:close()
        servers[i]:close()
    end
end
acceptor:close()
uv.run() -- luv crashes in lua_close() while something is open

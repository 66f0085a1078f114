-- A chat server: what one client sends, line by line, all others receive. It ends when the last client leaves.
--
--     tool/run doc/examples/chat-server.lua [PORT [IDLE_SECONDS]]
--     nc 127.0.0.1 PORT                            # in as many terminals as you like
--
-- Each client has three fibers: its session reads, a writer sends, a watchdog notices when it falls silent.
-- There are no locks: fibers switch only where one waits, so everything in between happens at once.
local condition_variable = require 'condition_variable'
local ip = require 'ip'
local mutex = require 'mutex'
local stream = require 'stream'
local system = require 'system'
local time = require 'time'

local PORT = tonumber(system.arguments[3] or 0)             -- 0: any that is free
local IDLE_SECONDS = tonumber(system.arguments[4] or 300)
local LONGEST_LINE = 4096
local MAXIMUM_BACKLOG = 4 * 1024 * 1024                     -- bytes that wait for a client who is slow to read

local clients = {}          -- a set
local accepting             -- the fiber that waits for connections

-- Puts a text into the client's backlog. Never waits: the slowest reader would slow down everybody.
local function post(client, text)
    client.backlog[#client.backlog + 1] = text
    client.backlog_size = client.backlog_size + #text
    if client.backlog_size > MAXIMUM_BACKLOG then
        client.session:interrupt()
    end
    client.news:notify_one()
end

local function broadcast(sender, line)
    local text = sender.name .. ': ' .. line .. '\n'
    for client in pairs(clients) do
        if client ~= sender then post(client, text) end
    end
end

-- The writer: sends the backlog whenever there is one. A connection that broke ends it; the session sees that, too.
local function write_backlog(client)
    local m = mutex.new()   -- condition variables want one
    m:lock()
    while true do
        while #client.backlog == 0 do client.news:wait(m) end
        local text = table.concat(client.backlog)
        client.backlog = {}
        if not pcall(stream.write_all, client.socket, text) then return end
        client.backlog_size = client.backlog_size - #text
    end
end

-- The watchdog: sleeps until the client would have been silent for too long, then looks whether it was.
local function watch(client)
    repeat
        local left = IDLE_SECONDS - (time.steady_clock.now() - client.last_line)
        if left > 0 then time.sleep(left) end
    until left <= 0
    client.session:interrupt()
end

-- Iterates over the lines that arrive, without their "\n". The end of the connection ends the loop, and so does an
-- interruption of the fiber: what is left of an incomplete line is dropped.
local function lines(socket)
    local buffer, size = byte_span.new(LONGEST_LINE), 0
    return function()
        while true do
            local newline = buffer:slice(1, size):find('\n')
            if newline then
                local line = tostring(buffer:slice(1, newline - 1))
                buffer:copy(buffer:slice(newline + 1, size))
                size = size - newline
                return line
            end
            if size == LONGEST_LINE then return nil end
            local ok, n = pcall(socket.read_some, socket, buffer:slice(size + 1))
            if not ok then return nil end
            size = size + n
        end
    end
end

-- The session: the life of a client, from hello to clean-up.
local function serve(client)
    local writer = spawn(function() write_backlog(client) end)
    local watchdog = spawn(function() watch(client) end)
    scope_cleanup_push(function()       -- however the session ends
        clients[client] = nil
        watchdog:interrupt()
        writer:interrupt()
        writer:join()
        client.socket:close()
        if next(clients) == nil then accepting:interrupt() end
    end)
    for line in lines(client.socket) do
        client.last_line = time.steady_clock.now()
        broadcast(client, line)
    end
end

local acceptor = ip.tcp.acceptor.new()
acceptor:open('v4')
acceptor:set_option('reuse_address', true)
acceptor:bind('127.0.0.1', PORT)
acceptor:listen()
stream.write_all(system.out, acceptor.local_port .. '\n')   -- unlike print() it keeps nothing in a buffer

accepting = spawn(function()
    for number = 1, math.huge do
        local client = { socket = acceptor:accept(), name = 'guest' .. number, backlog = {}, backlog_size = 0,
            news = condition_variable.new(), last_line = time.steady_clock.now() }
        clients[client] = true
        client.session = spawn(function() serve(client) end)
        post(client, 'Welcome, ' .. client.name .. '!\n')
    end
end)
accepting:join()            -- returns when the last client's session has interrupted it

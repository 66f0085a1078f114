-- A UDP echo server and a client that asks again when an answer is late.
--@ test 05.71 datagrams come back
--@ stdout hello from 127.0.0.1
--@ stdout world from 127.0.0.1
local ip = require 'ip'
local time = require 'time'

local function serve(sock)
    local buffer = byte_span.new(65536)
    while true do
        local n, address, port = sock:receive_from(buffer)
        sock:send_to(buffer:slice(1, n), address, port)
    end
end

-- f() or nil, if it takes longer than that.
local function within(seconds, f)
    local result
    local worker = spawn(function() result = f() end)
    local timer = spawn(function()
        time.sleep(seconds)
        worker:interrupt()
    end)
    worker:join()
    timer:interrupt()
    timer:join()
    return result
end

local server = ip.udp.socket.new()
server:open('v4')
server:bind('127.0.0.1', 0)
local server_fiber = spawn(function() serve(server) end)

local client = ip.udp.socket.new()
client:connect(server.local_address, server.local_port)

local function ask(text)
    local buffer = byte_span.new(65536)
    for _ = 1, 5 do
        client:send(byte_span.append(text))
        local n = within(1, function() return client:receive(buffer) end)
        local answer = n and tostring(buffer:slice(1, n))
        if answer == text then return answer end -- else a late one
    end
    error('no answer')
end

for _, word in ipairs { 'hello', 'world' } do
    print(ask(word) .. ' from ' .. tostring(client.remote_address))
end
server_fiber:interrupt()
server_fiber:join()

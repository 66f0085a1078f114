-- Data sent over loopback TCP in writes of 64 KiB; both ends are in one VM.
local ip = require 'ip'
local stream = require 'stream'
local measure = require 'measure'

local block, total = 64 * 1024, 1024 ^ 3

local acceptor = ip.tcp.acceptor.new()
acceptor:open('v4')
acceptor:bind('127.0.0.1', 0)
acceptor:listen()
local accepting = spawn(function() return acceptor:accept() end)
local sender = ip.tcp.socket.new()
sender:connect(acceptor.local_address, acceptor.local_port)
local receiver = accepting:join()

measure.cost('64 KiB', total / block, function(count)
    local writer = spawn(function()
        local data = byte_span.new(block)
        for _ = 1, count do
            stream.write_all(sender, data)
        end
    end)
    local buffer, left = byte_span.new(block), count * block
    while left > 0 do
        left = left - receiver:read_some(buffer)
    end
    writer:join()
end)

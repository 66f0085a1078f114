local ip, stream = require 'ip', require 'stream'

local acceptor = ip.tcp.acceptor.new()
acceptor:open('v4')
acceptor:bind('127.0.0.1', 0)
acceptor:listen()

spawn(function()                                    -- a fiber: the server, waits for one client
    stream.write_all(acceptor:accept(), 'Hello from the other fiber!')
end)

local socket, buffer = ip.tcp.socket.new(), byte_span.new(100)
socket:connect(acceptor.local_address, acceptor.local_port)
local n = socket:read_some(buffer)                  -- only this fiber waits, not the program
print(buffer:slice(1, n))

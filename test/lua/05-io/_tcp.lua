-- Helpers of the tests of IO objects.
local ip = require 'ip'

function listener(family, address)
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open(family or 'v4')
    acceptor:bind(address or ip.address.loopback_v4(), 0)
    acceptor:listen()
    return acceptor
end

-- Two connected sockets.
function pair()
    local acceptor = listener()
    local client = ip.tcp.socket.new()
    client:connect(acceptor.local_address, acceptor.local_port)
    local server = acceptor:accept()
    acceptor:close()
    return client, server
end

-- Lets every other fiber run until it waits, and the events arrive that are under way on this machine.
function settle()
    for _ = 1, 600 do this_fiber.yield() end
end

-- A fiber that calls f(...) and its outcome: ok, result or error, as table members after join().
function start(f, ...)
    local args, outcome = { ... }, {}
    local fiber = spawn(function() outcome[1], outcome[2], outcome[3] = pcall(f, unpack(args)) end)
    function outcome.join()
        fiber:join()
        return outcome[1], outcome[2], outcome[3]
    end
    outcome.fiber = fiber
    return outcome
end

function read(socket, n)
    local buffer = byte_span.new(n or 100)
    return tostring(buffer:slice(1, socket:read_some(buffer)))
end

function write(socket, text) return socket:write_some(byte_span.append(text)) end

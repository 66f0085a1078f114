-- Two programs: a listener accepts TCP connections and hands each over a UNIX socket to a worker, which serves
-- it. The worker may run with fewer rights, and may be replaced while the listener keeps the port.
--
--     emilua pass-connection.lua listener SOCKET
--     emilua pass-connection.lua worker SOCKET
--@ test 05.83 an accepted TCP connection goes to another program
--@ run $EMILUA $FILE worker $TMP/socket &
--@ run $EMILUA $FILE listener $TMP/socket; wait
--@ stdout the worker says: HELLO
local asio_error = require 'asio_error'
local filesystem = require 'filesystem'
local generic_error = require 'generic_error'
local ip = require 'ip'
local stream = require 'stream'
local system = require 'system'
local time = require 'time'
local unix = require 'unix'

-- Everything up to the end of the stream.
local function read_to_end(sock)
    local buffer, text = byte_span.new(1024), ''
    local ok, e = pcall(function()
        while true do text = text .. tostring(buffer:slice(1, sock:read_some(buffer))) end
    end)
    if e ~= asio_error.misc.eof then error(e) end
    return text
end

local function serve(connection)
    stream.write_all(connection, read_to_end(connection):upper())
    connection:close()
end

local function connect(path)
    local sock = unix.seqpacket_socket.new()
    for _ = 1, 500 do
        local ok, e = pcall(sock.connect, sock, path)
        if ok then return sock end
        -- The listener may be about to start.
        if e ~= generic_error.ENOENT and e ~= generic_error.ECONNREFUSED then error(e) end
        time.sleep(0.01)
    end
    error('no listener')
end

local function work(path)
    local orders = connect(path)
    local message = byte_span.new(16)
    local ok, e = pcall(function()
        while true do
            local n, fds = orders:receive_with_fds(message, 1)
            local connection = ip.tcp.socket.new()
            connection:assign(tostring(message:slice(1, n)), fds[1])
            spawn(function() serve(connection) end):detach()
        end
    end)
    if e ~= asio_error.misc.eof then error(e) end
end

local function hand_over(worker, connection)
    local fd = connection:release()
    worker:send_with_fds(byte_span.append('v4'), { fd })
    fd:close() -- the worker has its own
end

local function listen(path)
    local workers = unix.seqpacket_acceptor.new()
    workers:open()
    workers:bind(path)
    workers:listen()
    local worker = workers:accept()

    local acceptor = ip.tcp.acceptor.new()
    acceptor:open('v4')
    acceptor:bind('127.0.0.1', 0)
    acceptor:listen()

    -- A client, to see something.
    local client = ip.tcp.socket.new()
    client:connect(acceptor.local_address, acceptor.local_port)
    hand_over(worker, acceptor:accept())
    stream.write_all(client, 'hello')
    client:shutdown('send')
    print('the worker says: ' .. read_to_end(client))
end

local role, path = unpack(system.arguments, 3)
local run = { listener = listen, worker = work }
run[role](filesystem.path.new(path))

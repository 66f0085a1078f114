--@ test 05.14 a VM that closes with operations in flight on UNIX sockets and pipes
--@ status 3
-- Every kind of wait: for data, for room, for the turn behind others, for a stranger's queue; with descriptors
-- that are locked, and some that have been received and not yet handed over.
local unix, pipe, filesystem, system = require 'unix', require 'pipe', require 'filesystem', require 'system'
local where = filesystem.path.new 'stranger'
local stranger = unix.datagram_socket.new()
stranger:open()
stranger:bind(where)

for _, class in ipairs { unix.stream_socket, unix.seqpacket_socket, unix.datagram_socket } do
    local a, b = class.pair()
    local r, w = pipe.pair()
    local fd = w:release()
    for _ = 1, 3 do
        spawn(function() b:receive_with_fds(byte_span.new(1), 1) end):detach()
        spawn(function() while true do a:send_with_fds(byte_span.new(1000), {}) end end):detach()
        spawn(function() r:read_some(byte_span.new(1)) end):detach()
    end
    spawn(function() while true do a:send_with_fds(byte_span.new(1000), { fd }) end end):detach()
end
local s = unix.datagram_socket.new()
s:open()
for _ = 1, 3 do
    spawn(function() while true do s:send_to(byte_span.new(1), where) end end):detach()
end
local _, w = pipe.pair()
for _ = 1, 2 do
    spawn(function() while true do w:write_some(byte_span.new(100000)) end end):detach()
end
for _ = 1, 600 do this_fiber.yield() end

local a, b = unix.stream_socket.pair()
local fd = b:release()
a:send_with_fds(byte_span.new(1), { fd })
b:assign(fd)
spawn(function() b:receive_with_fds(byte_span.new(1), 1) end):detach()
spawn(function() system.exit(3) end):detach() -- runs while that one waits to be resumed
this_fiber.yield()
this_fiber.yield()

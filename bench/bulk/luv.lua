-- The work of emilua.lua with callbacks of libuv.
local uv = require 'luv'
local measure = require 'measure'

local block, total = 64 * 1024, 1024 ^ 3
local data = ('x'):rep(block)

local acceptor, sender, receiver = uv.new_tcp(), uv.new_tcp(), uv.new_tcp()
acceptor:bind('127.0.0.1', 0)
acceptor:listen(1, function()
    acceptor:accept(receiver)
    uv.stop()
end)
sender:connect('127.0.0.1', acceptor:getsockname().port)
uv.run()

measure.cost('64 KiB', total / block, function(count)
    local to_send, left = count, count * block
    local function send()
        if to_send > 0 then
            to_send = to_send - 1
            sender:write(data, send)
        end
    end
    receiver:read_start(function(_, text)
        left = left - #text
        if left == 0 then
            receiver:read_stop()
            uv.stop()
        end
    end)
    send()
    uv.run()
end)

for _, socket in ipairs { acceptor, sender, receiver } do
    socket:close()
end
uv.run() -- luv crashes in lua_close() while something is open

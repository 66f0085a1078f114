-- The class ipc_actor_channel (03 §11). Here its process is a shell that knows nothing of messages.
--@ run EMILUA_PATH=$EMILUA_PATH:$(dirname $EMILUA)/test/plugin $EMILUA $FILE
local test = require 'test'
local helpers = require 'helpers'
local _ipc = require './_ipc'
local ipc = require 'ipc'
local ffi = require 'ffi'
local inbox = require 'inbox'
local generic, system, core = 'generic', 'system', 'emilua.core'

ffi.cdef 'int kill(int pid, int signo);'

local others = { 1, 'x', {}, print, inbox }

-- A channel that has a process, which runs `script`; and the socket at the other end.
local function child(script)
    local sending, receiving = ipc.pair()
    return ipc.child(sending, script or 'exec sleep 1000'), require('unix').seqpacket_socket.new(receiving)
end

-- Children are not waited for: one that ended is gone.
local function alive(pid) return ffi.C.kill(pid, 0) == 0 end
local function finish(pid)
    ffi.C.kill(pid, 9)
    helpers.eventually(function() return not alive(pid) end)
end

test('03.7 names, keys and assignments', function()
    local channel, socket = _ipc.raw_end()
    test.eq(type(channel), 'userdata')
    test.eq(getmetatable(channel), 'ipc_actor_channel')
    test.match(tostring(channel), '^userdata: 0x%x+$')
    for _, key in ipairs { 'receive', 'pid', 1, true } do
        test.raises_code(function() return channel[key] end, 8, core, { index = 2 })
    end
    test.raises_code(function() channel.send = 1 end, 1, generic)
    test.raises_code(function() channel.child_pid = 1 end, 1, generic)
    test.ok(channel == channel)
    channel:close()
    socket:close()
end)

test('03.7 self', function()
    local channel, socket = _ipc.raw_end()
    for _, method in ipairs { 'send', 'close', 'detach', 'kill' } do
        for _, self in ipairs(others) do
            test.raises_code(function() channel[method](self, 1) end, 22, generic, { arg = 1 })
        end
    end
    channel:close()
    socket:close()
end)

test('03.44 close', function()
    local channel, socket = child()
    local pid = channel.child_pid
    channel:send(1)
    channel:send 'two'
    channel:close()
    channel:close()
    test.raises_code(function() return channel.child_pid end, 22, generic)
    test.raises_code(function() channel:kill() end, 15, core)
    test.raises_code(function() channel:kill('x') end, 15, core)
    test.raises_code(function() channel:detach() end, 22, generic, { arg = 1 })
    test.raises_code(function() channel:send(1) end, 15, core)
    test.raises_code(function() channel:send() end, 15, core)
    -- What was sent arrives.
    local buffer = byte_span.new(1000)
    test.eq(socket:receive(buffer), 16)
    test.eq(socket:receive(buffer), 160 + 4)
    test.error(function() socket:receive(buffer) end, require('asio_error').misc.eof)
    socket:close()
    test.ok(alive(pid))
    finish(pid)
end)

test('03.44 a collected channel is closed', function()
    local channel, socket = _ipc.raw_end()
    channel = nil
    collectgarbage()
    collectgarbage()
    test.error(function() socket:receive(byte_span.new(10)) end, require('asio_error').misc.eof)
    socket:close()
end)

test('03.45 kill', function()
    local channel, socket = child()
    local pid = channel.child_pid
    test.ok(pid > 1 and pid % 1 == 0 and alive(pid))
    channel:kill(0)
    test.raises_code(function() channel:kill('x') end, 22, generic, { arg = 2 })
    test.raises_code(function() channel:kill('9') end, 22, generic, { arg = 2 })
    test.raises_code(function() channel:kill({}) end, 22, generic, { arg = 2 })
    for _, signo in ipairs { 1000, 2 ^ 32 + 9 } do
        test.raises_code(function() channel:kill(signo) end, 22, system)
    end
    test.raises_code(function() channel:kill(-1) end, 22, system)
    channel:send(1)
    channel:kill()
    helpers.eventually(function() return not alive(pid) end)
    test.raises_code(function() channel:send(1) end, 15, core)
    test.raises_code(function() channel:kill() end, 15, core)
    test.raises_code(function() channel:detach() end, 22, generic, { arg = 1 })
    test.raises_code(function() return channel.child_pid end, 22, generic)
    socket:close()
end)

test('03.45 other signals leave the channel as it is', function()
    local channel, socket = child 'trap "exit 0" TERM; while :; do sleep 0.05; done'
    local pid = channel.child_pid
    require('time').sleep(0.2)
    local SIGTERM = 15
    channel:kill(SIGTERM)
    helpers.eventually(function() return not alive(pid) end)
    channel:send(1)
    test.eq(channel.child_pid, pid)
    test.raises_code(function() channel:kill(0) end, 3, system)
    test.raises_code(function() channel:kill(SIGTERM) end, 3, system)
    channel:kill()  -- it is dead, and that is what was asked for
    test.raises_code(function() channel:send(1) end, 15, core)
    socket:close()
end)

test('03.46 received addresses', function()
    local channel, socket = _ipc.raw_end()
    test.raises_code(function() channel:kill() end, 1, generic)
    test.raises_code(function() channel:kill('x') end, 1, generic)
    test.raises_code(function() channel:detach() end, 22, generic, { arg = 1 })
    test.raises_code(function() return channel.child_pid end, 22, generic)
    channel:send(1)
    channel:close()
    test.raises_code(function() channel:kill() end, 15, core)
    socket:close()
end)

test('03.46 detach', function()
    local channel, socket = child()
    local pid = channel.child_pid
    test.ok(not ipc.detached())
    channel:detach()
    test.ok(ipc.detached())
    test.raises_code(function() channel:detach() end, 22, generic, { arg = 1 })
    test.raises_code(function() channel:kill() end, 1, generic)
    test.raises_code(function() return channel.child_pid end, 22, generic)
    channel:send(1)
    channel:close()
    socket:close()
    test.ok(alive(pid))
    finish(pid)
end)

test.done()

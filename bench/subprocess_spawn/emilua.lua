-- Subprocess actors from spawn_vm() until their first message, plain and in six new namespaces.
local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    inbox:receive():send(1)
    inbox:receive()
    return
end

local measure = require 'measure'

local function spawn_until_message(namespaces)
    local start = measure.wall()
    local channel = spawn_vm{ module = tostring(_FILE), subprocess = {
        newns_user = namespaces, newns_pid = namespaces, newns_mount = namespaces, newns_net = namespaces,
        newns_uts = namespaces, newns_ipc = namespaces } }
    channel:send(inbox)
    inbox:receive()
    local elapsed = measure.wall() - start
    channel:kill()
    return elapsed
end

for _, kind in ipairs { { 'plain', false }, { 'six namespaces', true } } do
    local total, count = 0, 200
    for _ = 1, count / 10 do spawn_until_message(kind[2]) end
    for _ = 1, count do total = total + spawn_until_message(kind[2]) end
    measure.report(kind[1], total / count / 1000000, 'ms')
end

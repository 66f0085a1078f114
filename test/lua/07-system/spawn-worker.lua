-- Children of worker VMs.
local inbox = require 'inbox'
local system = require 'system'

if _CONTEXT == 'worker' then
    local parent = inbox:receive()
    local child = system.spawn { program = 'sleep', arguments = { 'sleep', '1000' } }
    child:kill(10)
    child:wait()
    parent:send { code = child.exit_code, signal = child.exit_signal }
    return
end

local test = require 'test'

test('07.111 07.98 a worker VM starts a child, signals it and waits for it', function()
    for _, context in ipairs { true, false } do
        local channel = spawn_vm { module = '.', inherit_context = context, concurrency_hint = not context and 1 or nil }
        channel:send(inbox)
        local result = inbox:receive()
        test.eq(result, { code = 138, signal = 10 })
        channel:close()
    end
end)

test('07.98 VMs on several threads start children at the same time', function()
    local count = 8
    for _ = 1, count do
        local channel = spawn_vm { module = '.', inherit_context = false, concurrency_hint = 1 }
        channel:send(inbox)
        channel:close()
    end
    for _ = 1, count do test.eq(inbox:receive().signal, 10) end
end)

test.done()

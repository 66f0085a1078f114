-- A number that goes to and fro between two VMs. (The time by the clock where two threads share the work.)
local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    local peer = inbox:receive()
    while true do
        local n = inbox:receive()
        peer:send(n)
        if n == 0 then
            return
        end
    end
end

local measure = require 'measure'

local function ping_pong(options, metric, count, clock)
    local peer = spawn_vm(options)
    peer:send(inbox)
    measure.cost(metric, count, function(count)
        for i = 1, count do
            peer:send(i)
            assert(inbox:receive() == i)
        end
    end, clock)
    peer:send(0)
    inbox:receive()
end

ping_pong({ module = '.' }, 'one thread', 300000, measure.cpu)
ping_pong({ module = '.', inherit_context = false }, 'two threads', 100000, measure.wall)

-- Numbers from eight VMs, each with a thread of its own, to one. (The time by the clock.)
local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    local reader = inbox:receive()
    for _ = 1, 2 do
        for i = 1, inbox:receive() do
            reader:send(i)
        end
    end
    return
end

local measure = require 'measure'

local writers = {}
for i = 1, 8 do
    writers[i] = spawn_vm { module = '.', inherit_context = false }
    writers[i]:send(inbox)
end
measure.cost('message', 400000, function(count)
    for i = 1, 8 do
        writers[i]:send(count / 8)
    end
    for _ = 1, count do
        inbox:receive()
    end
end, measure.wall)

-- A number that goes to and fro between two processes; and in one direction. (Time by the clock.)
local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    local peer = inbox:receive()
    repeat
        local n = inbox:receive()
        peer:send(n)
    until n == 0
    repeat until inbox:receive() == 0
    peer:send(0)
    return
end

local measure = require 'measure'
local peer = spawn_vm { module = tostring(_FILE), subprocess = { stderr = 'share' } }
peer:send(inbox)
measure.cost('round trip', 100000, function(count)
    for i = 1, count do
        peer:send(i)
        assert(inbox:receive() == i)
    end
end, measure.wall)
peer:send(0)
inbox:receive()
local count = 100000
local start = measure.wall()
for i = 1, count do peer:send(i) end
peer:send(0)
inbox:receive()
measure.report('one way', (measure.wall() - start) / count, 'ns')

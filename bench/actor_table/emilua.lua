-- A table of 1 MB, ten thousand strings of 100 bytes, sent to a VM in the same thread.
local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    while inbox:receive() ~= 'end' do
    end
    return
end

local measure = require 'measure'

local t = {}
for i = 1, 10000 do
    t[i] = ('%99d '):format(i)
end
local peer = spawn_vm '.'
measure.cost('table', 200, function(count)
    for _ = 1, count do
        peer:send(t)
    end
end)
peer:send 'end'

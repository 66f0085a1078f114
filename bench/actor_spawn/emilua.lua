-- VMs from spawn_vm() until the first message from each; the memory of one while it lives.
local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    inbox:receive():send(1)
    inbox:receive()
    return
end

local measure = require 'measure'

local count = 1000
local vms = {}
local memory, start = measure.memory(), measure.cpu()
for i = 1, count do
    vms[i] = spawn_vm '.'
    vms[i]:send(inbox)
end
for _ = 1, count do
    inbox:receive()
end
measure.report('time', (measure.cpu() - start) / count / 1000, 'us')
measure.report('memory', (measure.memory() - memory) / count / 1000, 'kB')
for i = 1, count do
    vms[i]:send 'end'
end

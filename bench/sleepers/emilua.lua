-- Memory of 100 000 sleeping fibers (resident, with page tables), and what it takes to interrupt them.
local time = require 'time'
local measure = require 'measure'

local count = 100000
local fibers = {}
for i = 1, count do
    fibers[i] = false
end

local function body()
    time.sleep(3600)
end

local before = measure.memory()
local start = measure.cpu()
for i = 1, count do
    fibers[i] = spawn(body)
end
this_fiber.yield()
local asleep = measure.cpu()
collectgarbage()
local memory = measure.memory()
measure.report('start', (asleep - start) / count, 'ns')
measure.report('memory', (memory - before) / count / 1000, 'kB')

start = measure.cpu()
for i = 1, count do
    fibers[i]:interrupt()
end
for i = 1, count do
    fibers[i]:join()
    fibers[i] = false
end
measure.report('interrupt and join', (measure.cpu() - start) / count, 'ns')
collectgarbage()
collectgarbage()
time.sleep(1) -- an idle VM gives stacks back
measure.report('memory left', (measure.memory() - before) / count / 1000, 'kB')

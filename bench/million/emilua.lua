-- A million sleeping fibers at once.
local time = require 'time'
local measure = require 'measure'

local count = 1000000
local before = measure.memory()
local start = measure.cpu()
local asleep, last = 0, nil
for i = 1, count do
    last = spawn(function()
        asleep = asleep + 1
        time.sleep(3600)
    end)
end
while asleep < count do
    this_fiber.yield()
end
measure.report('start', (measure.cpu() - start) / count, 'ns')
measure.report('memory', (measure.memory() - before) / count / 1000, 'kB')
require('system').exit()

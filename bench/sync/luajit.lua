-- resume() and yield(): a coroutine switch, what one hand-over is compared with.
local measure = require 'measure'

local resume, yield = coroutine.resume, coroutine.yield

for _, metric in ipairs { 'mutex hand-over', 'condition variable hand-over' } do
    measure.cost(metric, 5000000, function(count)
        local co = coroutine.create(function()
            while true do
                yield()
            end
        end)
        for _ = 1, count do
            resume(co)
        end
    end)
end

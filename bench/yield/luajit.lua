-- resume() and yield(): a round trip between two coroutines.
local measure = require 'measure'

local resume, yield = coroutine.resume, coroutine.yield

measure.cost('round trip', 5000000, function(count)
    local co = coroutine.create(function()
        while true do
            yield()
        end
    end)
    for _ = 1, count do
        resume(co)
    end
end)

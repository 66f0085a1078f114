-- resume() and yield(): a round trip between two coroutines of one VM.
local measure = require 'measure'

local resume, yield = coroutine.resume, coroutine.yield

measure.cost('one thread', 5000000, function(count)
    local co = coroutine.create(function()
        while true do
            yield()
        end
    end)
    for _ = 1, count do
        resume(co)
    end
end)

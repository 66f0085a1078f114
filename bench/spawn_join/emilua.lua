-- Makes, runs and joins a million fibers, a thousand at a time.
local measure = require 'measure'

local function body() end

measure.cost('spawn and join', 1000000, function(count)
    local fibers = {}
    for _ = 1, count / 1000 do
        for i = 1, 1000 do
            fibers[i] = spawn(body)
        end
        for i = 1, 1000 do
            fibers[i]:join()
        end
    end
end)

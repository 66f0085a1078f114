-- Makes and runs a million coroutines to their end, a thousand at a time.
local measure = require 'measure'

local create, resume = coroutine.create, coroutine.resume

local function body() end

measure.cost('spawn and join', 1000000, function(count)
    local coroutines = {}
    for _ = 1, count / 1000 do
        for i = 1, 1000 do
            coroutines[i] = create(body)
        end
        for i = 1, 1000 do
            resume(coroutines[i])
        end
    end
end)

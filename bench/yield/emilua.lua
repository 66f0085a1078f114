-- Two fibers that yield to each other: a round trip is two switches.
local measure = require 'measure'

local yield = this_fiber.yield

measure.cost('round trip', 5000000, function(count)
    local function body()
        for _ = 1, count do
            yield()
        end
    end
    local a, b = spawn(body), spawn(body)
    a:join()
    b:join()
end)

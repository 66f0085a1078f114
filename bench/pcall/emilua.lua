-- A hot loop of pcall(f, x).
local measure = require 'measure'

local function f(x)
    return x + 1
end

measure.cost('call', 100000000, function(count)
    local x, _ = 0, nil
    for _ = 1, count do
        _, x = pcall(f, x)
    end
    assert(x == count)
end)

-- Finalizers: what they may do, and what they may see.
local test = require 'test'

local function finalized(f)
    getmetatable(newproxy(true)).__gc = f
end

test('02.2 an object that has been finalized is no object of its class any more', function()
    local seen
    local function make()
        local handle
        finalized(function()
            local ok, e = pcall(function() return handle.joinable end)
            seen = { ok, type(e) }
        end)
        handle = spawn(function() end) -- younger: finalized first
    end
    make()
    collectgarbage()
    collectgarbage()
    test.eq(seen, { false, 'string' })
end)

for _, option in ipairs { 'count', 'collect', 'step', 'restart', 'stop' } do
    test('02.62 no suspension in __gc after collectgarbage ' .. option, function()
        local results = {}
        local function make()
            finalized(function()
                collectgarbage(option)
                results[#results + 1] = { pcall(this_fiber.yield) }
            end)
        end
        local waste
        local function wait_for(n)  -- for an automatic collection
            for i = 1, 1e7 do
                if #results >= n then return end
                waste = 'x' .. i
            end
        end
        make()
        collectgarbage()
        test.eq(#results, 1)
        for n = 2, 3 do
            make()
            wait_for(n)
        end
        test.eq(#results, 3)
        for _, result in ipairs(results) do
            test.eq(result[1], false)
            test.eq(result[2].code, 12)
        end
    end)
end

test.done()

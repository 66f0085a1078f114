-- Objects that have been finalized, seen by finalizers that run after theirs.
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

test.done()

-- A function that locks and calls another one that locks.
--@ test 02.67 the owner locks again
--@ stdout 30
-- tag::code[]
local recursive_mutex = require 'recursive_mutex'

local m = recursive_mutex.new()
local balance = 0

local function locked(f)
    scope(function()
        m:lock()
        scope_cleanup_push(function() m:unlock() end)
        f()
    end)
end

local function pay(amount)
    locked(function() balance = balance + amount end)
end

local function pay_all(amounts)
    locked(function()
        for _, amount in ipairs(amounts) do pay(amount) end
    end)
end

pay_all { 10, 20 }
print(balance)
-- end::code[]

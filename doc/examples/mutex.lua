-- A critical section that suspends.
--@ test 02.65 a mutex keeps a read-modify-write over a suspension whole
--@ stdout 10
-- tag::code[]
local mutex = require 'mutex'
local time = require 'time'

local m = mutex.new()
local counter = 0

local function increment()
    scope(function()
        m:lock()
        scope_cleanup_push(function() m:unlock() end)
        local seen = counter
        time.sleep(0.001)       -- others run now, but none of them is here
        counter = seen + 1
    end)
end

local fibers = {}
for i = 1, 10 do fibers[i] = spawn(increment) end
for i = 1, 10 do fibers[i]:join() end
print(counter)
-- end::code[]

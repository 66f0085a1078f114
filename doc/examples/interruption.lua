-- The pieces of doc/tutorial/interruption.adoc.
--@ test 02.33 the tutorial about interruption
--@ stdout tick
--@ stdout tick
--@ stdout stopped
--@ stdout true
--@ stdout caught: Fiber interrupted
--@ stdout connection closed
--@ stdout sent: goodbye
--@ stdout protected: both halves
--@ stdout result: whole
local time = require 'time'
local mutex = require 'mutex'

-- tag::stop[]
local ticker = spawn(function()
    while true do
        print 'tick'
        time.sleep(0.1)
    end
end)
time.sleep(0.15)
ticker:interrupt()              -- only asks: returns at once
ticker:join()                   -- waits until it is done; an interrupted fiber is no error
print 'stopped'
print(ticker.interruption_caught)
-- end::stop[]

-- tag::sticky[]
local stubborn = spawn(function()
    pcall(time.sleep, 100)      -- catches the error ...
    pcall(time.sleep, 100)      -- ... but this pcall raises, before it calls anything
    print 'never printed'
end)
this_fiber.yield()
stubborn:interrupt()
stubborn:join()
-- end::sticky[]

-- tag::recognize[]
local function is_interrupted(e)
    return getmetatable(e) == 'error_code' and e.code == 13 and tostring(e.category) == 'emilua.core'
end

local sleeper = spawn(function()
    local ok, e = pcall(time.sleep, 100)
    if not ok and is_interrupted(e) then
        print('caught: ' .. tostring(e))
    end
    error(e, 0)                 -- hand it on: whoever interrupted wants the fiber to end
end)
this_fiber.yield()
sleeper:interrupt()
sleeper:join()
-- end::recognize[]

-- tag::cleanup[]
local connection = { close = function() print 'connection closed' end, send = function(_, s) print('sent: ' .. s) end }

local client = spawn(function()
    scope_cleanup_push(function()
        time.sleep(0.01)        -- handlers may suspend: nothing interrupts them
        connection:send 'goodbye'
    end)
    scope_cleanup_push(function() connection:close() end)
    time.sleep(100)
end)
this_fiber.yield()
client:interrupt()
client:join()                   -- the handlers have run when it returns
-- end::cleanup[]

-- tag::protect[]
local m, account = mutex.new(), { a = 100, b = 0 }
local transfer = spawn(function()
    m:lock()                    -- never raises `interrupted`: no interruption point
    scope_cleanup_push(function() m:unlock() end)
    this_fiber.disable_interruption()
    account.a = account.a - 10
    time.sleep(0.01)            -- not interruptible now
    account.b = account.b + 10
    this_fiber.restore_interruption()
    print('protected: both halves')
    time.sleep(100)             -- here the interruption shows
end)
this_fiber.yield()
transfer:interrupt()
transfer:join()
-- end::protect[]
assert(account.a == 90 and account.b == 10)

-- tag::value[]
local function compute()
    time.sleep(0.01)
    return 'whole'
end

local parent = spawn(function()
    local child = spawn(compute)
    scope_cleanup_push(function()
        print('result: ' .. child:join())   -- an interrupted join leaves the child joinable
    end)
    child:join()
end)
this_fiber.yield()
parent:interrupt()
parent:join()
-- end::value[]

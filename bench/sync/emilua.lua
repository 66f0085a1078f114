-- Mutex, condition variable and future between fibers.
local condition_variable = require 'condition_variable'
local future = require 'future'
local mutex = require 'mutex'
local measure = require 'measure'

local function both(f)
    local a, b = spawn(function() f(1) end), spawn(function() f(2) end)
    a:join()
    b:join()
end

-- Each fiber waits for the mutex while the other one has it.
measure.cost('mutex hand-over', 2000000, function(count)
    local m = mutex.new()
    both(function()
        m:lock()
        for _ = 1, count / 2 do
            m:unlock()
            m:lock()
        end
        m:unlock()
    end)
end)

measure.cost('condition variable hand-over', 2000000, function(count)
    local m, changed, turn = mutex.new(), condition_variable.new(), 1
    both(function(me)
        m:lock()
        for _ = 1, count / 2 do
            while turn ~= me do
                changed:wait(m)
            end
            turn = 3 - me
            changed:notify_one()
        end
        m:unlock()
    end)
end)

-- Of one of a thousand fibers that wait.
measure.cost('notify_all', 1000000, function(count)
    local m, started, arrived = mutex.new(), condition_variable.new(), condition_variable.new()
    local rounds, round, waiting, fibers = count / 1000, 0, 0, {}
    for i = 1, 1000 do
        fibers[i] = spawn(function()
            m:lock()
            for this = 1, rounds do
                waiting = waiting + 1
                if waiting == 1000 then
                    arrived:notify_one()
                end
                while round < this do
                    started:wait(m)
                end
            end
            m:unlock()
        end)
    end
    m:lock()
    for this = 1, rounds do
        while waiting < 1000 do
            arrived:wait(m)
        end
        waiting, round = 0, this
        started:notify_all()
    end
    m:unlock()
    for i = 1, 1000 do
        fibers[i]:join()
    end
end)

-- One fiber waits for what the other one sets, a new future each time.
measure.cost('future', 300000, function(count)
    local promise, value = future.new()
    local setter = spawn(function()
        for i = 1, count do
            promise:set_value(i)
            this_fiber.yield()
        end
    end)
    for i = 1, count do
        assert(value:get() == i)
        promise, value = future.new()
    end
    setter:join()
end)

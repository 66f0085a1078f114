-- A fiber may stop wherever Lua code runs (01 §2.3, decision 4): here by time.sleep().

--@ file chunk.lua
--| local globals = getfenv(0)
--| local suspend, mark = globals.suspend, globals.mark
--| suspend()
--| return mark

local test = require 'test'
local time = require 'time'
local places = require('./_suspension_places').places

local function sleep() time.sleep(0.001) end

for name, place in pairs(places) do
    test('01.27 sleep in ' .. name, function()
        local turns, ended = 0, false
        local other = spawn(function()
            while not ended do
                turns = turns + 1
                time.sleep(0.0005)
            end
        end)
        local function sleep_while_others_run()
            local before = turns
            repeat sleep() until turns > before
        end
        local got, expected = place(sleep_while_others_run, 'm')
        ended = true
        test.eq(got, expected)
        other:join()
    end)

    test('01.27 sleep in ' .. name .. ' in many fibers at once', function()
        local fibers = {}
        for i = 1, 20 do
            fibers[i] = spawn(function()
                local got, expected = place(sleep, name == 'dofile' and 'x' or i)
                test.eq(tostring(got), tostring(expected))
            end)
        end
        for _, fiber in ipairs(fibers) do fiber:join() end
    end)

    -- Clean-up handlers cannot be interrupted.
    if not name:find 'cleanup' then
        test('01.27 a sleep in ' .. name .. ' can be interrupted', function()
            local started = false
            local fiber = spawn(function()
                place(function()
                    started = true
                    time.sleep(60)
                end, 'i')
                this_fiber.yield()
            end)
            while not started do this_fiber.yield() end
            fiber:interrupt()
            fiber:join()
            test.ok(fiber.interruption_caught)
        end)
    end
end

test('01.27 sleep at the top level of a module', function()
    test.eq(require('./_sleeping_module').value, 'aabb')
end)

test.done()

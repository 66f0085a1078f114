-- A fiber may stop wherever Lua code runs (01 §2.3, decision 4): here by this_fiber.yield().

--@ file chunk.lua
--| local globals = getfenv(0)
--| local suspend, mark = globals.suspend, globals.mark
--| suspend()
--| return mark

local test = require 'test'
local places = require('./_suspension_places').places

-- Runs f while another fiber runs; returns how often that one got its turn.
local function meanwhile(f)
    local turns, ended = 0, false
    local other = spawn(function()
        while not ended do
            turns = turns + 1
            this_fiber.yield()
        end
    end)
    f()
    ended = true
    other:join()
    return turns
end

for name, place in pairs(places) do
    test('01.27 yield in ' .. name .. ' on the main fiber', function()
        test.ok(meanwhile(function()
            local got, expected = place(this_fiber.yield, 'm')
            test.eq(got, expected)
        end) > 0)
    end)

    test('01.27 yield in ' .. name .. ' in fibers that take turns', function()
        local order, fibers = {}, {}
        for i = 1, 3 do
            fibers[i] = spawn(function()
                local function suspend()
                    order[#order + 1] = i
                    this_fiber.yield()
                end
                -- dofile() passes both through the globals that all three share: no turns there.
                local got, expected = place(name == 'dofile' and this_fiber.yield or suspend, 'f')
                test.eq(got, expected)
            end)
        end
        for _, fiber in ipairs(fibers) do fiber:join() end
        if name ~= 'dofile' then test.eq({ order[1], order[2], order[3], order[4] }, { 1, 2, 3, order[4] and 1 }) end
    end)

    test('01.27 yield in ' .. name .. ' in a user coroutine', function()
        test.ok(meanwhile(function()
            coroutine.wrap(function()
                local got, expected = place(this_fiber.yield, 'c')
                test.eq(got, expected)
            end)()
        end) > 0)
    end)

    test('01.27 yield in ' .. name .. ' in a loop hot enough to be compiled', function()
        local n = 0
        local other = spawn(function() for _ = 1, 20000 do this_fiber.yield() end end)
        for i = 1, name == 'dofile' and 20 or 300 do
            local got, expected = place(this_fiber.yield, i)
            assert(tostring(got) == tostring(expected))
            n = n + 1
        end
        other:detach()
        test.eq(n > 0, true)
    end)

    test('01.27 a fiber that stopped in ' .. name .. ' can be interrupted there', function()
        local fiber, ended
        fiber = spawn(function()
            place(function()
                fiber:interrupt()
                this_fiber.yield()
            end, 'i')
            this_fiber.yield()
            ended = true
        end)
        fiber:join()
        test.eq({ fiber.interruption_caught, ended }, { true, nil })
    end)

    -- pcall, xpcall and load catch it themselves; a clean-up handler must not fail.
    if not name:find 'pcall' and not name:find 'cleanup' and name ~= 'load_reader' then
        test('01.27 an error in ' .. name .. ' after a yield arrives', function()
            local e = {}
            local fiber = spawn(function()
                return pcall(place, function()
                    this_fiber.yield()
                    error(e)
                end, 'e')
            end)
            local ok, got = fiber:join()
            test.eq(ok, false)
            test.ok(rawequal(got, e), tostring(got))
        end)
    end
end

test('01.27 yield at the top level of a module', function()
    local n = meanwhile(function()
        local m = require './_yielding_module'
        test.eq(m.value, 'aabb')
    end)
    test.ok(n > 2, n)
end)

test.done()

-- Fibers: who runs when, and what join gives.
--@ test 02.2 the order of fibers, results and errors
--@ stdout main
--@ stdout a1
--@ stdout b1
--@ stdout a2
--@ stdout b2
--@ stdout done	3
--@ stdout no luck
-- tag::code[]
spawn(function() print 'a1'; this_fiber.yield(); print 'a2' end):detach()
spawn(function() print 'b1'; this_fiber.yield(); print 'b2' end):detach()
print 'main'

local worker = spawn(function()
    this_fiber.yield()
    this_fiber.yield()
    return 'done', 3
end)
print(worker:join())

local failing = spawn(function() error('no luck', 0) end)
local ok, reason = pcall(function() return failing:join() end)
print(reason)
-- end::code[]

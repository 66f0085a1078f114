-- A VM that closes takes its fibers off their stacks, wherever they stopped; no Lua code of theirs runs.

--@ file chunk.lua
--| local globals = getfenv(0)
--| local suspend, mark = globals.suspend, globals.mark
--| suspend()
--| return mark
--@ test 01.27 an error of the main fiber while fibers are stopped in callbacks
--@ run $EMILUA $FILE
--@ status 1
--@ stdout! .
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: '[^\n]*: the end'\nstack traceback:\n(\t[^\n]*\n)+\Z

local places = require('./_suspension_places').places
local started, expected = 0, 0
for _, place in pairs(places) do
    expected = expected + 2
    local function body()
        scope_cleanup_push(function() print 'a handler ran' end)
        place(function()
            started = started + 1
            while true do this_fiber.yield() end
        end, 'x')
    end
    spawn(body):detach()
    spawn(function() coroutine.wrap(body)() end):detach()
end
while started < expected do this_fiber.yield() end
error 'the end'

-- Threads of the main context, and the hint that there will be none (01 §1.1, 03 §6).

--@ test 01.6 hint 1: no threads, not even none
--@ run $EMILUA --main-context-concurrency-hint 1 $FILE refused && $EMILUA --main-context-concurrency-hint=1 $FILE refused
--@ stdout refused
--@ stdout refused
--@ test 01.6 hint safe and no hint
--@ run $EMILUA --main-context-concurrency-hint safe $FILE && $EMILUA $FILE
--@ stdout added
--@ stdout added

local refused = require('system').arguments[3] == 'refused'
for _, count in ipairs { 1, 0, 2.9, -1, 0 / 0 } do
    local ok, e = pcall(spawn_context_threads, count)
    assert(ok == not refused, tostring(e))
    assert(ok or (e.code == 95 and tostring(e.category) == 'generic'))
end
for _, bad in ipairs { '1', true, {}, print } do
    local ok, e = pcall(function() spawn_context_threads(bad) end)
    assert(not ok and e:find "bad argument #1 to 'spawn_context_threads' %(number expected, got ", e)
end
assert(not pcall(spawn_context_threads))
-- The program goes on as before, on more threads.
local sum = 0
local fibers = {}
for i = 1, 100 do fibers[i] = spawn(function() this_fiber.yield() sum = sum + 1 end) end
for _, fiber in ipairs(fibers) do fiber:join() end
assert(sum == 100)
print(refused and 'refused' or 'added')

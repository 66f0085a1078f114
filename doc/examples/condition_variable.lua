-- A queue: consumers sleep while it is empty.
--@ test 02.69 jobs reach their consumers
--@ stdout 1	job 1
--@ stdout 2	job 2
--@ stdout 1	job 3
-- tag::code[]
local condition_variable = require 'condition_variable'
local mutex = require 'mutex'

local m, not_empty, queue = mutex.new(), condition_variable.new(), {}

local function take()
    local job
    scope(function()
        m:lock()
        scope_cleanup_push(function() m:unlock() end)
        while #queue == 0 do not_empty:wait(m) end
        job = table.remove(queue, 1)
    end)
    return job
end

for i = 1, 2 do
    spawn(function() while true do print(i, take()) end end):detach()
end
for n = 1, 3 do
    this_fiber.yield()
    queue[#queue + 1] = 'job ' .. n
    not_empty:notify_one()
end
-- end::code[]

-- A pool of workers that take jobs when they have time: who is fast takes more.
--@ test 03.21 jobs are shared among workers
--@ stdout 385
-- tag::code[]
local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    local master = inbox:receive()
    while true do
        master:send{ idle = inbox }             -- ask for work
        local job = inbox:receive()
        if not job.n then break end
        master:send{ result = job.n * job.n }
    end
    return
end

spawn_context_threads(3)                        -- with this one: four threads
for _ = 1, 8 do
    local worker = spawn_vm '.'
    worker:send(inbox)
    worker:close()                              -- it will give us its address when it is idle
end

local sum, jobs, workers = 0, 10, 8
while workers > 0 do
    local message = inbox:receive()
    if message.result then
        sum = sum + message.result
    elseif jobs > 0 then
        message.idle:send{ n = jobs }
        jobs = jobs - 1
    else
        message.idle:send{ stop = true }
        workers = workers - 1
    end
    if message.idle then message.idle:close() end
end
print(sum)
-- end::code[]

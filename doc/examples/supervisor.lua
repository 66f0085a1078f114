-- A supervisor: when its worker crashes it starts a new one and tries again.
--@ test 03.17 a crashed worker is replaced
--@ stdout 25
--@ stdout the worker crashed
--@ stdout the worker crashed
--@ stdout nil	gave up
--@ stdout 10
--@ stderr~ \A(Main fiber from VM 0x[0-9a-f]+ panicked: '[^\n]*bad job'\nstack traceback:\n(\t[^\n]*\n)+){2}\Z
-- tag::code[]
local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    while true do
        local job = inbox:receive()
        if job.stop then return end
        if job.n == 0 then error 'bad job' end
        job.reply_to:send(100 / job.n)
        job.reply_to:close()
    end
end

local function code_of(e)
    return getmetatable(e) == 'error_code' and tostring(e.category) == 'emilua.core' and e.code
end
local channel_closed, no_senders = 15, 16

local worker = spawn_vm '.'

local function ask(n)
    for _ = 1, 2 do
        local ok, answer = pcall(function()
            worker:send{ n = n, reply_to = inbox }      -- channel_closed if the worker is gone
            return inbox:receive()                      -- no_senders if it dies with our address
        end)
        if ok then return answer end
        if code_of(answer) ~= channel_closed and code_of(answer) ~= no_senders then error(answer, 0) end
        print 'the worker crashed'
        worker:close()
        worker = spawn_vm '.'
    end
    return nil, 'gave up'
end

print(ask(4))
print(ask(0))
print(ask(10))
worker:send{ stop = true }
-- end::code[]

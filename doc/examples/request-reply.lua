-- Requests with replies over actors, and a time-out.
--@ test 03.20 a reply in time, and one that comes too late
--@ stdout 144
--@ stdout nil	timeout
--@ stdout 4
local inbox = require 'inbox'

-- tag::worker[]
if _CONTEXT == 'worker' then
    local time = require 'time'
    local client = inbox:receive()
    while true do
        local request = inbox:receive()
        if request.stop then return end
        if request.delay then time.sleep(request.delay) end
        client:send{ id = request.id, value = request.n * request.n }
    end
end
-- end::worker[]

-- tag::client[]
local future = require 'future'
local time = require 'time'

local promises = {}     -- of the replies that somebody waits for, by id
local last_id = 0

-- One fiber receives for all and hands each reply to who waits for it. Late ones are nobody's.
local function dispatch()
    while true do
        local ok, reply = pcall(inbox.receive, inbox)
        if not ok then -- the worker has ended: nobody has our address any more
            for _, promise in pairs(promises) do promise:set_error(reply) end
            return
        end
        local promise = promises[reply.id]
        if promise then promise:set_value(reply.value) end
    end
end

local function request(channel, message, timeout)
    last_id = last_id + 1
    local id = last_id
    local promise, answer = future.new()
    promises[id] = promise
    message.id = id
    local call = spawn(function()
        channel:send(message)
        return answer:get()
    end)
    local alarm = spawn(function() time.sleep(timeout) call:interrupt() end)
    local value = call:join()
    alarm:interrupt()
    promises[id] = nil
    if call.interruption_caught then return nil, 'timeout' end
    return value
end
-- end::client[]

-- tag::use[]
local worker = spawn_vm '.'
worker:send(inbox)
local dispatcher = spawn(dispatch)
print(request(worker, { n = 12 }, 5))
print(request(worker, { n = 3, delay = 0.2 }, 0.05))
print(request(worker, { n = 2 }, 5))
worker:send{ stop = true }
dispatcher:join()
-- end::use[]

-- One result for all who ask, computed once.
--@ test 02.70 a shared result
--@ stdout computing
--@ stdout first	42
--@ stdout second	42
--@ stdout 42
--@ stdout Broken promise
-- tag::code[]
local future = require 'future'
local time = require 'time'

local answer
local function ask()
    if not answer then
        local promise
        promise, answer = future.new()
        spawn(function()
            print 'computing'
            time.sleep(0.01)
            promise:set_value(42)
        end):detach()
    end
    return answer:get()
end

local first = spawn(function() print('first', ask()) end)
local second = spawn(function() print('second', ask()) end)
first:join()
second:join()
print(answer:get())             -- again, as often as you like

local forgotten = select(2, future.new())
collectgarbage()                -- nobody can keep this promise any more
collectgarbage()
print(select(2, pcall(function() forgotten:get() end)))
-- end::code[]

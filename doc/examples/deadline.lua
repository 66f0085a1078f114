-- A program that has so much time and no more.
--@ test 07.100 run_with_deadline: a slow program is ended, a quick one is not disturbed
--@ stdout 143	15
--@ stdout 4	nil
local system = require 'system'
local time = require 'time'

-- tag::code[]
local function run_with_deadline(opts, seconds)
    local child = system.spawn(opts)
    local watchdog = spawn(function()
        time.sleep(seconds)
        child:kill(system.signal.SIGTERM)
    end)
    child:wait()
    watchdog:interrupt()
    watchdog:join()
    return child.exit_code, child.exit_signal
end
-- end::code[]

print(run_with_deadline({ program = 'sleep', arguments = { 'sleep', '100' } }, 0.1))
print(run_with_deadline({ program = 'sh', arguments = { 'sh', '-c', 'exit 4' } }, 100))

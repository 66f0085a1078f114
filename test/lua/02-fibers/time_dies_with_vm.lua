--@ test 02.74 sleeps and waits end silently with their VM
--@ status 1
--@ stdout main
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: '\S*:\d+: done'\nstack traceback:
--@ stderr! canceled|interrupted|deadlock
--@ timeout 5
local time = require 'time'

local shared = time.steady_timer.new()
shared:expires_after(100)

local function in_fiber(f)
    spawn(function()
        scope_cleanup_push(function() print 'handler' end)
        f()
        print 'not reached'
    end):detach()
end

for _ = 1, 3 do
    in_fiber(function() time.sleep(100) end)
    in_fiber(function() pcall(time.sleep, 9.2e9) end)
    in_fiber(function() shared:wait() end)
    in_fiber(function()
        local timer = time.system_timer.new()
        timer:expires_at(time.system_clock.now() + 100)
        coroutine.wrap(function() timer:wait() end)()
    end)
end
time.sleep(0.01)
print 'main'
error 'done'

--@ test 02.74 pending sleeps and waits keep the VM alive
--@ stdout main
--@ stdout slept
--@ stdout waited
local time = require 'time'

spawn(function()
    time.sleep(0.02)
    print 'slept'
end):detach()
spawn(function()
    local timer = time.steady_timer.new()
    timer:expires_after(0.05)
    timer:wait()
    print 'waited'
end):detach()
print 'main'

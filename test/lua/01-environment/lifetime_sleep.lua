-- What keeps a process alive (01 §1.6): a fiber that sleeps.

--@ test 01.17 a sleeping fiber ends before the process does
--@ stdout main ends
--@ stdout fiber ends

local time = require 'time'
spawn(function()
    time.sleep(0.2)
    print 'fiber ends'
end)
print 'main ends'

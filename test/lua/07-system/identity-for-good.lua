-- Ids and sessions that cannot be had back: each case is a process of its own (07 §7).

--@ test 07.58 setsid of a group leader
--@ run exec $EMILUA $FILE leader
--@ test 07.58 setsid of another process
--@ run $EMILUA $FILE session; exit $?
--@ test 07.58 setpgid makes a group
--@ run $EMILUA $FILE group; exit $?
--@ test 07.59 07.60 dropped ids are gone, on all threads and for children
--@ need root
--@ run $EMILUA $FILE drop
--@ test 07.59 ids are dropped while threads come and go
--@ need root !sanitizer:thread
--@ run $EMILUA $FILE churn
--@ test 07.55 kill of a foreign process
--@ run $EMILUA $FILE foreign
--@ test 07.55 kill ends this process
--@ run exec $EMILUA $FILE suicide
--@ status signal SIGKILL

local system = require 'system'
local test = require 'test'
local r = require './_rights'

local function refuses(f) test.raises_code(f, r.EPERM, 'system') end

r.run {
    leader = function()
        test.eq(system.getpgrp(), system.getpid())
        refuses(system.setsid)
    end,
    session = function()
        test.ne(system.getpgrp(), system.getpid())
        test.eq(system.setsid(), system.getpid())
        test.eq(system.getsid(0), system.getpid())
        test.eq(system.getpgrp(), system.getpid())
        refuses(system.setsid)
    end,
    group = function()
        system.setpgid(0, 0)
        test.eq(system.getpgrp(), system.getpid())
        test.ne(system.getsid(0), system.getpid())
    end,
    drop = function()
        local before = r.new_worker()
        system.setgroups { 7 }
        system.setresgid(1000, 1000, 1000)
        system.setresuid(1000, 1000, 1000)
        local after = r.new_worker()
        for _, w in ipairs { before, after } do
            test.eq({ w:eval 'return require("system").getresuid()' }, { 1000, 1000, 1000 })
            test.eq({ w:eval 'return require("system").getresgid()' }, { 1000, 1000, 1000 })
            test.eq(w:eval 'return tostring(require("system").cap_get_proc())', '=')
        end
        refuses(function() system.setresuid(0, 0, 0) end)
        refuses(function() system.setresuid(-1, 0, -1) end)
        refuses(function() system.setresgid(0, 0, 0) end)
        refuses(function() system.setgroups {} end)
        assert(r.sh 'test "$(id -u) $(id -g) $(id -G)" = "1000 1000 1000 7"')
        before:close()
        after:close()
    end,
    churn = function()
        local time = require 'time'
        local going, rounds = true, 0
        local maker = spawn(function()
            while going do
                r.new_worker():close()
                rounds = rounds + 1
                time.sleep(0.001)
            end
        end)
        for i = 1, 50 do
            system.setresuid(-1, 1000 + i, -1)
            system.setresuid(-1, 0, -1)
            system.cap_reset_ambient()
            time.sleep(0.001)
        end
        going = false
        maker:join()
        assert(rounds > 0)
    end,
    foreign = function()
        r.become_nobody()
        refuses(function() system.kill(1, 0) end)
    end,
    suicide = function()
        system.kill(system.getpid(), 9)
        require('time').sleep(10)
    end,
}

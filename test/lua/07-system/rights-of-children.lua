-- What the process gave up is lost for programs that it starts: each case is a process of its own (07 §7-§9).
-- ThreadSanitizer has a thread of its own, which blocks every signal: no call can be made on all threads.
--@ need !sanitizer:thread
--@ test 07.58 setsid in a child of another group
--@ run $EMILUA $FILE session
--@ test 07.60 programs run with the dropped ids
--@ need root
--@ run $EMILUA $FILE ids
--@ test 07.69 programs run without the dropped capabilities
--@ need root
--@ run $EMILUA $FILE capabilities
--@ test 07.73 programs are confined by Landlock
--@ need landlock
--@ run $EMILUA $FILE landlock
--@ test 06.101 programs start in the directory and with the umask of the process
--@ run $EMILUA $FILE process_state
--@ test 07.73 while children are being started
--@ need landlock
--@ run $EMILUA $FILE starting

local filesystem = require 'filesystem'
local system = require 'system'
local test = require 'test'
local p = require './_processes'
local r = require './_rights'

local cases = {}

function cases.session()
    local here = system.arguments
    local _, child = p.run { program = here[1], arguments = { here[1], here[2], 'leader' },
        environment = system.environment, process_group = 0 }
    test.eq(child.exit_code, 0)
    _, child = p.run { program = here[1], arguments = { here[1], here[2], 'other' },
        environment = system.environment, process_group = system.getpgrp() }
    test.eq(child.exit_code, 0)
end

function cases.leader()
    test.eq(system.getpgrp(), system.getpid())
    test.raises_code(system.setsid, r.EPERM, 'system')
end

function cases.other()
    test.ne(system.getpgrp(), system.getpid())
    test.eq(system.setsid(), system.getpid())
    test.eq(system.getsid(0), system.getpid())
end

function cases.ids()
    system.setgroups { 7 }
    system.setresgid(1000, 1000, 1000)
    system.setresuid(1000, 1000, 1000)
    test.eq((p.sh('id -u; id -ru; id -g; id -G', { environment = system.environment })), '1000\n1000\n1000\n1000 7\n')
end

function cases.capabilities()
    system.cap_drop_bound 'cap_mknod'
    local caps = system.cap_get_proc()
    caps:set_flag('inheritable', { 'cap_chown' }, true)
    caps:set_proc()
    local status = p.sh('exec grep ^Cap /proc/self/status', { environment = system.environment })
    local bound = tonumber(status:match 'CapBnd:%s*(%x+)', 16)
    test.eq(bit.band(bit.rshift(bound, 27), 1), 0) -- cap_mknod
    test.eq(tonumber(status:match 'CapInh:%s*(%x+)', 16), 1)
end

function cases.landlock()
    local rules = system.landlock_create_ruleset { handled_access_fs = { 'make_dir' } }
    system.set_no_new_privs()
    system.landlock_restrict_self(rules)
    local text, child = p.sh('mkdir a 2>&1; grep NoNewPrivs /proc/self/status', { environment = system.environment })
    test.match(text, 'Permission denied')
    test.match(text, 'NoNewPrivs:%s1')
    test.eq(child.exit_code, 0)
end

function cases.process_state()
    r.C.emilua_test_mkdir('dir', 511)
    filesystem.umask(63)
    filesystem.current_working_directory(filesystem.path.new 'dir')
    test.eq((p.sh('pwd -P; umask', { environment = { PATH = system.environment.PATH } })),
        system.environment.TMP .. '/dir\n0077\n')
end

-- A thread that waits for its child to begin stops late, but it stops.
function cases.starting()
    local worker = r.new_worker()
    worker.channel:send { reply = require 'inbox', code = [[
        local system = require 'system'
        for _ = 1, 50 do system.spawn { program = 'true' }:wait() end
    ]] }
    system.set_no_new_privs()
    for _ = 1, 10 do
        system.landlock_restrict_self(system.landlock_create_ruleset { handled_access_fs = { 'make_sym' } })
        require('time').sleep(0.003)
    end
    require('inbox'):receive()
end

r.run(cases)

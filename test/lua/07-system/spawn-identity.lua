-- system.spawn: signals, sessions, ids, scheduling, directory.
local filesystem = require 'filesystem'
local system = require 'system'
local test = require 'test'
local helpers = require 'helpers'
local p = require './_processes'

local path, case, fails, refuses = filesystem.path, p.case, p.fails, p.refuses

local function root_case(name, f)
    case(name, function()
        if not p.is_root then return test.skipped 'needs root' end
        return f()
    end)
end

-- A field of /proc/PID/status of a child with these options.
local function status(field, opts)
    opts = opts or {}
    opts.program, opts.arguments = 'cat', { 'cat', '/proc/self/status' }
    return (p.run(opts):match('\n' .. field .. ':[ \t]*([^\n]*)'):gsub('%s+', ' '):gsub(' $', ''))
end

-- pid, process group, session of a child with these options.
local function identity(opts)
    opts.program, opts.arguments = 'cat', { 'cat', '/proc/self/stat' }
    local pid, _, group, session = p.run(opts):match '^(%d+) %b() %a (%d+) (%d+) (%d+)'
    return pid, group, session
end

local EPERM, ENOENT, ENOTDIR, EINVAL = 1, 2, 20, 22

case('07.85 no signal is ignored or blocked in the child', function()
    local SIG_IGN, SIGHUP, SIGUSR1, SIGCHLD, SIG_BLOCK = p.ffi.cast('void*', 1), 1, 10, 17, 0
    p.C.signal(SIGHUP, SIG_IGN)
    p.C.signal(SIGUSR1, SIG_IGN)
    local set = p.ffi.new('unsigned long[16]', { 2 ^ 11 + 2 ^ 14 }) -- USR2, TERM
    local old = p.ffi.new('unsigned long[16]')
    p.C.pthread_sigmask(SIG_BLOCK, set, old)
    local held = system.signal.set.new(system.signal.SIGUSR2, system.signal.SIGWINCH)
    local ignored, blocked, caught = status 'SigIgn', status 'SigBlk', status 'SigCgt'
    local own = helpers.read_file('/proc/thread-self/status')
    p.C.pthread_sigmask(2, old, nil)
    p.C.signal(SIGHUP, nil)
    p.C.signal(SIGUSR1, nil)
    held:clear()
    test.eq(ignored, '0000000000000000')
    test.eq(blocked, '0000000000000000')
    test.eq(caught, '0000000000000000')
    -- The parent is as it was.
    test.eq(own:match 'SigBlk:%s*(%x+)', '0000000000004800')
    test.ne(own:match 'SigIgn:%s*(%x+)', '0000000000000000')
end)

case('07.86 start_new_session: pid = pgid = sid', function()
    local pid, group, session = identity { start_new_session = true }
    test.eq(group, pid)
    test.eq(session, pid)
end)

case('07.86 process_group', function()
    local pid, group, session = identity { process_group = 0 }
    test.eq(group, pid)
    test.ne(session, pid)
    local leader = p.sleeper { process_group = 0 }
    pid, group = identity { process_group = leader.pid }
    test.eq(tonumber(group), leader.pid)
    leader:kill(9)
    leader:wait()
    pid, group = identity {}
    test.ne(group, pid)
end)

case('07.86 a new session and a process group: EPERM', function()
    fails({ start_new_session = true, process_group = 0 }, EPERM, 'setpgid')
end)

root_case('07.87 ids: what is not given stays, the saved id is the effective one', function()
    test.eq(status('Uid', { ruid = 1000 }), '1000 0 0 0')
    test.eq(status('Uid', { euid = 1000 }), '0 1000 1000 1000')
    test.eq(status('Uid', { ruid = 1000, euid = 1001 }), '1000 1001 1001 1001')
    test.eq(status('Uid', { ruid = -1, euid = -1 }), '0 0 0 0')
    test.eq(status('Uid', { ruid = 1000.9 }), '1000 0 0 0')
    test.eq(status('Gid', { rgid = 1000 }), '1000 0 0 0')
    test.eq(status('Gid', { egid = 1000, ruid = 5, euid = 5 }), '0 1000 1000 1000')
    test.eq(status('Uid', { ruid = 4000000000, euid = 4000000000 }), '4000000000 4000000000 4000000000 4000000000')
end)

root_case('07.87 extra_groups', function()
    test.eq(status('Groups', { extra_groups = { 7, 8 } }), '7 8')
    test.eq(status('Groups', { extra_groups = {} }), '')
    test.eq(status('Groups', { extra_groups = { 7, 8 }, ruid = 1000, euid = 1000 }), '7 8')
end)

root_case('07.87 neither ids nor memory of this process change', function()
    local PR_GET_DUMPABLE = 3
    test.eq(p.C.prctl(PR_GET_DUMPABLE), 1)
    status('Uid', { ruid = 1000, euid = 1000, rgid = 1000, egid = 1000, extra_groups = {} })
    test.eq(p.C.prctl(PR_GET_DUMPABLE), 1)
    test.eq(p.C.getuid(), 0)
    test.match(helpers.read_file('/proc/self/status'), 'Uid:%s*0%s+0%s+0%s+0')
end)

root_case('07.87 who was given other ids has lost the rights of root', function()
    test.eq(p.sh('kill -0 1 2>/dev/null; echo $?', { ruid = 1000, euid = 1000 }), '1\n')
    test.eq(status('CapEff', { ruid = 1000, euid = 1000 }), '0000000000000000')
end)

case('07.87 an unprivileged process cannot take ids', function()
    if p.is_root then return test.skipped 'needs another user' end
    fails({ euid = 0 }, EPERM, 'setresuid')
    fails({ egid = 0 }, EPERM, 'setresgid')
    fails({ extra_groups = {} }, EPERM, 'setgroups')
end)

-- /proc/PID/sched needs a debug kernel; chrt tells by name.
local function policy(opts)
    opts.program, opts.arguments, opts.environment = 'sh', { 'sh', '-c', 'chrt -p $$' }, system.environment
    local text = p.run(opts)
    return text:match 'policy: (%S+)', tonumber(text:match 'priority: (%d+)')
end

case('07.88 scheduler: policies without priority', function()
    test.eq(policy { scheduler = { policy = 'batch' } }, 'SCHED_BATCH')
    test.eq(policy { scheduler = { policy = 'idle' } }, 'SCHED_IDLE')
    test.eq(policy { scheduler = { policy = 'other', priority = 0 } }, 'SCHED_OTHER')
    test.eq(policy { scheduler = { policy = 'idle', reset_on_fork = false } }, 'SCHED_IDLE')
    test.eq(policy { scheduler = {} }, 'SCHED_OTHER')
end)

root_case('07.88 scheduler: real-time policies, reset_on_fork', function()
    if not pcall(policy, { scheduler = { policy = 'fifo', priority = 1 } }) then
        return test.skipped 'this system refuses real-time policies'
    end
    local name, priority = policy { scheduler = { policy = 'fifo', priority = 3 } }
    test.eq(name, 'SCHED_FIFO')
    test.eq(priority, 3)
    test.eq(policy { scheduler = { policy = 'rr', priority = 99 } }, 'SCHED_RR')
    test.eq(policy { scheduler = { policy = 'fifo', priority = 3, reset_on_fork = true } }, 'SCHED_FIFO|SCHED_RESET_ON_FORK')
end)

case('07.88 scheduler: bad combinations', function()
    refuses({ scheduler = { policy = 'idle', priority = 1 } }, 'scheduler.priority')
    refuses({ scheduler = { policy = 'other', priority = -1 } }, 'scheduler.priority')
    refuses({ scheduler = { policy = 'fifo' } }, 'scheduler.priority')
    refuses({ scheduler = { policy = 'fifo', priority = 0 } }, 'scheduler.priority')
    refuses({ scheduler = { policy = 'rr', priority = 100 } }, 'scheduler.priority')
    refuses({ scheduler = { policy = 'rr', priority = '1' } }, 'scheduler.priority')
    refuses({ scheduler = { reset_on_fork = true } }, 'scheduler.reset_on_fork')
    refuses({ scheduler = { reset_on_fork = false } }, 'scheduler.reset_on_fork')
    refuses({ scheduler = { policy = 'batch', reset_on_fork = 1 } }, 'scheduler.reset_on_fork')
    refuses({ scheduler = { policy = 'deadline' } }, 'scheduler.policy')
    refuses({ scheduler = { policy = 1 } }, 'scheduler.policy')
    fails({ scheduler = { priority = 5 } }, EINVAL, 'scheduler')
end)

case('07.92 working_directory: a path, a descriptor', function()
    p.C.mkdir('inside', 493)
    local here = p.sh('pwd', {})
    test.eq(p.sh('pwd', { working_directory = path.new('inside') }), here:gsub('\n', '/inside\n'))
    local fd = p.open('inside', p.O_DIRECTORY)
    test.eq(p.sh('pwd', { working_directory = fd }), here:gsub('\n', '/inside\n'))
    fd:close()
    test.eq(p.sh('pwd', {}), here)
end)

case('07.92 working_directory: errors', function()
    refuses({ working_directory = '/' }, 'working_directory')
    refuses({ working_directory = path.new('a\0b') }, 'working_directory')
    fails({ working_directory = path.new('/nonexistent') }, ENOENT, 'chdir')
    fails({ working_directory = path.new('') }, ENOENT, 'chdir')
    fails({ working_directory = path.new('/dev/null') }, ENOTDIR, 'chdir')
    local reader, writer = require('pipe').pair()
    local fd = reader:release()
    fails({ working_directory = fd }, ENOTDIR, 'chdir')
    fd:close()
    writer:close()
end)

case('07.92 umask', function()
    test.eq(p.sh('umask', { umask = 23 }), '0027\n')
    test.eq(p.sh('umask', { umask = 0 }), '0000\n')
end)

case('07.93 pdeathsig', function()
    fails({ pdeathsig = 1000 }, EINVAL, 'pdeathsig')
    fails({ pdeathsig = -1 }, EINVAL, 'pdeathsig')
    local child = p.sleeper { pdeathsig = 9 }
    child:kill(15)
    child:wait()
    test.eq(child.exit_signal, 15)
end)

test.done()

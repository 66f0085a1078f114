-- system.spawn: namespaces, no_new_privs, Landlock, seccomp.
local filesystem = require 'filesystem'
local system = require 'system'
local test = require 'test'
local helpers = require 'helpers'
local p = require './_processes'

local path, case, fails = filesystem.path, p.case, p.fails

local EPERM, EACCES, EINVAL = 1, 13, 22

-- A process in new namespaces, and a descriptor of each that is named.
local function with_namespaces(options, names, f)
    local holder = system.spawn { program = 'unshare', environment = system.environment,
        arguments = { 'unshare', options, 'sleep', '1000' }, stderr = 'share' }
    local own = p.sh('readlink /proc/self/ns/' .. names[#names], { environment = system.environment })
    helpers.eventually(function()
        return p.sh('readlink /proc/$1/ns/$2', { environment = system.environment }, tostring(holder.pid),
            names[#names]) ~= own
    end)
    local fds = {}
    for _, name in ipairs(names) do fds[name] = p.open('/proc/' .. holder.pid .. '/ns/' .. name) end
    local ok, result, reason = pcall(f, fds, holder.pid)
    for _, fd in pairs(fds) do fd:close() end
    holder:kill(9)
    holder:wait()
    if not ok then error(result, 0) end
    return result, reason
end

local function namespace(name, opts)
    opts.environment = system.environment
    return p.sh('readlink /proc/self/ns/' .. name, opts)
end

case('07.94 setns_uts, setns_ipc, setns_net enter a namespace; one of another kind: EINVAL', function()
    if not p.is_root then return test.skipped 'needs root' end
    return with_namespaces('-uin', { 'ipc', 'net', 'uts' }, function(fds, pid)
        for name, fd in pairs(fds) do
            local there = p.sh('readlink /proc/$1/ns/$2', { environment = system.environment }, tostring(pid), name)
            local here = namespace(name, {})
            test.eq(namespace(name, { ['setns_' .. name] = fd }), there)
            test.ne(there, here)
            test.eq(namespace(name, {}), here)
        end
        fails({ setns_net = fds.uts }, EINVAL, 'setns_net')
        fails({ setns_uts = fds.net }, EINVAL, 'setns_uts')
        fails({ setns_ipc = fds.net }, EINVAL, 'setns_ipc')
        fails({ setns_mount = fds.net }, EINVAL, 'setns_mount')
        fails({ setns_user = fds.net }, EINVAL, 'setns_user')
    end)
end)

case('07.94 setns_mount puts the child at /', function()
    if not p.is_root then return test.skipped 'needs root' end
    return with_namespaces('-m', { 'mnt' }, function(fds)
        test.eq(p.sh('pwd', { setns_mount = fds.mnt }), '/\n')
        test.eq(p.sh('pwd', { setns_mount = fds.mnt, working_directory = path.new('/tmp') }), '/\n')
        -- The directory is changed before, where the parent is.
        fails({ setns_mount = fds.mnt, working_directory = path.new('/nonexistent') }, 2, 'chdir')
        test.eq(p.run { program = path.new('bin/echo'), arguments = { 'echo', 'x' }, setns_mount = fds.mnt }, 'x\n')
    end)
end)

case('07.94 the user namespace comes first and gives the rights for the others', function()
    return with_namespaces('-rn', { 'user', 'net' }, function(fds)
        local PR_GET_DUMPABLE = 3
        local before = p.C.prctl(PR_GET_DUMPABLE)
        test.ne(namespace('net', { setns_net = fds.net, setns_user = fds.user }), namespace('net', {}))
        test.eq(p.C.prctl(PR_GET_DUMPABLE), before)
        if not p.is_root then fails({ setns_net = fds.net }, EPERM, 'setns_net') end
    end)
end)

case('07.95 ids that were dropped cannot enter a namespace', function()
    if not p.is_root then return test.skipped 'needs root' end
    return with_namespaces('-n', { 'net' }, function(fds)
        fails({ setns_net = fds.net, ruid = 1000, euid = 1000 }, EPERM, 'setns_net')
        test.ne(namespace('net', { setns_net = fds.net }), namespace('net', {}))
    end)
end)

local function status(field, opts)
    opts.program, opts.arguments = 'cat', { 'cat', '/proc/self/status' }
    return p.run(opts):match('\n' .. field .. ':%s*(%d+)')
end

case('07.96 set_no_new_privs: only in the child', function()
    local before = helpers.read_file('/proc/self/status'):match 'NoNewPrivs:%s*(%d)'
    test.eq(status('NoNewPrivs', { set_no_new_privs = true }), '1')
    test.eq(status('NoNewPrivs', { set_no_new_privs = false }), before)
    test.eq(status('NoNewPrivs', {}), before)
    test.eq(helpers.read_file('/proc/self/status'):match 'NoNewPrivs:%s*(%d)', before)
end)

-- A ruleset that allows reading and executing everywhere, and no writing; nil without Landlock.
local function read_only_ruleset()
    local ok, ruleset = pcall(system.landlock_create_ruleset, { handled_access_fs = { 'write_file', 'make_reg' } })
    return ok and ruleset or nil
end

case('07.96 landlock_restrict_self: in the child, not in the parent', function()
    local ruleset = read_only_ruleset()
    if not ruleset then return test.skipped 'no Landlock' end
    local script = 'exec 2>&-; (echo x >made) && echo written || echo denied'
    test.eq(p.sh(script, {}), 'written\n')
    test.eq(p.sh(script, { landlock_restrict_self = ruleset,
        set_no_new_privs = true, environment = system.environment }), 'denied\n')
    p.write_file('made-by-parent', 'x')
    test.eq(helpers.read_file 'made-by-parent', 'x')
    -- Without no_new_privs it takes CAP_SYS_ADMIN, before ids are dropped.
    if p.is_root then
        test.eq(p.sh(script, { landlock_restrict_self = ruleset }),
            'denied\n')
        test.eq(p.sh(script, { landlock_restrict_self = ruleset,
            ruid = 1000, euid = 1000 }), 'denied\n')
    else
        fails({ landlock_restrict_self = ruleset }, EPERM, 'landlock_restrict_self')
    end
    ruleset:close()
    local null = p.open('/dev/null')
    fails({ landlock_restrict_self = null, set_no_new_privs = true }, 77, 'landlock_restrict_self') -- EBADFD
    null:close()
end)

-- Classic BPF: system call `number` gets `action`, the others are allowed.
local function filter(number, action)
    local ALLOW = 0x7fff0000
    local items = p.ffi.new('struct { uint16_t code; uint8_t jt, jf; uint32_t k; }[4]', {
        { 0x20, 0, 0, 0 },       -- load the number
        { 0x15, 0, 1, number },  -- equal? else skip one
        { 0x06, 0, 0, action },
        { 0x06, 0, 0, ALLOW },
    })
    return byte_span.append(p.ffi.string(items, p.ffi.sizeof(items)))
end

local ERRNO, KILL_PROCESS = 0x00050000, 0x80000000
local SYS_mkdir, SYS_execve, SYS_setresuid = 83, 59, 117

case('07.96 seccomp_set_mode_filter: refuses, kills', function()
    if p.ffi.arch ~= 'x64' then return test.skipped 'numbers of another machine' end
    local refuse, kill = filter(SYS_mkdir, ERRNO + EACCES), filter(SYS_mkdir, KILL_PROCESS)
    local script = 'mkdir made-by-child 2>/dev/null && echo made || echo denied'
    local opts = { set_no_new_privs = true, environment = system.environment }
    opts.seccomp_set_mode_filter = refuse
    test.eq(p.sh(script, opts), 'denied\n')
    opts.seccomp_set_mode_filter = kill
    test.eq(p.sh(script, opts), 'denied\n')
    local child = system.spawn { program = 'mkdir', arguments = { 'mkdir', 'x' }, set_no_new_privs = true,
        seccomp_set_mode_filter = kill }
    child:wait()
    test.eq(child.exit_signal, 31)
    -- The parent is not confined.
    test.eq(p.C.mkdir('directory-of-parent', 493), 0)
end)

case('07.96 seccomp_set_mode_filter: bytes at any place of memory; programs that the kernel refuses', function()
    if p.ffi.arch ~= 'x64' then return test.skipped 'numbers of another machine' end
    local unaligned = byte_span.append('x', filter(SYS_mkdir, ERRNO + EACCES)):slice(2)
    test.eq(p.sh('mkdir y 2>/dev/null || echo denied', { set_no_new_privs = true, environment = system.environment,
        seccomp_set_mode_filter = unaligned }), 'denied\n')
    fails({ set_no_new_privs = true, seccomp_set_mode_filter = byte_span.new(8) }, EINVAL, 'seccomp_set_mode_filter')
    fails({ set_no_new_privs = true, seccomp_set_mode_filter = byte_span.new(8 * 70000) }, EINVAL, 'seccomp_set_mode_filter')
end)

case('07.96 the filter is the last step with set_no_new_privs, an early one without', function()
    if p.ffi.arch ~= 'x64' then return test.skipped 'numbers of another machine' end
    fails({ set_no_new_privs = true, seccomp_set_mode_filter = filter(SYS_execve, ERRNO + EACCES) }, EACCES, 'exec')
    if not p.is_root then
        return fails({ seccomp_set_mode_filter = filter(SYS_mkdir, ERRNO + EACCES) }, EACCES, 'seccomp_set_mode_filter')
    end
    local no_ids = filter(SYS_setresuid, ERRNO + EACCES)
    fails({ seccomp_set_mode_filter = no_ids, ruid = 1000 }, EACCES, 'setresuid')
    test.eq(p.sh('id -ur', { set_no_new_privs = true, seccomp_set_mode_filter = no_ids, ruid = 1000,
        environment = system.environment }), '1000\n')
end)

case('07.96 a filter that kills the child before it has executed anything', function()
    if p.ffi.arch ~= 'x64' then return test.skipped 'numbers of another machine' end
    local child = system.spawn { program = 'true', set_no_new_privs = true,
        seccomp_set_mode_filter = filter(SYS_execve, KILL_PROCESS) }
    child:wait()
    test.eq(child.exit_signal, 31)
end)

test.done()

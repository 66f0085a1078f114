-- Process, group, session and user ids: what a test can ask and undo (07 §7).
local test = require 'test'
local system = require 'system'
local helpers = require 'helpers'
local r = require './_rights'

-- The first change opens a directory for good.
pcall(system.setgroups, {})

local refuses = helpers.refuses

test('07.57 getpgid and getsid', function()
    for _, name in ipairs { 'getpgid', 'getsid' } do
        local get = system[name]
        test.eq(get(0), get(system.getpid()))
        test.eq(get '0', get(0.9))
        test.raises_string(function() get() end, 'number expected')
        test.raises_string(function() get {} end, 'number expected')
        refuses(function() get(999999999) end, r.ESRCH)
        refuses(function() get(5e9) end, r.ESRCH)
    end
    test.eq(system.getpgid(0), system.getpgrp())
end)

test('07.57 getpid and getppid', function()
    test.eq(tonumber(helpers.read_file('/proc/self/stat'):match '%d+'), system.getpid())
    test.eq(tonumber(helpers.read_file('/proc/self/stat'):match '%) %a (%d+)'), system.getppid())
end)

test('07.55 kill: whether there is such a process', function()
    system.kill(system.getpid(), 0)
    system.kill(tostring(system.getpid()), '0')
    refuses(function() system.kill(999999999, 0) end, r.ESRCH)
    refuses(function() system.kill(2 ^ 32 + system.getpid(), 0) end, r.ESRCH)
    for _, bad in ipairs { 1000, -1, 2 ^ 32 + 15 } do
        refuses(function() system.kill(system.getpid(), bad) end, r.EINVAL)
    end
    test.raises_string(function() system.kill() end, 'number expected')
    test.raises_string(function() system.kill(1) end, 'number expected')
    test.raises_string(function() system.kill(1, 'TERM') end, 'number expected')
end)

test('07.57 setpgid refuses', function()
    refuses(function() system.setpgid(999999999, 0) end, r.ESRCH)
    refuses(function() system.setpgid(0, -5) end, r.EINVAL)
    test.raises_string(function() system.setpgid(0) end, 'number expected')
end)

test('07.59 user ids: three, numbers', function()
    for _, kind in ipairs { 'uid', 'gid' } do
        local get, set = system['getres' .. kind], system['setres' .. kind]
        local real, effective, saved = get()
        test.eq(select('#', get()), 3)
        set(-1, -1, -1)
        set(real, tostring(effective), saved)
        test.eq({ get() }, { real, effective, saved })
        test.raises_string(function() set(real, effective) end, 'number expected')
        test.raises_string(function() set(real, effective, {}) end, 'number expected')
        refuses(function() set(2 ^ 32, -1, -1) end, r.EINVAL)
        if not r.can('cap_setuid', 'cap_setgid') then
            refuses(function() set(0, 0, 0) end, r.EPERM)
            test.eq({ get() }, { real, effective, saved })
        end
    end
end)

test('07.59 the effective id changes alone and back', function()
    if not r.can('cap_setuid', 'cap_setgid') then return test.skipped 'needs the right to set ids' end
    local other = r.new_worker()
    for _, kind in ipairs { 'gid', 'uid' } do
        local get, set = system['getres' .. kind], system['setres' .. kind]
        set(-1, 1000, -1)
        test.eq({ get() }, { 0, 1000, 0 })
        test.eq({ other:eval('return require("system").getres' .. kind .. '()') }, { 0, 1000, 0 })
        set(-1, 0, -1)
        test.eq({ get() }, { 0, 0, 0 })
    end
    other:close()
end)

test('07.61 setgroups', function()
    if not r.can 'cap_setgid' then return test.skipped 'needs the right to set groups' end
    local before = system.getgroups()
    system.setgroups { 1, 2, 3 }
    test.eq(system.getgroups(), { 1, 2, 3 })
    system.setgroups { 4, nil, 5 }
    test.eq(system.getgroups(), { 4 })
    test.raises_code(function() system.setgroups { 1, 'x' } end, r.EINVAL, 'generic', { arg = 2 })
    test.raises_code(function() system.setgroups { '1' } end, r.EINVAL, 'generic', { arg = 2 })
    refuses(function() system.setgroups { 1e11 } end, r.EINVAL)
    test.eq(system.getgroups(), { 4 })
    system.setgroups {}
    test.eq(system.getgroups(), {})
    system.setgroups(before)
end)

test('07.61 setgroups: arguments', function()
    for _, bad in ipairs { 1, 'x', false } do
        test.raises_string(function() system.setgroups(bad) end, 'table expected')
    end
    test.raises_string(function() system.setgroups() end, 'table expected')
    if not r.can 'cap_setgid' then refuses(function() system.setgroups { 1 } end, r.EPERM) end
end)

test.done()

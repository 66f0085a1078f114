-- The module and its objects; what Linux lacks (07 §1, §13).
local test = require 'test'
local system = require 'system'
local r = require './_rights'

test('07.1 unknown keys of a set of capabilities', function()
    local caps = system.cap_init()
    for _, key in ipairs { 'nope', 1, {} } do
        test.raises_code(function() return caps[key] end, 8, 'emilua.core', { index = 2 })
        test.raises_code(function() return system[key] end, 8, 'emilua.core', { index = 2 })
    end
    test.raises_string(function() caps.x = 1 end)
    test.raises_string(function() system.x = 1 end)
end)

test('07.2 names of types', function()
    test.eq(getmetatable(system), 'system')
    test.eq(getmetatable(system.cap_init()), 'linux_capabilities')
end)

-- Calls every function that changes the process; the code runs in a worker.
local master_only = [[
    local system, filesystem = require 'system', require 'filesystem'
    local calls = {
        kill = system.kill, setpgid = system.setpgid, setsid = system.setsid,
        setresuid = system.setresuid, setresgid = system.setresgid, setgroups = system.setgroups,
        cap_drop_bound = system.cap_drop_bound, cap_reset_ambient = system.cap_reset_ambient,
        cap_set_ambient = function() system.cap_set_ambient('?', true) end,
        cap_set_secbits = system.cap_set_secbits, set_proc = system.cap_init().set_proc,
        set_no_new_privs = system.set_no_new_privs,
        seccomp_set_mode_filter = system.seccomp_set_mode_filter,
        landlock_restrict_self = system.landlock_restrict_self,
        umask = filesystem.umask, chroot = filesystem.chroot,
        current_working_directory = function() filesystem.current_working_directory(1) end,
    }
    for name, f in pairs(calls) do
        local ok, e = pcall(f)
        if ok or e.code ~= 1 or tostring(e.category) ~= 'generic' or e.arg then return name .. ': ' .. tostring(e) end
    end
    return 'refused'
]]

test('07.56 07.62 06.99 calls of the master only, with no arguments at all', function()
    local other = r.new_worker()
    test.eq(other:eval(master_only), 'refused')
    other:close()
end)

test('07.62 the type of the value of cap_set_ambient is checked before', function()
    local other = r.new_worker()
    test.match(other:eval [[
        return select(2, pcall(require('system').cap_set_ambient, 'cap_kill', 1))
    ]], '#2.*boolean expected, got number')
    other:close()
end)

test('07.62 getters work in every VM', function()
    local other = r.new_worker()
    test.eq({ other:eval [[
        local system = require 'system'
        system.cap_get_secbits()
        system.getppid()
        return system.getpid(), system.getpgrp(), system.getpgid(0), system.getsid(0), #system.getgroups(),
            tostring(system.cap_get_proc()), system.cap_get_bound 'cap_kill', system.cap_get_ambient 'cap_kill',
            tostring(require('filesystem').current_working_directory()), system.getresuid()
    ]] }, { system.getpid(), system.getpgrp(), system.getpgid(0), system.getsid(0), #system.getgroups(),
        tostring(system.cap_get_proc()), system.cap_get_bound 'cap_kill', system.cap_get_ambient 'cap_kill',
        tostring(require('filesystem').current_working_directory()), system.getresuid() })
    other:close()
end)

test('07.75 no jails on Linux', function()
    for _, name in ipairs { 'jail_set', 'jail_get', 'jail_remove', 'jailparam_all' } do
        test.raises_code(system[name], 38, 'generic')
    end
end)

test.done()

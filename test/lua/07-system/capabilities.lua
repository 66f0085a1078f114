-- Objects of type linux_capabilities, and what a process may know of its own (07 §8).
local test = require 'test'
local system = require 'system'

local function invalid(f, arg) test.raises_code(f, 22, 'generic', { arg = arg }) end
local function text(caps) return tostring(caps) end
local from = system.cap_from_text

-- There are several texts of the same sets.
local function same(caps, expected) test.eq(text(caps), text(from(expected))) end

test('07.63 texts', function()
    test.eq(text(system.cap_init()), '=')
    test.eq(text(from ''), '=')
    test.eq(text(from '='), '=')
    test.eq(text(from 'CAP_CHOWN=p'), 'cap_chown=p')
    test.ne(text(from 'cap_chown=ep cap_kill+i'), text(from 'cap_chown=ep'))
    for _, bad in ipairs { 'foo=ep', 'cap_chown', 'cap_chown=x', '=ep\0', 12 } do
        local e = test.raises_code(function() from(bad) end, 22, 'system')
        test.eq(e.arg, nil)
    end
    test.raises_string(function() from() end, 'string expected')
    test.raises_string(function() from {} end, 'string expected')
end)

test('07.63 the sets of the process', function()
    local caps = system.cap_get_proc()
    test.eq(text(from(text(caps))), text(caps))
    caps:clear()
    test.eq(text(caps), '=')
    test.ok(rawequal(caps, caps) and caps ~= caps:dup())
end)

test('07.64 dup is independent', function()
    local a = from 'cap_chown=ep'
    local b = a:dup()
    a:clear()
    test.eq(text(a), '=')
    test.eq(text(b), 'cap_chown=ep')
end)

test('07.64 flags', function()
    local caps = from 'cap_chown,cap_kill=eip'
    caps:clear_flag 'inheritable'
    same(caps, 'cap_chown,cap_kill=ep')
    caps:set_flag('effective', { 'cap_kill', '0' }, false)
    same(caps, 'cap_chown,cap_kill=p')
    test.eq(caps:get_flag('cap_kill', 'permitted'), true)
    test.eq(caps:get_flag('CAP_KILL', 'effective'), false)
    test.eq(caps:get_flag('5', 'permitted'), true)
    test.eq(caps:set_flag('inheritable', { 'cap_setuid', nil, 'cap_setgid' }, true), nil)
    same(caps, 'cap_chown,cap_kill=p cap_setuid+i')
    caps:fill('effective', 'permitted')
    same(caps, 'cap_chown,cap_kill=ep cap_setuid+i')
    caps:fill_flag('permitted', from 'cap_sys_admin=i', 'inheritable')
    same(caps, 'cap_chown,cap_kill=e cap_setuid+i cap_sys_admin+p')
end)

test('07.65 names', function()
    local caps = system.cap_init()
    for _, bad in ipairs { 'x', '', 'Effective', 'effective ', {}, false } do
        invalid(function() caps:clear_flag(bad) end, 2)
        invalid(function() caps:get_flag('cap_kill', bad) end, 3)
        invalid(function() caps:set_flag(bad, { 'cap_kill' }, true) end, 2)
        invalid(function() caps:fill(bad, 'effective') end, 2)
        invalid(function() caps:fill('effective', bad) end, 3)
        invalid(function() caps:fill_flag(bad, caps, 'effective') end, 2)
        invalid(function() caps:fill_flag('effective', caps, bad) end, 4)
    end
    for _, bad in ipairs { 'x', '', 'kill', 'cap_kill ', 'cap_kill=ep', 'cap_kill\0', '64', '99999999999', '5x', '-1', 5, {} } do
        invalid(function() caps:get_flag(bad, 'effective') end, 2)
        invalid(function() caps:set_flag('effective', { 'cap_kill', bad }, true) end, 3)
        invalid(function() system.cap_get_bound(bad) end, 1)
        invalid(function() system.cap_get_ambient(bad) end, 1)
        invalid(function() system.cap_drop_bound(bad) end, 1)
        invalid(function() system.cap_set_ambient(bad, true) end, 1)
    end
    test.eq(text(caps), '=')
    for _, bad in ipairs { 'cap_kill', system, {} } do
        invalid(function() caps:fill_flag('effective', bad, 'effective') end, 3)
    end
end)

test('07.65 self', function()
    local caps = system.cap_init()
    for _, name in ipairs { 'dup', 'clear', 'clear_flag', 'get_flag', 'fill', 'fill_flag', 'get_nsowner', 'set_nsowner',
        'set_proc' } do
        invalid(function() caps[name]() end, 1)
        invalid(function() caps[name](system) end, 1)
    end
    invalid(function() caps.set_flag(system, 'effective', {}, true) end, 1)
end)

test('07.66 set_flag', function()
    local caps = system.cap_init()
    local e = test.raises_code(function() caps:set_flag('effective', {}, true) end, 22, 'system')
    test.eq(e.arg, nil)
    test.raises_string(function() caps:set_flag('effective', { 'cap_kill' }, 1) end, 'boolean expected')
    test.raises_string(function() caps:set_flag('effective', { 'cap_kill' }) end, 'boolean expected')
    test.raises_string(function() caps:set_flag('x', 'cap_kill', true) end, 'table expected')
    test.raises_string(function() caps.set_flag(nil, 'x', { '?' }) end, 'boolean expected')
end)

test('07.64 the owner of the namespace', function()
    local caps = system.cap_init()
    test.eq(caps:get_nsowner(), 0)
    caps:set_nsowner(1000)
    test.eq(caps:get_nsowner(), 1000)
    test.eq(caps:dup():get_nsowner(), 1000)
    test.raises_string(function() caps:set_nsowner() end, 'number expected')
end)

test('07.67 values of the securebits', function()
    local names = { 'NOROOT', 'NOROOT_LOCKED', 'NO_SETUID_FIXUP', 'NO_SETUID_FIXUP_LOCKED', 'KEEP_CAPS',
        'KEEP_CAPS_LOCKED', 'NO_CAP_AMBIENT_RAISE', 'NO_CAP_AMBIENT_RAISE_LOCKED' }
    for i, name in ipairs(names) do test.eq(system['SECBIT_' .. name], 2 ^ (i - 1)) end
    test.eq(type(system.cap_get_secbits()), 'number')
end)

test('07.68 bounding and ambient set', function()
    test.eq(type(system.cap_get_bound 'cap_kill'), 'boolean')
    test.eq(system.cap_get_ambient 'cap_kill', false)
    test.raises_code(function() system.cap_get_bound '63' end, 22, 'system') -- a name, but not of this kernel
end)

test.done()

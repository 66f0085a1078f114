-- Capabilities of the process: each case is a process of its own (07 §8).
-- ThreadSanitizer has a thread of its own, which blocks every signal: no call can be made on all threads.
--@ need !sanitizer:thread
--@ test 07.67 the ambient set, on all threads
--@ need root
--@ run $EMILUA $FILE ambient
--@ test 07.67 07.68 07.69 without privileges
--@ run $EMILUA $FILE unprivileged
--@ test 07.68 the bounding set, on all threads
--@ need root
--@ run $EMILUA $FILE bound
--@ test 07.69 everything dropped, on all threads
--@ run $EMILUA $FILE nothing
--@ test 07.69 one right kept, the example of the specification
--@ need root
--@ run $EMILUA $FILE one
--@ test 07.67 securebits, on all threads
--@ need root
--@ run $EMILUA $FILE securebits

local system = require 'system'
local test = require 'test'
local helpers = require 'helpers'
local r = require './_rights'

local function refuses(f) helpers.refuses(f, r.EPERM) end

local workers = {}

local function start_workers()
    for i = 1, 3 do
        workers[i] = r.new_worker()
        workers[i]:eval 'return 1'
    end
end

-- All threads of this process, of which there are four at least, have one value. Returns it.
local function common(field)
    local of = r.of_threads(field)
    local value, count = next(of)
    test.eq(next(of, value), nil)
    assert(count >= 4, count)
    return value
end

local cases = {}

function cases.ambient()
    start_workers()
    refuses(function() system.cap_set_ambient('cap_kill', true) end)
    local caps = system.cap_get_proc()
    caps:set_flag('inheritable', { 'cap_kill' }, true)
    caps:set_proc()
    test.match(common 'CapInh', '^0+20$')
    system.cap_set_ambient('cap_kill', true)
    test.eq(system.cap_get_ambient 'cap_kill', true)
    test.match(common 'CapAmb', '^0+20$')
    system.cap_set_ambient('cap_kill', false)
    test.eq(system.cap_get_ambient 'cap_kill', false)
    system.cap_set_ambient('cap_kill', true)
    system.cap_reset_ambient()
    test.eq(system.cap_get_ambient 'cap_kill', false)
    test.match(common 'CapAmb', '^0+$')
end

function cases.unprivileged()
    r.become_nobody()
    refuses(function() system.cap_set_ambient('cap_kill', true) end)
    refuses(function() system.cap_drop_bound 'cap_kill' end)
    refuses(function() system.cap_set_secbits(system.SECBIT_NOROOT) end)
    refuses(function() system.cap_set_secbits(-1) end)
    refuses(function() system.cap_from_text('cap_kill=ep'):set_proc() end)
    system.cap_reset_ambient()
    system.cap_get_proc():set_proc()
    system.cap_init():set_proc()
end

function cases.bound()
    start_workers()
    test.eq(system.cap_get_bound 'cap_mknod', true)
    local before = common 'CapBnd'
    system.cap_drop_bound 'cap_mknod'
    test.eq(system.cap_get_bound 'cap_mknod', false)
    system.cap_drop_bound 'cap_mknod'
    test.ne(common 'CapBnd', before)
end

function cases.nothing()
    start_workers()
    local before = system.cap_get_proc()
    system.cap_init():set_proc()
    for _, field in ipairs { 'CapEff', 'CapPrm', 'CapInh' } do test.match(common(field), '^0+$') end
    test.eq(workers[2]:eval 'return tostring(require("system").cap_get_proc())', '=')
    refuses(function() system.cap_from_text('cap_kill=p'):set_proc() end)
    if tostring(before) ~= '=' then refuses(function() before:set_proc() end) end
end

function cases.one()
    local caps = system.cap_init()
    caps:set_flag('permitted', { 'cap_net_bind_service' }, true)
    caps:fill('effective', 'permitted')
    caps:set_proc()
    test.eq(tostring(system.cap_get_proc()), 'cap_net_bind_service=ep')
end

function cases.securebits()
    start_workers()
    test.eq(system.cap_get_secbits(), 0)
    system.cap_set_secbits(system.SECBIT_NO_CAP_AMBIENT_RAISE + system.SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)
    test.eq(system.cap_get_secbits(), 192)
    refuses(function() system.cap_set_secbits(0) end)
    refuses(function() system.cap_set_secbits(2 ^ 40) end)
    test.raises_string(function() system.cap_set_secbits() end, 'number expected')
    local caps = system.cap_get_proc()
    caps:fill('inheritable', 'permitted')
    caps:set_proc()
    refuses(function() system.cap_set_ambient('cap_kill', true) end)
end

r.run(cases)

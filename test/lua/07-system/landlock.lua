-- Landlock: rulesets. Nothing is enforced here (07 §9, 00-overview decision 6).
--@ need landlock
local test = require 'test'
local pipe = require 'pipe'
local unix = require 'unix'
local system = require 'system'
local helpers = require 'helpers'
local r = require './_rights'

local create, add, restrict =
    system.landlock_create_ruleset, system.landlock_add_rule, system.landlock_restrict_self

local function invalid(f, arg) test.raises_code(f, r.EINVAL, 'generic', { arg = arg }) end
local refuses = helpers.refuses

local names = { 'execute', 'write_file', 'read_file', 'read_dir', 'remove_dir', 'remove_file', 'make_char', 'make_dir',
    'make_reg', 'make_sock', 'make_fifo', 'make_block', 'make_sym', 'refer', 'truncate', 'ioctl_dev' }
local abi = create(nil, { 'version' })
local known = ({ 13, 14, 15, 15, 16 })[abi] or 16

-- Raises unless the kernel has what ABI `n` brought.
local function since(n) return abi < n and test.skipped('the kernel has ABI ' .. abi) end

test('07.70 version', function()
    test.ok(abi >= 1 and abi % 1 == 0)
    test.eq(create(nil, { 'version', 'version' }), abi)
    refuses(function() create({ handled_access_fs = { 'execute' } }, { 'version' }) end, r.EINVAL)
    refuses(function() create({}, { 'version' }) end, r.EINVAL)
end)

test('07.71 arguments of landlock_create_ruleset', function()
    for _, bad in ipairs { 'x', 1, true, system } do
        invalid(function() create(bad) end, 1)
        invalid(function() create(nil, bad) end, 2)
        invalid(function() create({ handled_access_fs = bad }) end, 'invalid handled_access_fs')
        invalid(function() create({ handled_access_net = bad }) end, 'invalid handled_access_net')
        invalid(function() create({ scoped = bad }) end, 'invalid scoped')
    end
    for _, bad in ipairs { 'versio', '', 'version\0', 1, {} } do invalid(function() create(nil, { bad }) end, 2) end
    invalid(function() create { 'execute' } end, 1)
    invalid(function() create { [{}] = {} } end, 1)
    for _, bad in ipairs { '', 'handled_access', 'handled_access_fs\0' } do
        invalid(function() create { [bad] = {} } end, 'invalid ruleset attr')
    end
    for _, bad in ipairs { 'fly', '', 'Execute', 'execute\0', 'bind_tcp', 1, {}, false } do
        invalid(function() create { handled_access_fs = { 'execute', bad } } end, 'invalid LANDLOCK_ACCESS_FS')
    end
    for _, bad in ipairs { 'execute', 1 } do
        invalid(function() create { handled_access_net = { bad } } end, 'invalid LANDLOCK_ACCESS_NET')
        invalid(function() create { scoped = { bad } } end, 'invalid LANDLOCK_SCOPE')
    end
end)

test('07.71 the kernel refuses', function()
    local EFAULT, ENOMSG = 14, 42
    refuses(function() create { handled_access_fs = {} } end, ENOMSG)
    refuses(function() create {} end, ENOMSG)
    refuses(function() create() end, EFAULT)
    refuses(function() create(nil, {}) end, EFAULT)
end)

test('07.71 every name that the kernel knows makes a ruleset', function()
    for i = 1, known do create({ handled_access_fs = { names[i] } }):close() end
    for i = known + 1, #names do refuses(function() create { handled_access_fs = { names[i] } } end, r.EINVAL) end
    local all = create({ handled_access_fs = { unpack(names, 1, known) } }, nil)
    test.eq(getmetatable(all), 'file_descriptor')
    all:close()
end)

test('07.71 ABI 4: ports', function()
    local skip, why = since(4)
    if skip then return skip, why end
    local rules = create { handled_access_net = { 'bind_tcp', 'connect_tcp' } }
    for _, port in ipairs { 0, 80, 65535, '443', 80.5 } do
        test.eq(add(rules, 'net_port', { allowed_access = { 'bind_tcp' }, port = port }), nil)
    end
    for _, port in ipairs { -1, 65536, 2 ^ 64, 0 / 0 } do
        refuses(function() add(rules, 'net_port', { allowed_access = { 'bind_tcp' }, port = port }) end, r.EINVAL)
    end
    for _, bad in ipairs { 'http', {}, true } do
        invalid(function() add(rules, 'net_port', { port = bad }) end, 'invalid port')
    end
    invalid(function() add(rules, 'net_port', { parent_fd = rules }) end, 'invalid net_port attr')
    invalid(function() add(rules, 'net_port', { allowed_access = 1 }) end, 'invalid allowed_access')
    invalid(function() add(rules, 'net_port', { allowed_access = { 'execute' } }) end, 'invalid LANDLOCK_ACCESS_NET')
    rules:close()
end)

test('07.71 ABI 6: scopes', function()
    local skip, why = since(6)
    if skip then return skip, why end
    create({ scoped = { 'abstract_unix_socket' } }):close()
    create({ scoped = { 'abstract_unix_socket', 'signal' } }):close()
end)

test('07.72 arguments of landlock_add_rule', function()
    local rules = create { handled_access_fs = { 'execute', 'read_file' } }
    local dir = r.open('/', r.O_PATH)
    local rule = { allowed_access = { 'execute' }, parent_fd = dir }
    test.eq(add(rules, 'path_beneath', rule), nil)
    test.eq(add(rules, 'path_beneath', rule, nil), nil)
    for _, bad in ipairs { 'path', '', 1, {}, 'path_beneath\0' } do invalid(function() add(rules, bad, rule) end, 2) end
    for _, bad in ipairs { 1, 'x', system } do
        invalid(function() add(bad, 'path_beneath', rule) end, 1)
        invalid(function() add(rules, 'path_beneath', bad) end, 3)
        invalid(function() add(rules, 'path_beneath', rule, bad) end, 4)
        invalid(function() add(rules, 'path_beneath', { parent_fd = bad }) end, 'invalid parent_fd')
        invalid(function() add(rules, 'path_beneath', { allowed_access = bad }) end, 'invalid allowed_access')
    end
    invalid(function() add(rules, 'path_beneath') end, 3)
    invalid(function() add() end, 1)
    invalid(function() add(rules, 'path_beneath', { 'execute' }) end, 3)
    invalid(function() add(rules, 'path_beneath', { port = 1 }) end, 'invalid path_beneath attr')
    invalid(function() add(rules, 'path_beneath', { allowed_access = { 'fly' } }) end, 'invalid LANDLOCK_ACCESS_FS')
    dir:close()
    invalid(function() add(rules, 'path_beneath', rule) end, 'invalid parent_fd')
    rules:close()
    invalid(function() add(rules, 'path_beneath', rule) end, 1)
end)

test('07.72 the kernel refuses', function()
    local ENOMSG, EBADFD = 42, 77
    local rules = create { handled_access_fs = { 'execute', 'read_file' } }
    local reader, writer = pipe.pair()
    local fd = reader:release()
    writer:close()
    local dir = r.open('/', r.O_PATH)
    refuses(function() add(rules, 'path_beneath', { allowed_access = { 'execute' }, parent_fd = fd }) end, EBADFD)
    refuses(function() add(rules, 'path_beneath', { allowed_access = { 'make_dir' }, parent_fd = dir }) end, r.EINVAL)
    refuses(function() add(rules, 'path_beneath', { allowed_access = {}, parent_fd = dir }) end, ENOMSG)
    refuses(function() add(rules, 'path_beneath', { parent_fd = dir }) end, ENOMSG)
    refuses(function() add(rules, 'path_beneath', { allowed_access = { 'execute' } }) end, r.EBADF)
    for _, other in ipairs { dir, fd } do
        refuses(function() add(other, 'path_beneath', { allowed_access = { 'execute' }, parent_fd = dir }) end,
            other == dir and r.EBADF or EBADFD)
    end
    rules:close()
    fd:close()
    dir:close()
end)

test('07.72 descriptors that are being sent', function()
    local EBUSY = 16
    local rules = create { handled_access_fs = { 'execute' } }
    local dir = r.open('/', r.O_PATH)
    local a, b = unix.stream_socket.pair()
    a:set_option('send_buffer_size', 5000)
    local sending = { rules, dir }
    local fiber = helpers.fill(function() a:send_with_fds(byte_span.new(1000), sending) end)
    local rule = { allowed_access = { 'execute' }, parent_fd = dir }
    test.raises_code(function() add(rules, 'path_beneath', rule) end, EBUSY, 'generic')
    test.raises_code(function() restrict(rules) end, EBUSY, 'generic')
    local free = create { handled_access_fs = { 'execute' } }
    invalid(function() add(free, 'path_beneath', rule) end, 'busy parent_fd')
    a:close()
    b:close()
    test.throws(fiber.join, fiber)
    add(rules, 'path_beneath', rule)
    for _, fd in ipairs { rules, dir, free } do fd:close() end
end)

test('07.73 arguments of landlock_restrict_self', function()
    local rules = create { handled_access_fs = { 'execute' } }
    for _, bad in ipairs { 1, 'x', {}, system } do
        invalid(function() restrict(bad) end, 1)
        invalid(function() restrict(rules, bad) end, 2)
    end
    invalid(function() restrict() end, 1)
    rules:close()
    invalid(function() restrict(rules) end, 1)
end)

test.done()

-- Serial ports and pseudoterminals (05 §1, §8).
local test = require 'test'
local serial_port = require 'serial_port'
local pipe = require 'pipe'
local stream = require 'stream'
local filesystem = require 'filesystem'
local generic = require 'generic_error'
local helpers = require 'helpers'
local io = require '/_io'
local ffi = require 'ffi'
local bytes, read, start, settle, close = io.bytes, io.read, io.start, io.settle, io.close
local is_aborted, is_interrupted, os_error = io.is_aborted, io.is_interrupted, io.os_error

ffi.cdef [[
int fcntl(int fd, int command, ...);
char *ptsname(int fd);
int tcgetattr(int fd, void *line);
]]

local function pair()
    local master, fd = serial_port.ptypair()
    return master, serial_port.new(fd)
end

local function line(fd)
    local buffer = ffi.new('char[100]')
    assert(ffi.C.tcgetattr(helpers.number(fd), buffer) == 0)
    return ffi.string(buffer, 100)
end

test('05.1 05.2 05.3 identity and unknown keys', function()
    local port = serial_port.new()
    test.eq(type(port), 'userdata')
    test.eq(getmetatable(port), 'serial_port')
    test.match(tostring(port), '^userdata: ')
    for _, key in ipairs { 'nope', 'shutdown', 1, true, serial_port } do
        test.raises_code(function() return port[key] end, 8, 'emilua.core', { index = 2 })
    end
    test.raises_code(function() return port[nil] end, 8, 'emilua.core', { index = 2 })
    for _, key in ipairs { 'x', 'is_open', 'open', 'read_some', 1 } do
        test.raises_code(function() port[key] = 1 end, 8, 'emilua.core', { index = 2 })
    end
end)

test('05.4 a closed port raises EBADF', function()
    local port = serial_port.new()
    test.eq(port.is_open, false)
    port:close()
    port:close()
    local uses = {
        function() port:read_some(byte_span.new(1)) end, function() port:read_some(byte_span.new(0)) end,
        function() port:write_some(byte_span.new(0)) end, function() port:cancel() end,
        function() port:release() end, function() port:send_break() end, function() port:isatty() end,
        function() port:tcgetpgrp() end, function() port:tcsetpgrp(1) end,
    }
    local values = { baud_rate = 9600, flow_control = 'software', parity = 'odd', stop_bits = 'one', character_size = 8 }
    for name, value in pairs(values) do
        uses[#uses + 1] = function() return port[name] end
        uses[#uses + 1] = function() port[name] = value end
    end
    for i, use in ipairs(uses) do test.error(use, generic.EBADF) end
    -- Arguments come first.
    test.error(function() port.character_size = 9 end, io.is_invalid(3))
    test.error(function() port.parity = 'x' end, generic.ENOTSUP)
    test.raises_string(function() port:tcsetpgrp('x') end, 'bad argument #[12]')
end)

test('05.8 05.9 wrong self, wrong buffer', function()
    local master, slave = pair()
    for _, name in ipairs { 'open', 'assign', 'read_some', 'write_some', 'close', 'cancel', 'release', 'send_break',
        'isatty', 'tcgetpgrp', 'tcsetpgrp' } do
        test.error(function() master[name]({}, bytes 'x') end, io.is_invalid(1))
        test.error(function() master[name]() end, io.is_invalid(1))
    end
    for _, name in ipairs { 'read_some', 'write_some' } do
        for _, bad in ipairs { 'str', 1, {} } do
            test.error(function() master[name](master, bad) end, io.is_invalid(2))
        end
        test.error(function() master[name](master) end, io.is_invalid(2))
    end
    close(master, slave)
end)

test('05.111 bytes flow both ways', function()
    local master, slave = pair()
    test.eq(slave:write_some(bytes 'hi\n'), 3)
    test.eq(read(master), 'hi\r\n')
    test.eq(master:write_some(bytes 'there\n'), 6)
    test.eq(read(slave), 'there\n')
    test.eq(read(master), 'there\r\n') -- the echo
    test.eq(slave:isatty(), true)
    test.eq(master:isatty(), true)
    test.eq(slave:read_some(byte_span.new(0)), 0)
    test.eq(slave:write_some(byte_span.new(0)), 0)
    close(master, slave)
end)

test('05.111 the slave is a descriptor of the terminal and blocks', function()
    local master, fd = serial_port.ptypair()
    test.eq(getmetatable(master), 'serial_port')
    test.eq(getmetatable(fd), 'file_descriptor')
    local F_GETFD, F_GETFL, O_NONBLOCK = 1, 3, 2048
    test.eq(ffi.C.fcntl(helpers.number(fd), F_GETFD), 1)
    test.eq(bit.band(ffi.C.fcntl(helpers.number(fd), F_GETFL), O_NONBLOCK), 0)
    local master_fd = master:release()
    test.eq(ffi.C.fcntl(helpers.number(master_fd), F_GETFD), 1)
    test.eq(bit.band(ffi.C.fcntl(helpers.number(master_fd), F_GETFL), O_NONBLOCK), 0)
    test.match(ffi.string(ffi.C.ptsname(helpers.number(master_fd))), '^/dev/pts/%d+$')
    close(master_fd, fd)
end)

test('05.111 the master reads the rest, then EIO, when all slaves are closed', function()
    local master, fd = serial_port.ptypair()
    local slave, other = serial_port.new(fd:dup()), serial_port.new(fd)
    slave:write_some(bytes 'rest')
    slave:close()
    test.eq(read(master), 'rest')
    local reader = start(read, master)
    test.eq(reader.done(), false)
    other:close()
    reader.fails(os_error 'EIO')
    for _ = 1, 3 do test.error(function() read(master) end, os_error 'EIO') end
    test.eq(tostring(select(2, pcall(read, master))), 'Input/output error')
    master:close()
end)

test('05.111 without free descriptors', function()
    local ok, e = helpers.without_free_descriptors(serial_port.ptypair)
    test.eq(ok, false)
    test.ok(os_error 'EMFILE'(e))
end)

test('05.112 properties of a fresh terminal', function()
    local master, slave = pair()
    for _, port in ipairs { master, slave } do
        test.eq({ port.baud_rate, port.flow_control, port.stop_bits, port.character_size }, { 38400, 'software', 'one', 8 })
        test.eq(port.parity, nil)
    end
    close(master, slave)
end)

test('05.112 properties round-trip', function()
    local master, slave = pair()
    local values = {
        baud_rate = { 50, 9600, 115200, 38400, 4000000 },
        flow_control = { 'hardware', 'software' },
        stop_bits = { 'two', 'one' },
        character_size = { 8 },
    }
    for name, list in pairs(values) do
        for _, value in ipairs(list) do
            slave[name] = value
            test.eq(slave[name], value, name)
        end
    end
    slave.flow_control = nil
    test.eq(slave.flow_control, nil)
    slave.parity = nil
    test.eq(slave.parity, nil)
    slave.baud_rate = '9600'
    test.eq(slave.baud_rate, 9600)
    close(master, slave)
end)

test('05.112 bad values', function()
    local master, slave = pair()
    local function refused(name, value, ...)
        local before = slave[name]
        test.error(function() slave[name] = value end, ...)
        test.eq(slave[name], before)
    end
    local function no_support(e) return e == generic.ENOTSUP and tostring(e.category) == 'generic' and e.arg == nil end
    for _, name in ipairs { 'parity', 'flow_control' } do
        for _, bad in ipairs { 'x', '', 'none', 'Odd', 'odd\0' } do refused(name, bad, no_support) end
        for _, bad in ipairs { true, 1, {} } do refused(name, bad, io.is_invalid(3)) end
    end
    for _, bad in ipairs { 'x', '', 'three' } do refused('stop_bits', bad, no_support) end
    for _, bad in ipairs { true, 1, {} } do refused('stop_bits', bad, 'bad argument #3.*string expected') end
    test.error(function() slave.stop_bits = nil end, 'bad argument #3.*string expected')
    refused('stop_bits', 'one_point_five', os_error 'EOPNOTSUPP')
    for _, bad in ipairs { 9, 4, 0, -1, 1e10 } do refused('character_size', bad, io.is_invalid(3)) end
    refused('character_size', 'x', 'bad argument #3.*number expected')
    for _, bad in ipairs { 5, 6, 7 } do refused('character_size', bad, os_error 'EINVAL') end
    for _, bad in ipairs { 1, 12345, -1, 2 ^ 32 + 9600, 1e300 } do refused('baud_rate', bad, os_error 'EINVAL') end
    for _, bad in ipairs { 'x', true, {} } do refused('baud_rate', bad, 'bad argument #3.*number expected') end
    close(master, slave)
end)

test('05.112 what is no terminal', function()
    local port = serial_port.new()
    port:open '/dev/null'
    test.ok(port.is_open)
    test.eq(port:isatty(), false)
    local values = { baud_rate = 9600, flow_control = 'software', parity = 'odd', stop_bits = 'one', character_size = 8 }
    for name, value in pairs(values) do
        local e = test.error(function() return port[name] end, os_error 'ENOTTY')
        test.eq(tostring(e), 'Inappropriate ioctl for device')
        test.error(function() port[name] = value end, os_error 'ENOTTY')
    end
    test.error(function() port:send_break() end, os_error 'ENOTTY')
    test.error(function() port:tcgetpgrp() end, os_error 'ENOTTY')
    test.error(function() port:tcsetpgrp(1) end, os_error 'ENOTTY')
    port:close()
end)

test('05.111 process groups of a terminal that is not the controlling one', function()
    local master, slave = pair()
    test.error(function() slave:tcgetpgrp() end, os_error 'ENOTTY')
    test.error(function() slave:tcsetpgrp(1) end, os_error 'ENOTTY')
    for _, bad in ipairs { 'x', true } do
        test.raises_string(function() slave:tcsetpgrp(bad) end, 'bad argument #[12].*number expected')
    end
    slave:send_break()
    close(master, slave)
end)

test('05.113 open', function()
    local master, fd = serial_port.ptypair()
    local master_fd = master:release()
    local name = ffi.string(ffi.C.ptsname(helpers.number(master_fd)))
    master:assign(master_fd)
    local by_fd = serial_port.new(fd:dup())
    by_fd.baud_rate, by_fd.flow_control = 9600, nil
    local before = line(fd)
    local port = serial_port.new()
    test.eq(select('#', port:open(name)), 0)
    test.ok(line(fd) == before)
    test.eq(port.baud_rate, 9600)
    test.eq(port:isatty(), true)
    port:write_some(bytes 'x')
    test.eq(read(master), 'x')
    for _ = 1, 3 do
        test.raises_code(function() port:open(name) end, 1, 'asio.misc')
        test.raises_code(function() port:assign(fd) end, 1, 'asio.misc')
    end
    test.match(tostring(fd), '^/dev/fd/')
    port:close()
    port:open(name)
    close(port, by_fd, master, fd)
end)

test('05.113 arguments of open', function()
    local port = serial_port.new()
    for _, bad in ipairs { filesystem.path.new '/dev/null', 1, true, {} } do
        test.raises_string(function() port:open(bad) end, 'bad argument #[12].*string expected')
    end
    test.raises_string(function() port:open() end, 'bad argument #[12].*string expected')
    test.error(function() port:open '/nowhere' end, os_error 'ENOENT')
    test.error(function() port:open '' end, os_error 'ENOENT')
    test.error(function() port:open '/' end, os_error 'EISDIR')
    test.error(function() port:open '/dev/null\0x' end, io.is_invalid(2))
    test.eq(port.is_open, false)
end)

test('05.7 05.40 05.41 adopting descriptors', function()
    test.error(function() serial_port.new(nil) end, io.is_invalid(1))
    test.error(function() serial_port.new(1) end, io.is_invalid(1))
    test.error(function() serial_port.new():assign() end, io.is_invalid(2))
    local master, fd = serial_port.ptypair()
    local slave = serial_port.new(fd)
    fd:close()
    test.error(function() serial_port.new(fd) end, io.is_invalid(1))
    test.ok(slave.is_open)
    -- A pipe will do.
    local r, w = pipe.pair()
    local port = serial_port.new(w:release())
    port:write_some(bytes 'x')
    test.eq(read(r), 'x')
    test.error(function() read(port) end, os_error 'EBADF')
    close(port, r, slave, master)
end)

test('05.114 cancel, close, release with pending operations', function()
    for _, name in ipairs { 'cancel', 'close', 'release' } do
        local master, slave = pair()
        local reader = start(slave.read_some, slave, byte_span.new(1))
        local kept = { slave[name](slave) }
        test.eq(#kept, name == 'release' and 1 or 0)
        reader.fails(is_aborted)
        test.eq(slave.is_open, name == 'cancel')
        if name == 'release' then slave:assign(kept[1]) end
        if name ~= 'close' then
            master:write_some(bytes 'x\n')
            test.eq(read(slave), 'x\n')
        end
        close(master, slave)
    end
end)

test('05.114 interruption of one of two readers', function()
    local master, slave = pair()
    local first = start(slave.read_some, slave, byte_span.new(1))
    local second = start(read, slave)
    first.fiber:interrupt()
    first.fails(is_interrupted)
    test.eq(second.done(), false)
    master:write_some(bytes 'x\n')
    test.eq(second.returns(), 'x\n')
    close(master, slave)
end)

test('05.10 served in the order they started', function()
    local master, slave = pair()
    local readers = {}
    for i = 1, 3 do readers[i] = start(read, slave, 1) end
    master:write_some(bytes 'ab\n')
    for i, text in ipairs { 'a', 'b', '\n' } do test.eq(readers[i].returns(), text) end
    close(master, slave)
end)

test('05.114 a writer that waits for room', function()
    local master, slave = pair()
    slave.flow_control = nil
    local text = ('x'):rep(300000)
    local writer = start(stream.write_all, slave, text)
    test.eq(writer.done(), false)
    local total = 0
    while total < #text do total = total + #read(master, 10000) end
    test.eq(writer.returns(), #text)
    close(master, slave)
end)

test('05.21 forbid-suspend', function()
    local master, slave = pair()
    this_fiber.forbid_suspend()
    local ok, e = pcall(slave.read_some, slave, byte_span.new(1))
    local rate = slave.baud_rate
    this_fiber.allow_suspend()
    test.eq({ ok, e.code, rate }, { false, 12, 38400 })
    close(master, slave)
end)

test('05.33 a collected port is closed', function()
    local master, slave = pair()
    slave = nil
    collectgarbage()
    collectgarbage()
    test.error(function() read(master) end, os_error 'EIO')
    master:close()
end)

test.done()

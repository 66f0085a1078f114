-- What is common to all sockets: identity, wrong arguments, closed objects, descriptors (05 §1, §2).
local test = require 'test'
local ip = require 'ip'
local tcp = require '/_tcp'
local EINVAL, EBADF = 22, 9
local loopback = ip.address.loopback_v4()

local classes = {
    ['ip.tcp.socket'] = ip.tcp.socket.new,
    ['ip.tcp.acceptor'] = ip.tcp.acceptor.new,
    ['ip.udp.socket'] = ip.udp.socket.new,
}

test('05.1 identity', function()
    for name, new in pairs(classes) do
        local object = new()
        test.eq(type(object), 'userdata')
        test.eq(getmetatable(object), name)
        test.match(tostring(object), '^userdata: ')
        test.ok(object == object and object ~= new())
    end
    test.eq(getmetatable(loopback), 'ip.address')
end)

test('05.2 05.3 unknown keys', function()
    for _, new in pairs(classes) do
        local object = new()
        for _, key in ipairs { 'nope', 1, true } do
            test.raises_code(function() return object[key] end, 8, 'emilua.core', { index = 2 })
        end
        test.raises_code(function() return object[nil] end, 8, 'emilua.core', { index = 2 })
        test.raises_string(function() object.x = 1 end, 'attempt to index')
    end
    test.raises_code(function() return ip.tcp.acceptor.new().remote_port end, 8, 'emilua.core', { index = 2 })
end)

test('05.4 a closed socket raises EBADF', function()
    for name, new in pairs(classes) do
        local s = new()
        test.eq(s.is_open, false)
        test.eq(select('#', s:close()), 0)
        s:close()
        local calls = {
            function() s:cancel() end,
            function() s:release() end,
            function() s:bind('127.0.0.1', 0) end,
            function() s:set_option('debug', false) end,
            function() s:get_option('debug') end,
            function() return s.local_address end,
            function() return s.local_port end,
        }
        local function add(f) calls[#calls + 1] = f end
        if name == 'ip.tcp.acceptor' then
            add(function() s:listen() end)
            add(function() s:accept() end)
        else
            add(function() s:shutdown('both') end)
            add(function() s:disconnect() end)
            add(function() s:io_control('bytes_readable') end)
            add(function() return s.remote_address end)
            add(function() return s.remote_port end)
        end
        if name == 'ip.tcp.socket' then
            for _, size in ipairs { 0, 1 } do
                local b = byte_span.new(size)
                add(function() s:read_some(b) end)
                add(function() s:write_some(b) end)
                add(function() s:receive(b, 0) end)
                add(function() s:send(b, 0) end)
            end
            add(function() s:wait('read') end)
            add(function() return s.at_mark end)
        elseif name == 'ip.udp.socket' then
            for _, size in ipairs { 0, 1 } do
                local b = byte_span.new(size)
                add(function() s:receive(b) end)
                add(function() s:send(b) end)
                add(function() s:receive_from(b) end)
                add(function() s:send_to(b, loopback, 1) end)
            end
        end
        for i, call in ipairs(calls) do
            local e = test.throws(call)
            test.ok(e == require('generic_error').EBADF, name .. ' call ' .. i .. ': ' .. tostring(e))
        end
        test.eq(s.is_open, false)
    end
end)

test('05.5 shutdown checks its argument before the socket', function()
    for _, new in ipairs { ip.tcp.socket.new, ip.udp.socket.new } do
        test.raises_code(function() new():shutdown('bad') end, EINVAL, 'generic', { arg = 2 })
        test.raises_string(function() new():shutdown() end, 'bad argument')
    end
end)

test('05.6 opening twice, and again after close', function()
    for _, new in pairs(classes) do
        local s = new()
        s:open('v4')
        test.ok(s.is_open)
        test.raises_code(function() s:open('v4') end, 1, 'asio.misc')
        test.ok(s.is_open)
        s:close()
        test.eq(s.is_open, false)
        s:open(ip.address.loopback_v6())
        test.eq(tostring(s.local_address), '::')
        s:close()
    end
end)

test('05.6 open wants a family', function()
    for _, new in pairs(classes) do
        for _, family in ipairs { 'v5', 4, {}, true } do
            test.raises_code(function() new():open(family) end, EINVAL, 'generic', { arg = 2 })
        end
        test.raises_code(function() new():open() end, EINVAL, 'generic', { arg = 2 })
    end
end)

test('05.7 assign to an open socket leaves the descriptor valid', function()
    for _, new in pairs(classes) do
        local a, b = new(), new()
        a:open('v4')
        b:open('v4')
        local fd = b:release()
        test.eq(b.is_open, false)
        test.raises_code(function() a:assign('v4', fd) end, 1, 'asio.misc')
        test.match(tostring(fd), '^/dev/fd/%d+$')
        test.ok(a.is_open)
        b:assign('v4', fd)
        test.ok(b.is_open)
        a:close()
        b:close()
    end
end)

test('05.8 a wrong self raises EINVAL with arg 1', function()
    for _, new in pairs(classes) do
        local s = new()
        for _, name in ipairs { 'open', 'close', 'cancel', 'release', 'assign', 'bind', 'set_option', 'get_option' } do
            test.raises_code(function() s[name](loopback) end, EINVAL, 'generic', { arg = 1 })
            test.raises_code(function() s[name]() end, EINVAL, 'generic', { arg = 1 })
        end
    end
end)

test('05.9 buffers must be byte spans', function()
    local s = ip.tcp.socket.new()
    for _, name in ipairs { 'read_some', 'write_some', 'receive', 'send' } do
        test.raises_code(function() s[name](s, 'str', 0) end, EINVAL, 'generic', { arg = 2 })
        test.raises_code(function() s[name](s) end, EINVAL, 'generic', { arg = 2 })
    end
    local u = ip.udp.socket.new()
    for _, name in ipairs { 'receive', 'send', 'receive_from', 'send_to' } do
        test.raises_code(function() u[name](u, 'str') end, EINVAL, 'generic', { arg = 2 })
    end
end)

test('05.38 descriptors: tostring and dup', function()
    local s = ip.tcp.socket.new()
    s:open('v4')
    local fd = s:release()
    test.eq(getmetatable(fd), 'file_descriptor')
    test.match(tostring(fd), '^/dev/fd/%d+$')
    local copy = fd:dup()
    test.ne(tostring(copy), tostring(fd))
    test.ok(copy ~= fd)
    fd:close()
    s:assign('v4', copy)
    s:bind('127.0.0.1', 0)
    s:close()
end)

test('05.39 05.40 a closed or moved descriptor', function()
    local s = ip.tcp.socket.new()
    s:open('v4')
    local fd = s:release()
    local other = fd:dup()
    for _ = 1, 3 do fd:close() end
    s:assign('v4', other)
    other:close()
    s:bind('127.0.0.1', 0) -- still open
    for _, value in ipairs { fd, other } do
        test.raises_code(function() value:dup() end, EBADF, 'system')
        test.raises_code(function() tostring(value) end, EBADF, 'system')
        test.eq(getmetatable(value), 'file_descriptor')
    end
    s:close()
end)

test('05.41 assign checks family and descriptor', function()
    for _, new in pairs(classes) do
        local s = new()
        s:open('v4')
        local fd = s:release()
        test.raises_code(function() s:assign('v4', 1) end, EINVAL, 'generic', { arg = 3 })
        test.raises_code(function() s:assign('v4') end, EINVAL, 'generic', { arg = 3 })
        test.raises_code(function() s:assign('bad', fd) end, EINVAL, 'generic', { arg = 2 })
        test.raises_code(function() s:assign(fd) end, EINVAL, 'generic', { arg = 2 })
        tostring(fd)
        fd:close()
        test.raises_code(function() s:assign('v4', fd) end, EINVAL, 'generic', { arg = 3 })
        test.eq(s.is_open, false)
    end
end)

test('05.43 Capsicum functions raise ENOSYS', function()
    local s = ip.tcp.socket.new()
    s:open('v4')
    local fd = s:release()
    for _, name in ipairs { 'cap_rights_limit', 'cap_ioctls_limit', 'cap_fcntls_limit' } do
        test.raises_code(function() fd[name](fd, {}) end, 38, 'generic')
    end
    fd:close()
end)

test('05.41 file_descriptor is no module', function()
    test.raises_code(function() require 'file_descriptor' end, 2, 'emilua.core')
end)

-- FD_CLOEXEC is 02000000 in the flags of /proc/self/fdinfo.
test('05.36 every descriptor is close-on-exec', function()
    local ffi = require 'ffi'
    ffi.cdef 'int fcntl(int fd, int command, ...);'
    local function cloexec(s)
        local fd = s:release()
        local number = tonumber(tostring(fd):match '%d+$')
        local flags = ffi.C.fcntl(number, 1) -- F_GETFD
        local copy = fd:dup()
        local copied = ffi.C.fcntl(tonumber(tostring(copy):match '%d+$'), 1)
        copy:close()
        fd:close()
        return flags == 1 and copied == 1
    end
    local client, server = tcp.pair()
    test.ok(cloexec(client))
    test.ok(cloexec(server))
    test.ok(cloexec(tcp.listener()))
end)

test('05.33 a collected socket is closed', function()
    local client, server = tcp.pair()
    server = nil
    collectgarbage()
    collectgarbage()
    test.raises_code(function() client:read_some(byte_span.new(1)) end, 2, 'asio.misc')
    client:close()
end)

test.done()

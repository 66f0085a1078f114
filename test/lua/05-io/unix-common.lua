-- What UNIX sockets and acceptors share: identity, closed objects, addresses, options (05 §1, §4.1, §4.4).
local test = require 'test'
local unix = require 'unix'
local filesystem = require 'filesystem'
local generic = require 'generic_error'
local helpers = require 'helpers'
local io = require '/_io'
local ffi = require 'ffi'
local bytes, start, settle, close = io.bytes, io.start, io.settle, io.close
local os_error, is_aborted, is_interrupted, is_invalid = io.os_error, io.is_aborted, io.is_interrupted, io.is_invalid
local path = filesystem.path.new

ffi.cdef [[
int unlink(const char* path);
int getpid(void);
unsigned getuid(void);
unsigned getegid(void);
int fcntl(int fd, int command, ...);
]]

local sockets = { 'stream_socket', 'datagram_socket', 'seqpacket_socket' }
local acceptors = { 'stream_acceptor', 'seqpacket_acceptor' }
local all = { sockets[1], sockets[2], sockets[3], acceptors[1], acceptors[2] }
local is_stream = { stream_socket = true }
local kind_of = { stream_socket = 'stream_acceptor', seqpacket_socket = 'seqpacket_acceptor' }

-- A listening acceptor for the class of sockets, and its path.
local serial = 0
local function listener(class)
    serial = serial + 1
    local acceptor, where = unix[kind_of[class]].new(), path('socket' .. serial)
    acceptor:open()
    acceptor:bind(where)
    acceptor:listen()
    return acceptor, where
end

test('05.1 05.2 05.3 identity and unknown keys', function()
    for _, name in ipairs(all) do
        local object = unix[name].new()
        test.eq(type(object), 'userdata')
        test.eq(getmetatable(object), 'unix.' .. name)
        test.match(tostring(object), '^userdata: ')
        for _, key in ipairs { 'nope', 'wait', 1, true } do
            test.raises_code(function() return object[key] end, 8, 'emilua.core', { index = 2 })
        end
        test.raises_code(function() return object[nil] end, 8, 'emilua.core', { index = 2 })
        test.raises_string(function() object.x = 1 end, 'attempt to index')
    end
    for _, name in ipairs(acceptors) do
        test.raises_code(function() return unix[name].new().remote_path end, 8, 'emilua.core', { index = 2 })
    end
    test.eq(unix.message_flag.peek, 2)
end)

test('05.4 a closed object raises EBADF', function()
    local where = path 'nowhere'
    for _, name in ipairs(all) do
        local s = unix[name].new()
        test.eq(s.is_open, false)
        test.eq(select('#', s:close()), 0)
        s:close()
        local calls = {
            cancel = {}, release = {}, bind = { where }, set_option = { 'debug', false }, get_option = { 'debug' },
        }
        if name:match 'acceptor' then
            calls.listen, calls.accept = {}, {}
        else
            calls.shutdown, calls.disconnect, calls.io_control = { 'both' }, {}, { 'bytes_readable' }
            test.error(function() return s.remote_path end, generic.EBADF)
            for _, size in ipairs { 0, 1 } do
                local b = byte_span.new(size)
                calls[is_stream[name] and 'read_some' or 'receive'] = { b }
                calls[is_stream[name] and 'write_some' or 'send'] = { b }
                calls.receive_with_fds, calls.send_with_fds = { b, 1 }, { b, {} }
                if name == 'datagram_socket' then
                    calls.receive_from, calls.send_to = { b }, { b, where }
                    calls.receive_from_with_fds, calls.send_to_with_fds = { b, 1 }, { b, where, {} }
                end
                for method, arguments in pairs(calls) do
                    test.error(function() s[method](s, unpack(arguments)) end, generic.EBADF)
                end
            end
        end
        for method, arguments in pairs(calls) do
            test.error(function() s[method](s, unpack(arguments)) end, generic.EBADF)
        end
        test.error(function() return s.local_path end, generic.EBADF)
        test.eq(s.is_open, false)
    end
end)

test('05.5 shutdown checks its argument first', function()
    for _, name in ipairs(sockets) do
        test.error(function() unix[name].new():shutdown('bad') end, is_invalid(2))
        test.raises_string(function() unix[name].new():shutdown() end, 'bad argument')
    end
end)

test('05.6 05.7 opening, closing, adopting', function()
    for _, name in ipairs(all) do
        local s = unix[name].new()
        s:open()
        test.ok(s.is_open)
        test.raises_code(function() s:open() end, 1, 'asio.misc')
        local fd = s:release()
        test.eq(s.is_open, false)
        test.eq(ffi.C.fcntl(helpers.number(fd), 1), 1) -- FD_CLOEXEC
        s:open()
        test.raises_code(function() s:assign(fd) end, 1, 'asio.misc')
        test.match(tostring(fd), '^/dev/fd/%d+$')
        s:close()
        s:assign(fd)
        test.ok(s.is_open)
        fd:close()
        local moved = unix[name].new(s:release())
        test.eq(tostring(moved.local_path), '')
        moved:close()
        test.error(function() unix[name].new(nil) end, is_invalid(1))
        test.error(function() unix[name].new(fd) end, is_invalid(1))
        test.error(function() unix[name].new(1) end, is_invalid(1))
        test.error(function() s:assign() end, is_invalid(2))
        test.error(function() s:assign(fd) end, is_invalid(2))
    end
end)

test('05.6 pair and open without free descriptors', function()
    for _, name in ipairs(sockets) do
        local ok, e = helpers.without_free_descriptors(unix[name].pair)
        test.ok(not ok and e == generic.EMFILE)
        ok, e = helpers.without_free_descriptors(function() unix[name].new():open() end)
        test.ok(not ok and e == generic.EMFILE)
    end
end)

test('05.8 05.9 wrong self, wrong buffer', function()
    local stranger = byte_span.new(1)
    for _, name in ipairs(all) do
        local s = unix[name].new()
        for _, method in ipairs { 'open', 'close', 'cancel', 'release', 'assign', 'bind', 'set_option', 'get_option' } do
            test.error(function() s[method](stranger) end, is_invalid(1))
            test.error(function() s[method]() end, is_invalid(1))
        end
    end
    test.error(function() unix.stream_socket.new().close(unix.datagram_socket.new()) end, is_invalid(1))
    for _, name in ipairs(sockets) do
        local s = unix[name].new()
        local methods = { 'receive_with_fds', 'send_with_fds' }
        for _, method in ipairs(is_stream[name] and { 'read_some', 'write_some' } or { 'receive', 'send' }) do
            methods[#methods + 1] = method
        end
        if name == 'datagram_socket' then
            for _, method in ipairs { 'receive_from', 'send_to', 'receive_from_with_fds', 'send_to_with_fds' } do
                methods[#methods + 1] = method
            end
        end
        for _, method in ipairs(methods) do
            for _, buffer in ipairs { 'str', 1, {} } do
                test.error(function() s[method](s, buffer) end, is_invalid(2))
            end
            test.error(function() s[method](s) end, is_invalid(2))
            test.error(function() s[method](stranger, stranger) end, is_invalid(1))
        end
    end
end)

test('05.21 allowed and forbidden in a forbid-suspend block', function()
    local a, b = unix.stream_socket.pair()
    local acceptor, where = listener 'stream_socket'
    local client = unix.stream_socket.new()
    this_fiber.forbid_suspend()
    local results = {
        { pcall(a.read_some, a, byte_span.new(1)) }, { pcall(a.read_some, a, byte_span.new(0)) },
        { pcall(a.write_some, a, bytes 'x') }, { pcall(a.send_with_fds, a, bytes 'x', {}) },
        { pcall(client.connect, client, where) }, { pcall(acceptor.accept, acceptor) },
    }
    local readable = a:io_control('bytes_readable')
    this_fiber.allow_suspend()
    for _, r in ipairs(results) do
        test.ok(not r[1] and r[2].code == 12 and tostring(r[2].category) == 'emilua.core')
    end
    test.eq(readable, 0)
    test.eq(b:io_control('bytes_readable'), 0)
    test.eq(client.is_open, false)
    close(a, b, acceptor)
end)

test('05.74 paths', function()
    local long = ('x'):rep(107)
    for _, name in ipairs(all) do
        local s = unix[name].new()
        s:open()
        for _, wrong in ipairs { 'text', 1, {} } do
            test.error(function() s:bind(wrong) end, is_invalid(2))
        end
        test.error(function() s:bind() end, is_invalid(2))
        test.raises_code(function() s:bind(path(long .. 'x')) end, 36, 'generic', { arg = 2 })
        test.error(function() s:bind(path 'a\0b') end, is_invalid(2))
        s:bind(path(long))
        test.eq(tostring(s.local_path), long)
        ffi.C.unlink(long)
        s:close()
    end
    for _, name in ipairs(sockets) do
        local s = unix[name].new()
        test.error(function() s:connect('text') end, is_invalid(2))
        test.raises_code(function() s:connect(path(long .. 'x')) end, 36, 'generic', { arg = 2 })
        test.eq(s.is_open, false)
    end
    local s, b = unix.datagram_socket.new(), bytes 'x'
    test.error(function() s:send_to(b, 'text') end, is_invalid(3))
    test.raises_code(function() s:send_to(b, path(long .. 'x')) end, 36, 'generic', { arg = 3 })
    test.error(function() s:send_to_with_fds(b, 'text', {}) end, is_invalid(3))
    test.raises_code(function() s:send_to_with_fds(b, path(long .. 'x'), {}) end, 36, 'generic', { arg = 3 })
end)

test('05.75 nothing unlinks the file', function()
    for _, name in ipairs(all) do
        local function bound()
            local s = unix[name].new()
            s:open()
            local ok, e = pcall(s.bind, s, path 'file')
            if ok then
                test.raises_code(function() s:bind(path 'other') end, 22, 'system')
            end
            s:close()
            return ok, e
        end
        test.ok(bound())
        local ok, e = bound()
        test.ok(not ok and os_error 'EADDRINUSE'(e))
        ffi.C.unlink('file')
        test.ok(bound())
        ffi.C.unlink('file')
    end
end)

test('05.76 abstract names', function()
    for _, name in ipairs { 'stream_socket', 'seqpacket_socket' } do
        for _, text in ipairs { '\0emilua test ' .. name, '\0emilua ends with \0' .. name .. '\0' } do
            local acceptor = unix[kind_of[name]].new()
            acceptor:open()
            acceptor:bind(path(text))
            acceptor:listen()
            test.eq(tostring(acceptor.local_path), text)
            local client = unix[name].new()
            client:connect(path(text))
            local peer = acceptor:accept()
            test.eq(getmetatable(peer), 'unix.' .. name)
            test.eq(tostring(client.remote_path), text)
            test.eq(tostring(peer.local_path), text)
            test.eq(tostring(peer.remote_path), '')
            test.eq(tostring(client.local_path), '')
            close(acceptor, client, peer)
        end
    end
    for _, name in ipairs(all) do
        local s = unix[name].new()
        s:open()
        s:bind(path '')
        test.match(tostring(s.local_path), '^%z%x%x%x%x%x$')
        s:close()
    end
end)

test('05.76 datagrams between abstract names', function()
    local a, b = unix.datagram_socket.new(), unix.datagram_socket.new()
    for _, s in ipairs { a, b } do
        s:open()
        s:bind(path '')
    end
    a:send_to(bytes 'ping', b.local_path)
    local buffer = byte_span.new(10)
    local n, from = b:receive_from(buffer)
    test.eq(tostring(buffer:slice(1, n)), 'ping')
    test.eq(from, a.local_path)
    b:send_to(bytes 'pong!', from)
    n, from = a:receive_from(buffer)
    test.eq(n, 5)
    test.eq(from, b.local_path)
    close(a, b)
end)

test('05.78 connecting to nobody', function()
    for _, name in ipairs(sockets) do
        local s = unix[name].new()
        test.error(function() s:connect(path 'missing') end, os_error 'ENOENT')
        test.ok(s.is_open)
        local other = unix[name].new()
        other:open()
        other:bind(path 'dead')
        other:close()
        test.error(function() s:connect(path 'dead') end, os_error 'ECONNREFUSED')
        ffi.C.unlink('dead')
        s:close()
    end
    local datagram = unix.datagram_socket.new()
    datagram:open()
    datagram:bind(path 'datagram')
    local acceptor, where = listener 'stream_socket'
    for name, to in pairs { stream_socket = path 'datagram', seqpacket_socket = path 'datagram', datagram_socket = where } do
        local s = unix[name].new()
        test.error(function() s:connect(to) end, os_error 'EPROTOTYPE')
        s:close()
    end
    close(datagram, acceptor)
end)

test('05.77 a full queue of the listener', function()
    for name, acceptor_name in pairs(kind_of) do
        local acceptor = unix[acceptor_name].new()
        local where = path('full-' .. name)
        acceptor:open()
        acceptor:bind(where)
        acceptor:listen(1)
        local clients, failed = {}, nil
        for i = 1, 10 do
            local client = unix[name].new()
            local ok, e = pcall(client.connect, client, where)
            if ok then
                test.eq(client.remote_path, where)
                clients[#clients + 1] = client
            else
                test.ok(os_error 'EAGAIN'(e), tostring(e))
                test.error(function() return client.remote_path end, os_error 'ENOTCONN')
                failed = client
                break
            end
        end
        test.ok(failed, 'the queue never filled up')
        for _ = 1, 3 do test.error(function() failed:connect(where) end, os_error 'EAGAIN') end
        -- The same socket connects as soon as there is room.
        local peer = acceptor:accept()
        failed:connect(where)
        test.eq(failed.remote_path, where)
        close(acceptor, failed, peer, unpack(clients))
    end
end)

test('05.78 connecting twice', function()
    for name in pairs(kind_of) do
        local acceptor, where = listener(name)
        local s = unix[name].new()
        s:connect(where)
        test.error(function() s:connect(where) end, os_error 'EISCONN')
        test.error(function() s:disconnect() end, os_error 'EINVAL')
        close(s, acceptor)
    end
end)

test('05.73 disconnect and connect of datagram sockets', function()
    local a, b, s = unix.datagram_socket.new(), unix.datagram_socket.new(), unix.datagram_socket.new()
    for _, receiver in ipairs { a, b } do
        receiver:open()
        receiver:bind(path '')
    end
    local buffer = byte_span.new(10)
    test.error(function() s:open() s:send(bytes 'x') end, os_error 'ENOTCONN')
    for _, receiver in ipairs { a, b } do
        s:connect(receiver.local_path)
        test.eq(s.remote_path, receiver.local_path)
        s:send(bytes 'x')
        test.eq(receiver:receive(buffer), 1)
    end
    s:disconnect()
    test.error(function() return s.remote_path end, os_error 'ENOTCONN')
    close(a, b, s)
end)

test('05.4 not connected: remote_path, shutdown', function()
    for _, name in ipairs(sockets) do
        local s = unix[name].new()
        s:open()
        test.error(function() return s.remote_path end, os_error 'ENOTCONN')
        s:shutdown('both')
        s:close()
    end
end)

test('05.16 a fiber with a pending interruption connects to nothing', function()
    local acceptor, where = listener 'stream_socket'
    local s = unix.stream_socket.new()
    local f = spawn(function() s:connect(where) end)
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
    test.eq(s.is_open, false)
    acceptor:close()
end)

test('05.64 acceptors', function()
    for name, acceptor_name in pairs(kind_of) do
        local acceptor = unix[acceptor_name].new()
        acceptor:open()
        acceptor:bind(path(acceptor_name))
        test.error(function() acceptor:accept() end, os_error 'EINVAL')
        test.error(function() acceptor:listen('x') end, is_invalid(2))
        acceptor:listen(-5)
        acceptor:listen()
        local order = {}
        local fibers = {}
        for i = 1, 2 do
            fibers[i] = start(function()
                local peer = acceptor:accept()
                order[#order + 1] = i
                return peer
            end)
        end
        local clients = { unix[name].new(), unix[name].new() }
        clients[1]:connect(path(acceptor_name))
        local first = fibers[1].returns()
        clients[2]:connect(path(acceptor_name))
        local second = fibers[2].returns()
        test.eq(order, { 1, 2 })
        local fd = first:release()
        test.eq(ffi.C.fcntl(helpers.number(fd), 1), 1)
        fd:close()

        local interrupted, kept = start(acceptor.accept, acceptor), start(acceptor.accept, acceptor)
        interrupted.fiber:interrupt()
        interrupted.fails(is_interrupted)
        test.eq(kept.done(), false)
        acceptor:cancel()
        kept.fails(is_aborted)
        test.ok(acceptor.is_open)
        kept = start(acceptor.accept, acceptor)
        acceptor:close()
        kept.fails(is_aborted)
        close(second, unpack(clients))
    end
end)

test('05.66 options', function()
    for _, name in ipairs(all) do
        local s = unix[name].new()
        s:open()
        test.eq(s:get_option('debug'), false)
        test.eq(select('#', s:set_option('debug', false)), 0)
        test.raises_string(function() s:set_option('debug', 1) end, 'boolean expected')
        test.raises_string(function() s:set_option() end, 'bad argument')
        test.raises_code(function() s:set_option('nope', 1) end, 95, 'generic')
        for _, option in ipairs { 'reuse_address', 'tcp_no_delay', 'linger' } do
            test.raises_code(function() s:get_option(option) end, 95, 'generic')
        end
        s:close()
    end
    for _, name in ipairs(sockets) do
        local s = unix[name].pair()
        for _, option in ipairs { 'send_buffer_size', 'receive_buffer_size' } do
            s:set_option(option, 10000)
            test.eq(s:get_option(option), 10000)
            test.raises_string(function() s:set_option(option, true) end, 'number expected')
        end
        test.eq(s:io_control('bytes_readable'), 0)
        test.raises_code(function() s:io_control('nope') end, 95, 'generic')
        test.raises_string(function() s:io_control(nil) end, 'bad argument')
        if is_stream[name] then
            test.error(function() s:set_option('send_low_watermark', 2) end, os_error 'ENOPROTOOPT')
            test.eq(s:get_option('send_low_watermark'), 1)
            s:set_option('receive_low_watermark', 5)
            test.eq(s:get_option('receive_low_watermark'), 5)
        else
            test.raises_code(function() s:get_option('receive_low_watermark') end, 95, 'generic')
        end
        s:close()
    end
    collectgarbage()
    collectgarbage()
    for _, name in ipairs(acceptors) do
        local s = unix[name].new()
        s:open()
        test.eq(s:get_option('enable_connection_aborted'), false)
        s:set_option('enable_connection_aborted', true)
        test.eq(s:get_option('enable_connection_aborted'), true)
        s:close()
    end
end)

test('05.79 who the peer is', function()
    for name in pairs(kind_of) do
        local a, b = unix[name].pair()
        test.eq(a:get_option('remote_credentials'),
            { uid = ffi.C.getuid(), pid = ffi.C.getpid(), groups = { ffi.C.getegid() } })
        close(a, b)
        local s = unix[name].new()
        s:open()
        test.eq(s:get_option('remote_credentials'), { uid = 4294967295, pid = 0, groups = { 4294967295 } })
        local ok, label = pcall(s.get_option, s, 'remote_security_label')
        test.ok(ok and type(label) == 'string' or os_error 'ENOPROTOOPT'(label), tostring(label))
        test.raises_code(function() s:get_option('remote_security_labels') end, 95, 'generic',
            { arg = 'remote_security_labels' })
        for _, option in ipairs { 'remote_credentials', 'remote_security_label', 'remote_security_labels' } do
            test.raises_code(function() s:set_option(option, {}) end, 95, 'generic')
        end
        s:close()
        test.error(function() s:get_option('remote_credentials') end, generic.EBADF)
    end
    test.raises_code(function() unix.datagram_socket.pair():get_option('remote_credentials') end, 95, 'generic')
    collectgarbage()
    collectgarbage()
end)

test('05.33 collected sockets are closed', function()
    local a, b = unix.stream_socket.pair()
    b = nil
    collectgarbage()
    collectgarbage()
    test.error(function() io.read(a) end, io.is_eof)
    a:close()
end)

test.done()

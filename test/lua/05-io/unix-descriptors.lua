-- Descriptors that travel over UNIX sockets (05 §2.3, §4.3).
local test = require 'test'
local unix = require 'unix'
local pipe = require 'pipe'
local ip = require 'ip'
local filesystem = require 'filesystem'
local helpers = require 'helpers'
local io = require '/_io'
local ffi = require 'ffi'
local bytes, read, start, settle, close = io.bytes, io.read, io.start, io.settle, io.close
local is_eof, is_aborted, is_interrupted, is_busy = io.is_eof, io.is_aborted, io.is_interrupted, io.is_busy
local os_error, is_invalid, number = io.os_error, io.is_invalid, helpers.number

ffi.cdef [[
int emilua_test_open(const char* path, int flags, ...) __asm__("open");
int eventfd(unsigned initial, int flags);
int memfd_create(const char* name, unsigned flags);
long pread(int fd, void* buffer, size_t size, long offset);
long emilua_test_read(int fd, void* buffer, size_t size) __asm__("read");
long emilua_test_write(int fd, const void* buffer, size_t size) __asm__("write");
int emilua_test_fcntl(int fd, int command, ...) __asm__("fcntl");
int setsockopt(int fd, int level, int name, const void* value, unsigned size);
]]
local C = ffi.C
local F_GETFD, FD_CLOEXEC = 1, 1

local classes = { 'stream_socket', 'seqpacket_socket', 'datagram_socket' }
local function each(name, f)
    for _, class in ipairs(classes) do
        test(name .. ': ' .. class, function() f(unix[class].pair, class) end)
    end
end

local function receive(s, maximum, size)
    local n, fds = s:receive_with_fds(byte_span.new(size or 100), maximum or 10)
    return fds, n
end

-- A pair whose first socket cannot send.
local function full(pair)
    local a, b = pair()
    a:set_option('send_buffer_size', 5000)
    local blocked = start(function() while true do a:send_with_fds(byte_span.new(1000), {}) end end)
    blocked.fiber:interrupt()
    blocked.fails(is_interrupted)
    return a, b
end

local function read_all(fd)
    local buffer = ffi.new 'char[100]'
    return ffi.string(buffer, C.pread(number(fd), buffer, 100, 0))
end

-- What is written to the received end, opened by `open`, arrives at the other one.
local function is_end_of(open)
    return function(fd, _, other)
        local s = open(fd:dup())
        s:write_some(bytes 'hello')
        s:close()
        test.eq(read(other), 'hello')
    end
end

-- Each kind: make() gives a descriptor and what check(received, context) needs to see that it is the same.
local kinds = {
    file = {
        make = function()
            local O_RDWR_CREAT = 0x42
            local fd = helpers.descriptor(C.emilua_test_open('file', O_RDWR_CREAT, ffi.cast('int', 384)))
            C.emilua_test_write(number(fd), 'in a file', 9)
            return fd
        end,
        check = function(fd) test.eq(read_all(fd), 'in a file') end,
    },
    memfd = {
        make = function() return helpers.descriptor(C.memfd_create('test', 0)) end,
        check = function(fd, original)
            C.emilua_test_write(number(fd), 'memory', 6)
            if original then test.eq(read_all(original), 'memory') end
        end,
    },
    eventfd = {
        make = function() return helpers.descriptor(C.eventfd(5, 0)) end,
        check = function(fd)
            local counter = ffi.new 'uint64_t[1]'
            test.eq(C.emilua_test_read(number(fd), counter, 8), 8)
            test.eq(tonumber(counter[0]), 5)
        end,
    },
    pipe = {
        make = function()
            local r, w = pipe.pair()
            return w:release(), r
        end,
        check = is_end_of(pipe.write_stream.new),
    },
    ['unix socket'] = {
        make = function()
            local a, b = unix.stream_socket.pair()
            return a:release(), b
        end,
        check = is_end_of(unix.stream_socket.new),
    },
    ['tcp socket'] = {
        make = function()
            local acceptor, client = ip.tcp.acceptor.new(), ip.tcp.socket.new()
            acceptor:open('v4')
            acceptor:bind('127.0.0.1', 0)
            acceptor:listen()
            client:connect(acceptor.local_address, acceptor.local_port)
            local peer = acceptor:accept()
            acceptor:close()
            return client:release(), peer
        end,
        check = is_end_of(function(fd)
            local s = ip.tcp.socket.new()
            s:assign('v4', fd)
            return s
        end),
    },
    directory = {
        make = function() return helpers.descriptor(C.emilua_test_open('.', 0)) end,
        check = function(fd) test.ok(number(fd) >= 0) end,
    },
}

each('05.83 every kind of descriptor, after the sender closed its own', function(pair)
    for name, kind in pairs(kinds) do
        local a, b = pair()
        local fd, other = kind.make()
        test.eq(a:send_with_fds(bytes 'x', { fd }), 1)
        local first = receive(b)
        test.eq(#first, 1, name)
        test.eq(getmetatable(first[1]), 'file_descriptor')
        test.ne(tostring(first[1]), tostring(fd))
        test.eq(C.emilua_test_fcntl(number(first[1]), F_GETFD), FD_CLOEXEC)
        -- The sender's is valid and can be sent again.
        a:send_with_fds(bytes 'x', { fd })
        kind.check(first[1], fd, other)
        fd:close()
        close(a)
        local second = receive(b)
        if name ~= 'eventfd' then kind.check(second[1], nil, other) end
        close(b, first[1], second[1])
        if other then other:close() end
    end
end)

test('05.83 descriptors to an address', function()
    local a, b = unix.datagram_socket.new(), unix.datagram_socket.new()
    for _, s in ipairs { a, b } do
        s:open()
        s:bind(filesystem.path.new '')
    end
    local r, w = pipe.pair()
    local fd = w:release()
    test.eq(a:send_to_with_fds(bytes 'take', b.local_path, { fd }), 4)
    local n, from, fds = b:receive_from_with_fds(byte_span.new(10), 3)
    test.eq(n, 4)
    test.eq(from, a.local_path)
    test.eq(#fds, 1)
    close(a, b, r, fd, fds[1])
end)

each('05.84 a value that is listed twice is sent once; a dup is another one', function(pair)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd = w:release()
    local copy = fd:dup()
    a:send_with_fds(bytes 'x', { fd, fd, copy, fd, copy })
    local fds = receive(b)
    test.eq(#fds, 2)
    close(a, b, r, fd, copy, unpack(fds))
end)

each('05.84 descriptors come in the order of the list', function(pair)
    local a, b = pair()
    local list, expected = {}, {}
    for i = 1, 20 do
        list[i] = helpers.descriptor(C.memfd_create('test', 0))
        C.emilua_test_write(number(list[i]), tostring(i), #tostring(i))
        expected[i] = tostring(i)
    end
    a:send_with_fds(bytes 'x', list)
    local fds, got = receive(b, 255), {}
    for i, fd in ipairs(fds) do got[i] = read_all(fd) end
    test.eq(got, expected)
    close(a, b, unpack(list))
    close(unpack(fds))
end)

each('05.84 descriptors beyond the maximum are closed', function(pair)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd = w:release()
    local list = { fd, fd:dup(), fd:dup(), fd:dup(), fd:dup() }
    local open = test.fds()
    for _, maximum in ipairs { 1, 2, 4 } do
        a:send_with_fds(bytes 'x', list)
        local fds = receive(b, maximum)
        test.eq(#fds, maximum)
        test.eq(test.fds(), open + maximum)
        close(unpack(fds))
    end
    close(unpack(list))
    test.error(function() read(r) end, is_eof)
    close(a, b, r)
end)

each('05.85 how many', function(pair)
    local a, b = pair()
    local buffer = byte_span.new(10)
    for _, n in ipairs { 0, -1, 0.5, -math.huge, 0 / 0 } do
        test.error(function() b:receive_with_fds(buffer, n) end, is_invalid(3))
    end
    for _, n in ipairs { 'x', {}, true } do
        test.raises_string(function() b:receive_with_fds(buffer, n) end, 'number expected')
    end
    test.raises_string(function() b:receive_with_fds(buffer) end, 'number expected')
    local r, w = pipe.pair()
    local fd = w:release()
    local list = { fd }
    for i = 2, 254 do list[i] = fd:dup() end
    test.error(function() a:send_with_fds(bytes 'x', list) end, os_error 'EINVAL')
    for _, d in ipairs(list) do test.match(tostring(d), '^/dev/fd/%d+$') end
    table.remove(list):close()
    a:send_with_fds(bytes 'x', list)
    local open = test.fds()
    local fds = receive(b, 1e6)
    test.eq(#fds, 253)
    test.eq(test.fds(), open + 253)
    close(unpack(fds))
    a:send_with_fds(bytes 'x', list)
    fds = receive(b, math.huge)
    test.eq(#fds, 253)
    close(a, b, r)
    close(unpack(list))
    close(unpack(fds))
end)

each('05.85 05.87 an empty list; plain data', function(pair, class)
    local a, b = pair()
    test.eq(a:send_with_fds(bytes 'x', {}), 1)
    local fds, n = receive(b)
    test.eq(fds, {})
    test.eq(n, 1)
    a[class == 'stream_socket' and 'write_some' or 'send'](a, bytes 'yz')
    fds, n = receive(b)
    test.eq(fds, {})
    test.eq(n, 2)
    close(a)
    if class ~= 'datagram_socket' then test.error(function() receive(b) end, is_eof) end
    close(b)
end)

each('05.86 lists with something else', function(pair, class)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd, closed = w:release(), r:release()
    closed:close()
    for _, other in ipairs { a, 1, 'x', closed, pipe.write_stream.new(), false } do
        for _, list in ipairs { { other }, { fd, other }, { fd, fd, other, fd } } do
            test.error(function() a:send_with_fds(bytes 'x', list) end, is_invalid(3))
            test.match(tostring(fd), '^/dev/fd/%d+$')
        end
        if class == 'datagram_socket' then
            local where = filesystem.path.new 'nowhere'
            test.error(function() a:send_to_with_fds(bytes 'x', where, { fd, other }) end, is_invalid(4))
        end
    end
    for _, list in ipairs { fd, 1, 'x' } do
        test.raises_string(function() a:send_with_fds(bytes 'x', list) end, 'table expected')
    end
    test.raises_string(function() a:send_with_fds(bytes 'x') end, 'table expected')
    if class == 'datagram_socket' then
        test.raises_string(function() a:send_to_with_fds(bytes 'x', filesystem.path.new 'x', 1) end, 'table expected')
    end
    -- Up to the first nil only.
    test.eq(b:io_control('bytes_readable'), 0)
    a:send_with_fds(bytes 'x', { fd, nil, 1 })
    local fds = receive(b)
    test.eq(#fds, 1)
    close(a, b, fd, fds[1])
end)

each('05.88 a plain receive closes the descriptors', function(pair, class)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd = w:release()
    a:send_with_fds(bytes 'x', { fd })
    fd:close()
    local reader = start(read, r)
    test.eq(reader.done(), false)
    local method = class == 'stream_socket' and 'read_some' or 'receive'
    test.eq(b[method](b, byte_span.new(1)), 1)
    reader.fails(is_eof)
    close(a, b, r)
end)

each('05.87 descriptors that nobody receives are closed', function(pair)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd = w:release()
    a:send_with_fds(bytes 'x', { fd })
    fd:close()
    b:close()
    test.error(function() read(r) end, is_eof)
    close(a, r)
end)

each('05.80 05.85 messages of 0 bytes with descriptors', function(pair, class)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd = w:release()
    test.eq(a:send_with_fds(byte_span.new(0), { fd }), 0)
    fd:close()
    if class == 'stream_socket' then
        test.eq(b:io_control('bytes_readable'), 0)
    elseif class == 'seqpacket_socket' then
        test.error(function() receive(b) end, is_eof)
    else
        local fds, n = receive(b)
        test.eq(n, 0)
        test.eq(#fds, 1)
        close(fds[1])
    end
    test.error(function() read(r) end, is_eof)
    close(a, b, r)
end)

each('05.42 locked while a send is blocked', function(pair)
    for _, outcome in ipairs { 'interrupt', 'cancel', 'close', 'success' } do
        local a, b = full(pair)
        local r, w = pipe.pair()
        local fd, second = w:release(), r:release()
        local message = bytes 'take these'
        local sender = start(a.send_with_fds, a, message, { fd, second })
        test.eq(sender.done(), false)
        local p = pipe.read_stream.new()
        for _, use in ipairs {
            function(x) x:close() end,
            function(x) x:dup() end,
            function(x) tostring(x) end,
            function(x) pipe.read_stream.new(x) end,
            function(x) unix.stream_socket.new(x) end,
            function(x) p:assign(x) end,
            function(x) ip.tcp.socket.new():assign('v4', x) end,
            function(x) b:send_with_fds(message, { x }) end,
            function(x) a:send_with_fds(message, { x }) end,
        } do
            test.error(function() use(fd) end, is_busy)
            test.error(function() use(second) end, is_busy)
        end
        test.eq(getmetatable(fd), 'file_descriptor')
        -- The list and the values may go; the descriptors stay.
        collectgarbage()
        if outcome == 'interrupt' then
            sender.fiber:interrupt()
            sender.fails(is_interrupted)
        elseif outcome == 'success' then
            local fds = {}
            while #fds == 0 do fds = receive(b, 10, 1000) end
            test.eq(#fds, 2)
            test.eq(sender.returns(), 10)
            close(unpack(fds))
        else
            a[outcome](a)
            sender.fails(is_aborted)
        end
        test.match(tostring(fd), '^/dev/fd/%d+$')
        local copy = fd:dup()
        close(a, b, fd, second, copy)
    end
end)

each('05.42 descriptors of a blocked send are not collected', function(pair)
    local a, b = full(pair)
    local r, w = pipe.pair()
    local list = { w:release() }
    local sender = start(a.send_with_fds, a, bytes 'x', list)
    list[1] = nil
    for _ = 1, 3 do collectgarbage() end
    local fds = {}
    while #fds == 0 do fds = receive(b, 10, 1000) end
    sender.returns()
    collectgarbage()
    collectgarbage()
    local writer = pipe.write_stream.new(fds[1])
    writer:write_some(bytes 'alive')
    test.eq(read(r), 'alive')
    close(a, b, r, writer)
end)

each('05.42 locked up to the end of a call that does not block', function(pair)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd = w:release()
    local seen
    spawn(function() seen = { pcall(tostring, fd) } end):detach()
    a:send_with_fds(bytes 'x', { fd })
    test.ok(not seen[1] and is_busy(seen[2]))
    b:close()
    test.error(function() a:send_with_fds(bytes 'x', { fd }) end, function(e) return e.code ~= 16 end)
    test.match(tostring(fd), '^/dev/fd/%d+$')
    close(a, r, fd)
end)

each('05.20 received descriptors are not lost to an interruption', function(pair)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd = w:release()
    a:send_with_fds(bytes 'x', { fd })
    local got
    local f = spawn(function()
        got = receive(b)
        receive(b)
    end)
    this_fiber.yield() -- it has received
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
    test.eq(#got, 1)
    close(a, b, r, fd, got[1])
end)

each('05.16 an interrupted receiver takes nothing', function(pair)
    local a, b = pair()
    local receivers = { start(receive, b), start(receive, b), start(receive, b) }
    receivers[1].fiber:interrupt()
    receivers[1].fails(is_interrupted)
    receivers[2].fiber:interrupt()
    receivers[2].fails(is_interrupted)
    local r, w = pipe.pair()
    local fd = w:release()
    a:send_with_fds(bytes 'x', { fd })
    local fds = receivers[3].returns()
    test.eq(#fds, 1)
    close(a, b, r, fd, fds[1])
end)

each('05.85 a receiver without free descriptors', function(pair)
    local a, b = pair()
    local r, w = pipe.pair()
    local fd = w:release()
    a:send_with_fds(bytes 'x', { fd, fd:dup() })
    collectgarbage()
    collectgarbage()
    local ok, fds = helpers.without_free_descriptors(function() return (receive(b)) end)
    test.ok(ok, tostring(fds))
    test.eq(fds, {})
    fd:close()
    test.error(function() read(r) end, is_eof)
    close(a, b, r)
end)

-- Credentials come before the descriptors on a socket that somebody prepared with SO_PASSCRED.
each('05.83 a socket with SO_PASSCRED', function(pair, class)
    local SOL_SOCKET, SO_PASSCRED = 1, 16
    local a, b = pair()
    local fd = b:release()
    C.setsockopt(number(fd), SOL_SOCKET, SO_PASSCRED, ffi.new('int[1]', 1), 4)
    b = unix[class].new(fd)
    local r, w = pipe.pair()
    local mine = w:release()
    a:send_with_fds(bytes 'x', { mine, mine:dup() })
    local fds = receive(b, 1)
    test.eq(#fds, 1)
    collectgarbage()
    collectgarbage()
    close(a, b, mine, fds[1])
    test.error(function() read(r) end, is_eof)
    close(r)
end)

test('05.83 descriptors ride on the bytes of their send', function()
    local a, b = unix.stream_socket.pair()
    local r, w = pipe.pair()
    local fd = w:release()
    a:write_some(bytes 'plain ')
    a:send_with_fds(bytes 'with', { fd })
    a:write_some(bytes ' after')
    local text, got = '', 0
    while #text < 16 do
        local buffer = byte_span.new(100)
        local n, fds = b:receive_with_fds(buffer, 1)
        text = text .. tostring(buffer:slice(1, n))
        got = got + #fds
        if #text < 6 then test.eq(#fds, 0) end
        close(unpack(fds))
    end
    test.eq(text, 'plain with after')
    test.eq(got, 1)
    close(a, b, r, fd)
end)

test('05.83 a socket passes itself', function()
    local a, b = unix.stream_socket.pair()
    local fd = a:release()
    a:assign(fd:dup())
    a:send_with_fds(bytes 'x', { fd })
    local fds = receive(b)
    fd:close()
    a:close()
    local again = unix.stream_socket.new(fds[1])
    again:write_some(bytes 'hello')
    test.eq(read(b), 'hello')
    close(again, b)
end)

test.done()

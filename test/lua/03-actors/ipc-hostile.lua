-- What a hostile peer may send (03 §12.3): each violation ends its connection, and nothing else.
--@ run EMILUA_PATH=$EMILUA_PATH:$(dirname $EMILUA)/test/plugin $EMILUA $FILE
local helpers = require 'helpers'
local test = require 'test'
local _ipc = require './_ipc'
local ffi = require 'ffi'
local inbox = require 'inbox'
local span, scalar, dictionary, text, tag, nan = _ipc.span, _ipc.scalar, _ipc.dictionary, _ipc.text, _ipc.tag, _ipc.nan
local True, String, Fd, Address, Nil = _ipc.True, _ipc.String, _ipc.Fd, _ipc.Address, _ipc.Nil
local one, violations = _ipc.number(1), _ipc.violations

ffi.cdef 'int setsockopt(int, int, int, const void*, unsigned); int dup2(int, int);'

-- Sends a record with `count` copies of a descriptor.
local function inject(socket, record, count)
    local fds = {}
    local reader, writer = _ipc.pipe()
    for i = 1, count or 0 do fds[i] = reader:dup() end
    socket:send_with_fds(span(record), fds)
    for _, fd in ipairs(fds) do fd:close() end
    reader:close()
    return writer
end

-- Nobody has the other end of the pipe any more.
local function is_closed(writer)
    local stream = require('pipe').write_stream.new(writer)
    local ok, e = pcall(stream.write_some, stream, byte_span.append('x'))
    stream:close()
    return not ok and e.code == 32
end

for mode, through in pairs(_ipc.modes) do
    for name, violation in pairs(violations) do
        test(('03.71 03.73 violation %s: %s'):format(name, mode), function()
            local raw = _ipc.raw_link()
            local writer
            local ok, e = through(function() writer = inject(raw, violation[1], violation[2]) end)
            test.ok(not ok)
            test.eq(tostring(e), 'Broadcast the address before attempting to receive on it')
            test.ok(is_closed(writer))
            -- The capability is revoked.
            test.raises_code(function() raw:send(span(scalar(one))) end, 32, 'system')
            raw:close()
        end)
    end

    test('03.72 03.73 honest senders go on: ' .. mode, function()
        local honest = _ipc.link()
        for name, violation in pairs(violations) do
            local raw = _ipc.raw_link()
            local before = test.fds()
            local writer
            local ok, got = through(function()
                writer = inject(raw, violation[1], violation[2])
                honest:send(name)
            end)
            test.ok(ok, name)
            test.eq(got, name)
            if not is_closed(writer) then   -- the honest message came first
                honest:send(0)
                test.eq(inbox:receive(), 0)
            end
            raw:close()
        end
        honest:close()
        _ipc.finish()
    end)

    test('03.71 a bad record behind good ones: ' .. mode, function()
        local raw = _ipc.raw_link()
        local ok, got = through(function()
            for i = 1, 3 do raw:send(span(scalar(_ipc.number(i)))) end
            raw:send(span(scalar(tag(7))))
            raw:send(span(scalar(_ipc.number(4))))
        end)
        test.ok(ok and got == 1)
        test.eq(inbox:receive(), 2)
        test.eq(inbox:receive(), 3)
        _ipc.finish()
        raw:close()
    end)

    test('03.71 what is allowed: ' .. mode, function()
        local raw = _ipc.raw_link()
        local writer
        local function accepted(record, count)
            local ok, got = through(function() writer = inject(raw, record, count) end)
            test.ok(ok)
            if not count then writer:close() end    -- a stale stack slot may keep it from the collector
            return got
        end
        -- Surplus descriptors are closed.
        test.eq(accepted(scalar(one), 20), 1)
        test.ok(is_closed(writer))
        test.eq(accepted(dictionary({ one }, text 'k'), 20), { k = 1 })
        test.ok(is_closed(writer))
        local got = accepted(dictionary({ Fd, one }, text 'fd' .. text 'k'), 20)
        test.eq(got.k, 1)
        got.fd:close()
        test.ok(is_closed(writer))
        -- Of equal keys the last one counts.
        test.eq(accepted(dictionary({ one, True, String }, text 'k' .. text 'k' .. text 'k' .. text 'v')), { k = 'v' })
        got = accepted(dictionary({ Fd, Fd, one }, text 'k' .. text 'l' .. text 'k'), 2)
        test.eq(got.k, 1)
        got.l:close()
        collectgarbage('stop')
        test.ok(is_closed(writer))
        collectgarbage('restart')
        got = accepted(dictionary({ Fd, Fd }, text 'k' .. text 'k'), 2)
        got.k:close()
        test.ok(is_closed(writer))
        -- Bytes that nobody asked for, and NaNs that are quiet.
        test.eq(accepted(scalar(String, text 'abc' .. 'surplus')), 'abc')
        test.eq(accepted(scalar(one) .. ('x'):rep(1000)), 1)
        test.eq(accepted(dictionary({ one }, text 'k' .. ('x'):rep(20 * 520 - 160 - 2))), { k = 1 })
        for _, high in ipairs { 0x7ff80000, 0x7fffffff, 0xfff80000, 0xffffffff } do
            for _, low in ipairs { 0, 1, 6, 0xffffffff } do
                local n = accepted(scalar(nan(high, low)))
                test.ok(type(n) == 'number' and n ~= n)
            end
        end
        raw:close()
        _ipc.finish()
    end)
end

test('03.71 the peer asked for credentials', function()
    local ipc = require 'ipc'
    local unix = require 'unix'
    local sending, receiving = ipc.pair()
    local SOL_SOCKET, SO_PASSCRED = 1, 16
    local yes = ffi.new('int[1]', 1)
    test.eq(ffi.C.setsockopt(tonumber(tostring(receiving):match '%d+$'), SOL_SOCKET, SO_PASSCRED, yes, 4), 0)
    ipc.attach(receiving)
    local raw = unix.seqpacket_socket.new(sending)
    inject(raw, scalar(one)):close()
    test.eq(inbox:receive(), 1)
    local members = {}
    for i = 1, 20 do members[i] = Fd end
    local record = dictionary(members, text 'k':rep(20))
    local writer = inject(raw, record, 20)
    inbox:receive().k:close()
    test.ok(is_closed(writer))
    writer = inject(raw, record, 21)
    _ipc.finish()
    test.ok(is_closed(writer))
    raw:close()
end)

-- Calls f(fd, forget) with a descriptor whose last close waits for five seconds. forget() closes it, but leaves that it
-- is to wait.
local function with_lingering(f)
    local ip, time = require 'ip', require 'time'
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open('v4')
    acceptor:bind(ip.address.loopback_v4(), 0)
    acceptor:listen()
    local client = ip.tcp.socket.new()
    client:connect(ip.address.loopback_v4(), acceptor.local_port)
    local server = acceptor:accept()
    local filler = helpers.fill(function() client:write_some(byte_span.new(100000)) end)
    filler:interrupt()
    filler:join()
    local fd, null = client:release(), _ipc.pipe()
    local number = helpers.number
    local SOL_SOCKET, SO_LINGER = 1, 13
    test.eq(ffi.C.setsockopt(number(fd), SOL_SOCKET, SO_LINGER, ffi.new('int[2]', 1, 5), 8), 0)
    local start = time.steady_clock.now()
    f(fd, function()
        ffi.C.dup2(number(null), number(fd))
        fd:close()
    end)
    collectgarbage()
    test.ok((time.steady_clock.now() - start) < 2)
    null:close()
    server:close()
    acceptor:close()
end

test('03.71 a descriptor whose close would wait', function()
    for _, record in ipairs { scalar(one), scalar(tag(9)) } do
        with_lingering(function(fd, forget)
            local raw = _ipc.raw_link()
            raw:send_with_fds(span(record), { fd })
            forget()
            raw:close()
            while pcall(inbox.receive, inbox) do end
        end)
    end
end)

test('03.71 a descriptor whose close would wait, in a valid message', function()
    local function no_more() end
    local function close(received) received:close() end
    local function wait_before(received)      -- in the reactor
        local sender = spawn(function() received:send(1) end)
        this_fiber.yield()
        sender:interrupt()
        pcall(sender.join, sender)
    end
    local function wait_and_close(received)
        wait_before(received)
        received:close()
    end
    for _, case in ipairs{ { Fd, no_more }, { Fd, close }, { Address, no_more }, { Address, close },
                           { Address, wait_before }, { Address, wait_and_close } } do
        local kind, use = unpack(case)
        with_lingering(function(fd, forget)
            local raw = _ipc.raw_link()
            raw:send_with_fds(span(scalar(kind)), { fd })
            forget()
            raw:close()
            use(inbox:receive())
            _ipc.finish()
        end)
    end
end)

test('03.71 nothing can be written to a channel', function()
    local channel, socket = _ipc.raw_end()
    test.raises_code(function() socket:send(span 'x') end, 32, 'system')
    channel:send(1)
    channel:close()
    socket:close()
end)

test.done()

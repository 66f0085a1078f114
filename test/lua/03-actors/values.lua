-- What a message may be, and what arrives (03 §4).
--@ timeout 60
local test = require 'test'
local helpers = require 'helpers'
local tools = require './_tools'
local inbox = require 'inbox'
local condition_variable = require 'condition_variable'
local future = require 'future'
local ip = require 'ip'
local mutex = require 'mutex'
local system = require 'system'
local time = require 'time'
local ffi = require 'ffi'
local remote = tools.remote
local generic, core, dom = 'generic', 'emilua.core', 'emilua.json.dom'

-- A channel to this VM.
local channel = remote('job.reply:send(job.reply)') and inbox:receive()

-- What arrives.
local function pass(value)
    local f = spawn(function() channel:send(value) end)
    local result = inbox:receive()
    f:join()
    return result
end

local function refuses(value, code, category)
    local e = test.raises_code(function() channel:send(value) end, code, category)
    test.eq(e.arg, nil)
    return e
end

local function bits(x)
    local u = ffi.new('union { double d; uint64_t u; }')
    u.d = x
    return u.u
end

test('03.22 scalars', function()
    for _, value in ipairs { true, false, 0, 1, -1.5, 2 ^ 53, math.huge, -math.huge, '', 'a', 'a\0b', '\255\254',
        ('x'):rep(29), ('x'):rep(30), ('x'):rep(31), ('x'):rep(100000) } do
        local got = pass(value)
        test.eq(type(got), type(value))
        test.ok(got == value)
        test.ok(pass({ value, k = 1 })[1] == value)
        test.ok(pass({ k = value }).k == value)
    end
    for _, value in ipairs { 0 / 0, -0.0, 5e-324, 2.2e-308 } do
        for _, got in ipairs { pass(value), pass({ value })[1], pass({ k = value }).k } do
            test.eq(bits(got), bits(value))
        end
    end
end)

test('03.22 a string of 100 MB', function()
    local text = ('0123456789'):rep(10000000)
    local got = pass(text)
    test.ok(got == text)
    test.ok(pass({ text })[1] == text)
end)

test('03.22 a sequence of a million', function()
    local t = {}
    for i = 1, 1000000 do t[i] = i end
    local got = pass(t)
    test.eq(#got, #t)
    for i = 1, #t do if got[i] ~= i then error(i) end end
end)

test('03.22 keys', function()
    local t = { [''] = 1, ['a\0b'] = 2, [('k'):rep(1000)] = 3 }
    for i = 1, 1000 do t['k' .. i] = i end
    test.eq(pass(t), t)
end)

test('03.22 to another thread and back', function()
    local echo = remote([[
        while true do
            local m = inbox:receive()
            job.reply:send(m)
            if m == 'end' then break end
        end
    ]], {}, { inherit_context = false })
    for _, value in ipairs { 1, 'a\0b', true, { 1, { 'x', { y = { false } } } }, ('x'):rep(1000000), 'end' } do
        echo:send(value)
        test.eq(inbox:receive(), value)
    end
end)

test('03.23 05.35 values that cannot be sent', function()
    local m = mutex.new()
    local promise, waiter = future.new()
    for _, value in ipairs { print, function() end, coroutine.create(print), ffi.cast('void*', 1) } do
        refuses(value, 22, generic)
    end
    refuses(nil, 22, generic)
    for _, t in ipairs { setmetatable({}, {}), setmetatable({ 1 }, { __index = print }) } do
        test.eq(tostring(refuses(t, 22, generic)), 'Invalid argument')
    end
    refuses(select(2, pcall(spawn_vm)), 22, generic) -- an error table
    local socket = ip.tcp.socket.new()
    for _, object in ipairs { byte_span.new(1), m, condition_variable.new(), promise, waiter, spawn(function() end), socket,
        time.steady_timer.new(), time.steady_clock.now(), newproxy(), newproxy(true), _FILE } do
        test.eq(tostring(refuses(object, 95, generic)), 'Operation not supported')
    end
    local closed = remote('')
    closed:close()
    refuses(closed, 95, generic)
    socket:close()
end)

test('03.23 05.35 inside a table they are dropped', function()
    local socket = ip.tcp.socket.new()
    local closed = remote('')
    closed:close()
    for _, value in ipairs { print, coroutine.create(print), setmetatable({}, {}), byte_span.new(1), mutex.new(),
        newproxy(), closed, socket, _FILE } do
        test.eq(pass({ a = 1, b = value, c = { d = value, e = 2 } }), { a = 1, c = { e = 2 } })
        test.eq(pass({ 1, { value, 2 }, value, 3 }), { 1, {} })
    end
end)

test('03.24 shapes of tables', function()
    test.eq(pass { 1, print, 3 }, { 1 })
    test.eq(pass { a = 1, b = print }, { a = 1 })
    test.eq(pass { [1.5] = 1, b = 2 }, { b = 2 })
    test.eq(pass { 1, 2, a = 3 }, { 1, 2 })
    test.eq(pass { nil, 2 }, {})
    test.eq(pass {}, {})
    test.eq(pass { [true] = 1, [print] = 2, [0] = 3, [-1] = 4 }, {})
    test.eq(pass { { 1, 2 }, { a = { 'b' } }, {} }, { { 1, 2 }, { a = { 'b' } }, {} })
    test.eq(pass { print, 1 }, {})
    test.eq(pass { a = { b = { c = { 1, 2, { d = 'e' } } } }, f = 1, g = { h = 2 } },
        { a = { b = { c = { 1, 2, { d = 'e' } } } }, f = 1, g = { h = 2 } })
    test.eq(getmetatable(pass { 1 }), nil)
end)

test('03.24 metamethods do not run', function()
    local trap = setmetatable({}, { __index = error, __len = error, __pairs = error })
    refuses(trap, 22, generic)
    test.eq(pass { a = trap, b = 1 }, { b = 1 })
end)

test('03.25 cycles', function()
    local t = {}
    t.t = t
    test.eq(tostring(refuses(t, 4, dom)), 'Reference cycle exists')
    t = { 1 }
    t[2] = t
    refuses(t, 4, dom)
    t = { a = { { b = {} } } }
    t.a[1].b.c = t.a
    refuses(t, 4, dom)
    t.a[1].b.c = t
    refuses(t, 4, dom)
    t.a[1].b.c = nil
    test.eq(pass(t), { a = { { b = {} } } })
end)

test('03.25 a table twice is two copies', function()
    local t = { 1 }
    local got = pass { t, t, { t } }
    test.eq(got, { { 1 }, { 1 }, { { 1 } } })
    test.ok(got[1] ~= got[2])
end)

local function nested(depth, key)
    local t = { 'bottom' }
    for _ = 2, depth do t = { [key] = t } end
    return t
end

local function depth_of(t, key)
    local depth = 1
    while t[key] and type(t[key]) == 'table' do t, depth = t[key], depth + 1 end
    test.eq(t, { 'bottom' })
    return depth
end

test('03.26 nesting', function()
    for _, key in ipairs { 1, 'k' } do
        for _, depth in ipairs { 10000, 1000000 } do
            local t = nested(depth, key)
            local got = spawn(function() return pass(t) end):join()
            test.eq(depth_of(got, key), depth)
        end
        -- Never taken: destroyed with the VM.
        local worker = remote [[ require('time').sleep(0.01) ]]
        local ok, e = pcall(worker.send, worker, nested(1000000, key))
        test.ok(not ok and tools.is_code(e, 15))
        test.eq(tostring(refuses(nested(1100000, key), 2, dom)), 'Too many levels')
        test.eq(pass(nested(2, key)), nested(2, key))
    end
end)

test('03.27 addresses', function()
    test.ok(pass(channel) == channel)
    test.ok(pass({ channel })[1] == channel)
    test.ok(pass({ a = { channel } }).a[1] == channel)
    test.ok(pass(inbox) == channel)
    local got = pass { inbox, inbox, a = 1 }
    test.ok(got[1] == got[2] and got[1] == channel and not rawequal(got[1], got[2]))
    local worker = remote 'local me = inbox:receive() job.reply:send{ me, inbox, me == inbox:receive() }'
    worker:send(worker)
    worker:send{ worker }
    local got = inbox:receive()
    test.ok(got[1] == worker and got[2] == worker and got[3] == false)
end)

test('03.27 a channel sent over a channel that was sent over a channel', function()
    local last = remote 'job.reply:send(inbox:receive())'
    local first = remote [[
        local second = inbox:receive()
        second:send(inbox:receive())
    ]]
    local second = remote [[
        local last = inbox:receive()
        last:send 'arrived'
    ]]
    first:send(second)
    second:close()
    first:send(last)
    last:close()
    test.eq(inbox:receive(), 'arrived')
end)

-- ---- Descriptors

local function descriptor()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open(ip.address.loopback_v4())
    acceptor:bind(ip.address.loopback_v4(), 0)
    return acceptor:release()
end

test('03.28 a descriptor is duplicated', function()
    local fd = descriptor()
    local got = pass(fd)
    test.eq(getmetatable(got), 'file_descriptor')
    test.ok(tostring(got) ~= tostring(fd))
    local copy = fd:dup()
    copy:close()
    fd:close()
    local second = got:dup()
    second:close()
    got:close()
    fd = descriptor()
    got = pass { fd, fd, { a = fd } }
    test.eq({ getmetatable(got[1]), getmetatable(got[2]), getmetatable(got[3].a) },
        { 'file_descriptor', 'file_descriptor', 'file_descriptor' })
    for _, d in ipairs { got[1], got[2], got[3].a, fd } do d:close() end
end)

test('03.28 the copy of a socket works', function()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open(ip.address.loopback_v4())
    acceptor:bind(ip.address.loopback_v4(), 0)
    acceptor:listen()
    local client = ip.tcp.socket.new()
    client:connect(acceptor.local_address, acceptor.local_port)
    local peer = acceptor:accept()
    acceptor:close()
    local fd = client:release()
    local worker = remote([[
        local ip = require 'ip'
        local socket = ip.tcp.socket.new()
        socket:assign(ip.address.loopback_v4(), job.fd)
        assert(socket:write_some(byte_span.append 'hello') == 5)
        socket:close()
    ]], { fd = fd })
    fd:close()
    local buffer = byte_span.new(10)
    test.eq(tostring(buffer:slice(1, peer:read_some(buffer))), 'hello')
    peer:close()
end)

test('03.28 closed and undelivered ones', function()
    local fd = descriptor()
    local open = descriptor()
    fd:close()
    refuses(fd, 22, generic)
    local got = pass { a = fd, b = 1 }
    test.eq(got, { b = 1 })
    got = pass { open, fd, open }
    test.eq(#got, 1)
    got[1]:close()
    -- An error behind a descriptor closes it.
    local cycle = { 1, open }
    cycle[3] = cycle
    collectgarbage()
    collectgarbage()
    local before = test.fds()
    refuses(cycle, 4, dom)
    test.eq(test.fds(), before)
    -- A message withdrawn, one refused, one left behind.
    local f = spawn(function() channel:send { open } end)
    this_fiber.yield()
    test.eq(test.fds(), before + 1)
    f:interrupt()
    f:join()
    test.eq(test.fds(), before)
    for _, code in ipairs { 'require("time").sleep(0.01)', 'require("time").sleep(0.01) inbox:close() require("time").sleep(0.01)',
        'require("time").sleep(0.01) require("system").exit()' } do
        local worker = remote(code)
        test.raises_code(function() worker:send { open } end, 15, core)
        test.eq(test.fds(), before)
        worker:close()
    end
    open:close()
end)

test('03.28 no descriptor is left for the copy', function()
    local fd = descriptor()
    for _, value in ipairs { fd, { 1, fd }, { a = { b = fd } } } do
        local ok, e = helpers.without_free_descriptors(function() channel:send(value) end)
        test.eq({ ok, e.code, tostring(e.category) }, { false, 24, 'system' })
    end
    fd:close()
end)

test('03.28 a descriptor stays usable while its message waits', function()
    local fd = descriptor()
    local f = spawn(function() channel:send(fd) end)
    this_fiber.yield()
    fd:dup():close()
    fd:close()
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
end)

test.done()

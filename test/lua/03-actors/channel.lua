-- Channels and the inbox as objects; send() (03 §2).
local test = require 'test'
local helpers = require 'helpers'
local tools = require './_tools'
local inbox = require 'inbox'
local time = require 'time'
local mutex = require 'mutex'
local remote, eval = tools.remote, tools.eval
local generic, core = 'generic', 'emilua.core'

-- A channel to this VM.
local function own() return remote('job.reply:send(job.reply)') and inbox:receive() end

test('03.7 metatables, keys and assignments', function()
    local channel = own()
    test.eq(getmetatable(channel), 'tx-channel')
    test.eq(getmetatable(inbox), 'rx-channel')
    test.match(tostring(channel), '^userdata: 0x%x+$')
    for _, object in ipairs { channel, inbox } do
        for _, key in ipairs { 'kill', 'detach', 'child_pid', 'x', 1, true, object == inbox and 'send' or 'receive' } do
            local e = test.raises_code(function() return object[key] end, 8, core, { index = 2 })
            test.eq(tostring(e), "Requested key wasn't found in the table/userdata")
        end
        test.raises_code(function() object.x = 1 end, 1, generic)
        test.raises_code(function() object.close = print end, 1, generic)
        test.raises_code(function() object[1] = nil end, 1, generic)
    end
    channel:close()
    test.raises_code(function() return channel.x end, 8, core, { index = 2 })
end)

test('03.8 equality', function()
    local a, b = own(), own()
    test.ok(rawequal(a, b) == false)
    test.ok(a == b)
    local other = remote('inbox:receive()')
    local third = remote('inbox:receive()')
    test.ok(other ~= a and other ~= third)
    test.ok(a ~= inbox)
    b:close()
    test.ok(a ~= b and b ~= a)
    test.ok(b == b)
    a:close()
    local e = test.raises_code(function() return a == b end, 95, generic)
    test.eq(tostring(e), 'Operation not supported')
    other:send(1)
    other:close()
    test.raises_code(function() return a == other end, 95, generic)
    test.ok(a ~= third)
    third:send(1)
end)

test('03.12 send: order of checks', function()
    local channel = own()
    local closed = own()
    closed:close()
    for _ = 1, 2 do closed:close() end
    for _, arguments in ipairs { {}, { 1 }, { print }, { nil } } do
        test.raises_code(function() closed:send(unpack(arguments)) end, 15, core)
    end
    test.eq(test.raises_code(function() closed.send(closed) end, 15, core).arg, nil)
    test.eq(test.raises_code(function() channel:send() end, 22, generic).arg, nil)
    test.eq(test.raises_code(function() channel.send() end, 22, generic).arg, nil)
    test.eq(test.raises_code(function() channel.send(1) end, 22, generic).arg, nil)
    for _, self in ipairs { 1, inbox, {}, print, mutex.new() } do
        test.raises_code(function() channel.send(self, 1) end, 22, generic, { arg = 1 })
        test.raises_code(function() channel.send(self, print) end, 22, generic, { arg = 1 })
        test.raises_code(function() channel.close(self) end, 22, generic, { arg = 1 })
    end
    local dead = remote('')
    helpers.eventually(function() return not pcall(dead.send, dead, 1) end)
    test.raises_code(function() dead:send(print) end, 15, core)
    this_fiber.forbid_suspend()
    local ok, e = pcall(dead.send, dead, print)
    local ok2, e2 = pcall(channel.send, 1, print)
    local ok3, e3 = pcall(closed.send, closed)
    this_fiber.allow_suspend()
    test.eq({ ok, e.code, e2.arg, e3.code }, { false, 12, 1, 15 })
end)

test('03.12 further arguments of send are ignored', function()
    local channel = own()
    local f = spawn(function() channel:send(1, print, nil) end)
    test.eq(inbox:receive(), 1)
    f:join()
end)

test('03.20 send returns when the receiver has taken the message', function()
    local channel = own()
    local log = {}
    local f = spawn(function()
        channel:send 'x'
        log[#log + 1] = 'sent'
    end)
    time.sleep(0.1)
    log[#log + 1] = 'receive'
    inbox:receive()
    f:join()
    test.eq(log, { 'receive', 'sent' })

    local before = time.steady_clock.now()
    local sleeper = remote[[
        local time = require 'time'
        time.sleep(0.2)
        inbox:receive()
    ]]
    sleeper:send(1)
    local elapsed = time.steady_clock.now() - before
    test.ok(elapsed >= 0.2 and elapsed < 10, tostring(elapsed))
end)

test('03.20 with the receiver on another thread', function()
    local before = time.steady_clock.now()
    local sleeper = remote([[
        local time = require 'time'
        time.sleep(0.2)
        job.reply:send(inbox:receive())
    ]], {}, { inherit_context = false })
    sleeper:send(7)
    local elapsed = time.steady_clock.now() - before
    test.ok(elapsed >= 0.2 and elapsed < 10, tostring(elapsed))
    test.eq(inbox:receive(), 7)
end)

test('03.18 an interrupted send takes its message back', function()
    local channel = own()
    local fibers = {}
    for i = 1, 5 do fibers[i] = spawn(function() channel:send(i) end) end
    this_fiber.yield()
    for _, i in ipairs { 1, 3, 5 } do
        fibers[i]:interrupt()
        fibers[i]:join()
        test.ok(fibers[i].interruption_caught)
    end
    test.eq(inbox:receive(), 2)
    test.eq(inbox:receive(), 4)
    local last = spawn(function() channel:send 'last' end)
    test.eq(inbox:receive(), 'last')
    for _, i in ipairs { 2, 4 } do
        fibers[i]:join()
        test.ok(not fibers[i].interruption_caught)
    end
    last:join()
end)

test('03.18 an interruption after the message was taken shows at the next point', function()
    local channel = own()
    local after
    local f = spawn(function()
        channel:send(1)
        after = true
        this_fiber.yield()
        after = 'too far'
    end)
    this_fiber.yield()
    inbox:receive()
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
    test.eq(after, true)
end)

test('03.18 a pending interruption comes before the destination and the message', function()
    local dead = remote('')
    helpers.eventually(function() return not pcall(dead.send, dead, 1) end)
    for _, channel in ipairs { dead, own() } do
        local f = spawn(function() channel:send(print) end)
        f:interrupt()
        f:join()
        test.ok(f.interruption_caught)
    end
end)

test('03.18 with disabled interruption send goes on', function()
    local channel = own()
    local f = spawn(function()
        this_fiber.disable_interruption()
        channel:send 'important'
        this_fiber.restore_interruption()
        return 'done'
    end)
    this_fiber.yield()
    f:interrupt()
    test.eq(inbox:receive(), 'important')
    test.eq(f:join(), 'done')
end)

test('03.18 interruption of a sender to another thread', function()
    local taken = 0
    local worker = remote([[
        local count = 0
        while true do
            local m = inbox:receive()
            if m == 'end' then break end
            count = count + 1
        end
        job.reply:send(count)
    ]], {}, { inherit_context = false })
    local sent = 0
    for i = 1, 300 do
        local f = spawn(function()
            worker:send(i)
            sent = sent + 1
        end)
        for _ = 1, i % 4 do this_fiber.yield() end
        f:interrupt()
        f:join()
    end
    worker:send 'end'
    test.eq(inbox:receive(), sent)
end)

test('03.21 messages of one fiber arrive in order, of many in order of arrival', function()
    local channel = own()
    local fibers = {}
    for i = 1, 10 do
        fibers[i] = spawn(function() for k = 1, 10 do channel:send(i * 100 + k) end end)
    end
    local last, first_round = {}, {}
    for n = 1, 100 do
        local m = inbox:receive()
        local i, k = math.floor(m / 100), m % 100
        if n <= 10 then first_round[n] = m end
        test.eq(k, (last[i] or 0) + 1)
        last[i] = k
    end
    for i = 1, 10 do
        fibers[i]:join()
        test.eq(first_round[i], i * 100 + 1)
    end
end)

test('03.29 a message is a snapshot', function()
    local channel = own()
    local t = { 1, { 'a' }, 3 }
    local f = spawn(function() channel:send(t) end)
    this_fiber.yield()
    t[2][1], t[1], t[4] = 'changed', 'changed', 4
    test.eq(inbox:receive(), { 1, { 'a' }, 3 })
    f:join()
end)

test('03.30 send and receive from any frame', function()
    local channel = own()
    local f = spawn(function() for i = 1, 20 do channel:send(i) end end)
    local got = {}
    local function take() got[#got + 1] = inbox:receive() end
    ;('ab'):gsub('.', take)
    local list = { 3, 1, 2 }
    local taken = #got
    table.sort(list, function(a, b) take() return a < b end)
    test.ok(#got > taken)
    local object = setmetatable({}, { __index = take, __add = take, __call = take })
    local _ = object.x, object + 1, object()
    coroutine.wrap(function() coroutine.wrap(take)() end)()
    pcall(take)
    for _ in take do end
    while #got < 20 do take() end
    for i = 1, 20 do test.eq(got[i], i) end
    f:join()

    local f = spawn(function() for i = 1, 8 do test.eq(inbox:receive(), i) end end)
    local n = 0
    local function give() n = n + 1 channel:send(n) return '' end
    ;('ab'):gsub('.', give)
    table.sort({ 2, 1 }, function(a, b) if n < 3 then give() end return a < b end)
    local object = setmetatable({}, { __index = give, __tostring = give })
    local _ = object.x, tostring(object)
    coroutine.wrap(give)()
    while n < 8 do pcall(give) end
    f:join()
end)

test('03.30 not in a forbid-suspend block', function()
    local channel = own()
    this_fiber.forbid_suspend()
    local _, e = pcall(channel.send, channel, 1)
    local _, e2 = pcall(inbox.receive, inbox)
    this_fiber.allow_suspend()
    test.eq({ e.code, e2.code, tostring(e) }, { 12, 12, 'EPERM within a forbid-suspend block' })
end)

test('03.30 not in a finalizer', function()
    local channel = own()
    local codes = {}
    do
        local proxy = newproxy(true)
        getmetatable(proxy).__gc = function()
            local _, e = pcall(channel.send, channel, 1)
            local _, e2 = pcall(inbox.receive, inbox)
            codes = { e.code, e2.code }
        end
    end
    collectgarbage()
    collectgarbage()
    test.eq(codes, { 12, 12 })
end)

test.done()

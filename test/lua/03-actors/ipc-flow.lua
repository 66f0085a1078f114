-- Waiting and order of messages between processes (03 §5, §11, §12.4).
--@ run ulimit -n 500; EMILUA_PATH=$EMILUA_PATH:$(dirname $EMILUA)/test/plugin $EMILUA $FILE
local test = require 'test'
local helpers = require 'helpers'
local tools = require './_tools'
local _ipc = require './_ipc'
local ipc = require 'ipc'
local inbox = require 'inbox'
local time = require 'time'
local generic, system, core = 'generic', 'system', 'emilua.core'

local function settle() for _ = 1, 1000 do this_fiber.yield() end end

-- A fiber that sends 1, 2, ... until it may not; `sent` counts. Messages have the size of the largest one.
local function flood(channel)
    local filler = {}
    for i = 1, 19 do filler[('k'):rep(250) .. ('%05d'):format(i)] = ('v'):rep(255) end
    local f = { sent = 0 }
    f.fiber = spawn(function()
        while true do
            filler.n = f.sent + 1
            channel:send(filler)
            f.sent = f.sent + 1
        end
    end)
    settle()
    return f
end

test('03.68 a sender waits for a receiver that does not receive', function()
    local channel = _ipc.link()
    local f = flood(channel)
    test.ok(f.sent > 5 and f.sent < 200, f.sent)
    local before = f.sent
    settle()
    test.eq(f.sent, before)
    for i = 1, 3 * before do test.eq(inbox:receive().n, i) end
    test.ok(f.sent > before)
    settle()
    local sent = f.sent
    f.fiber:interrupt()
    f.fiber:join()
    test.ok(f.fiber.interruption_caught)
    -- The interrupted one sends nothing.
    channel:close()
    for i = 3 * before + 1, sent do test.eq(inbox:receive().n, i) end
    _ipc.finish()
end)

test('03.68 many senders wait on one channel, each message is whole', function()
    local channel = _ipc.link()
    local fibers, sent = {}, {}
    local value = ('v'):rep(255)
    for i = 1, 50 do
        fibers[i] = spawn(function()
            for n = 1, 20 do channel:send { from = i, n = n, a = value, b = value, c = value, d = value } end
        end)
    end
    settle()
    local last = {}
    for _ = 1, 50 * 20 do
        local m = inbox:receive()
        test.eq(m.n, (last[m.from] or 0) + 1)
        test.eq(m.d, value)
        last[m.from] = m.n
    end
    for _, f in ipairs(fibers) do f:join() end
    channel:close()
    _ipc.finish()
end)

test('03.68 senders that wait get their turn in order', function()
    local channel = _ipc.link()
    local f = flood(channel)
    f.fiber:interrupt()
    f.fiber:join()
    -- Room for nothing: the small ones of the first fibers must not be overtaken by later ones.
    local fibers = {}
    for i = 1, 100 do fibers[i] = spawn(function() channel:send { i = i } end) end
    settle()
    fibers[50]:interrupt()
    local seen = {}
    while #seen < 99 do
        local m = inbox:receive()
        if m.i then seen[#seen + 1] = m.i end
    end
    for i = 2, 99 do test.ok(seen[i] > seen[i - 1]) end
    fibers[50]:join()
    test.ok(fibers[50].interruption_caught)
    for i, fiber in ipairs(fibers) do if i ~= 50 then fiber:join() end end
    channel:close()
    _ipc.finish()
end)

test('03.69 the peer is gone', function()
    local channel, socket = _ipc.raw_end()
    socket:close()
    for _ = 1, 2 do
        local e = test.raises_code(function() channel:send(1) end, 32, system)
        test.eq(tostring(e), 'Broken pipe')
    end
    channel:close()

    channel, socket = _ipc.raw_end()
    channel:send(1)
    socket:close()  -- with unread data
    test.raises_code(function() channel:send(1) end, 104, system)
    test.raises_code(function() channel:send(1) end, 32, system)
    channel:close()
end)

test('03.69 the peer goes while senders wait', function()
    local channel, socket = _ipc.raw_end()
    local f = flood(channel)
    local others = {}
    for i = 1, 3 do others[i] = spawn(function() return pcall(channel.send, channel, { n = i }) end) end
    settle()
    socket:close()
    local e = test.throws(f.fiber.join, f.fiber)
    test.ok(e.code == 32 or e.code == 104)
    test.eq(tostring(e.category), system)
    for _, other in ipairs(others) do
        local ok, e = other:join()
        test.ok(not ok and e.code == 32)
    end
    channel:close()
end)

test('03.69 the channel is closed while senders wait', function()
    for _, how in ipairs { 'close', 'kill' } do
        local sending, receiving = ipc.pair()
        local channel = how == 'kill' and ipc.child(sending, 'exec sleep 1000') or ipc.channel(sending)
        local f = flood(channel)
        local others = {}
        for i = 1, 3 do others[i] = spawn(function() return pcall(channel.send, channel, { n = i }) end) end
        settle()
        channel[how](channel)
        local e = test.throws(f.fiber.join, f.fiber)
        test.eq({ e.code, tostring(e.category), tostring(e) }, { 125, system, 'Operation canceled' })
        for _, other in ipairs(others) do
            local ok, e = other:join()
            test.ok(not ok and e.code == 125)
        end
        test.raises_code(function() channel:send(1) end, 15, core)
        receiving:close()
    end
end)

test('03.69 interruption', function()
    local channel, socket = _ipc.raw_end()
    local f = spawn(function()
        this_fiber.disable_interruption()
        this_fiber.yield()
        channel:send(1)     -- not yet
        local ok, e = pcall(function()
            this_fiber.restore_interruption()
            channel:send(2)
        end)
        test.ok(not ok and e.code == 13)
        return 'done'
    end)
    this_fiber.yield()
    f:interrupt()
    test.eq(f:join(), 'done')
    test.eq(socket:receive(byte_span.new(100)), 16)
    local waiting = spawn(function() socket:receive(byte_span.new(100)) end)
    settle()
    waiting:interrupt() -- nothing more was sent
    waiting:join()
    test.ok(waiting.interruption_caught)
    test.raises_code(function()
        this_fiber.forbid_suspend()
        local ok, e = pcall(channel.send, channel, 1)
        this_fiber.allow_suspend()
        error(e)
    end, 12, core)
    channel:close()
    socket:close()
end)

test('03.30 from any Lua frame', function()
    local channel = _ipc.link()
    for c in ('abc'):gmatch '.' do channel:send(c) end
    test.eq((('...'):gsub('%.', function() return inbox:receive() end)), 'abc')
    local t = { 3, 1, 2 }
    table.sort(t, function(a, b)
        channel:send(a < b)
        return inbox:receive()
    end)
    test.eq(t, { 1, 2, 3 })
    local co = coroutine.wrap(function() channel:send(1) coroutine.yield(inbox:receive()) end)
    test.eq(co(), 1)
    channel:close()
    _ipc.finish()
end)

test('03.70 connections take turns', function()
    local channels, floods = {}, {}
    for i = 1, 4 do
        channels[i] = _ipc.link()
        floods[i] = spawn(function()
            for n = 1, 500 do channels[i]:send { from = i, n = n } end
            channels[i]:close()
        end)
    end
    settle()
    local last = {}
    for n = 1, 500 do
        local turn = {}
        for _ = 1, 4 do
            local m = inbox:receive()
            test.eq(m.n, n)
            test.eq(turn[m.from], nil)
            turn[m.from] = true
        end
    end
    for _, f in ipairs(floods) do f:join() end
    _ipc.finish()
end)

test('03.70 a quiet connection gets its turn among busy ones', function()
    local busy, quiet = _ipc.link(), _ipc.link()
    local f = spawn(function() while true do busy:send 'busy' end end)
    for _ = 1, 20 do
        for _ = 1, 50 do test.eq(inbox:receive(), 'busy') end
        quiet:send 'quiet'
        local n = 0
        repeat
            n = n + 1
            settle()
        until inbox:receive() == 'quiet' or n > 3
        test.ok(n <= 3, n)
    end
    f:interrupt()
    f:join()
    busy:close()
    quiet:close()
    while pcall(inbox.receive, inbox) do end
end)

test('03.62 messages of this process and of others', function()
    local channel = _ipc.link()
    local worker = tools.remote('for i = 1, 300 do job.reply:send(i) end', {}, { inherit_context = false })
    local f = spawn(function() for i = 1, 300 do channel:send { i = i } end channel:close() end)
    local own, foreign = 0, 0
    worker:close()
    while true do
        local ok, m = pcall(inbox.receive, inbox)
        if not ok then
            test.eq(m.code, 16)
            break
        end
        if type(m) == 'number' then
            own = own + 1
            test.eq(m, own)
        else
            foreign = foreign + 1
            test.eq(m.i, foreign)
        end
    end
    test.eq({ own, foreign }, { 300, 300 })
    f:join()
end)

test('03.12 a second receiver', function()
    local channel = _ipc.link()
    local f = spawn(function() return inbox:receive() end)
    this_fiber.yield()
    test.raises_code(function() inbox:receive() end, 16, generic)
    channel:send(1)
    test.eq(f:join(), 1)
    channel:close()
    _ipc.finish()
end)

test('03.47 the last address is closed while a receiver waits', function()
    local a, b = _ipc.link(), _ipc.link()
    local f = spawn(function() return pcall(inbox.receive, inbox) end)
    settle()
    a:close()
    settle()
    b:send 'b'
    test.eq({ f:join() }, { true, 'b' })
    f = spawn(function() return pcall(inbox.receive, inbox) end)
    settle()
    b:close()
    local ok, e = f:join()
    test.ok(not ok and e.code == 16)
end)

test('03.66 an address counts as long as it is on its way', function()
    local channel, socket = _ipc.raw_end()
    channel:send { inbox = inbox }
    local f = spawn(function() return pcall(inbox.receive, inbox) end)
    settle()
    socket:close()  -- the message is dropped, and the address in it
    local ok, e = f:join()
    test.ok(not ok and e.code == 16)
    channel:close()
end)

test('03.66 an address that was not sent', function()
    local channel, socket = _ipc.raw_end()
    socket:close()
    for _ = 1, 10 do test.raises_code(function() channel:send(inbox) end, 32, system) end
    channel:close()

    channel, socket = _ipc.raw_end()
    local f = flood(channel)
    local waiting = spawn(function() channel:send { inbox = inbox } end)
    local receiver = spawn(function() return pcall(inbox.receive, inbox) end)
    settle()
    waiting:interrupt()
    waiting:join()
    local ok, e = receiver:join()
    test.ok(not ok and e.code == 16)
    f.fiber:interrupt()
    f.fiber:join()
    channel:close()
    socket:close()
end)

test('03.13 inbox:close() closes the receiving ends', function()
    local code = [[
        local ipc = require 'ipc'
        ipc.attach(job.a) ipc.attach(job.b)
        if job.receive then
            spawn(function() pcall(inbox.receive, inbox) end):detach()
            require('time').sleep(0.02)
        end
        if job.close then inbox:close() end
        job.reply:send('ready')
        if job.close then require('time').sleep(0.5) end
    ]]
    -- By close(), and by the end of the VM; while somebody receives, and while not.
    for _, options in ipairs { {}, { inherit_context = false } } do
        for _, close in ipairs { true, false } do
            for _, receive in ipairs { true, false } do
                local sa, ra = ipc.pair()
                local sb, rb = ipc.pair()
                local a, b = ipc.channel(sa), ipc.channel(sb)
                local worker = tools.remote(code, { a = ra, b = rb, close = close, receive = receive }, options)
                ra:close()
                rb:close()
                test.eq(inbox:receive(), 'ready')
                worker:close()
                if close or not receive then
                    helpers.eventually(function() return not pcall(a.send, a, 1) end)
                    test.raises_code(function() a:send(1) end, 32, system)
                    helpers.eventually(function() return not pcall(b.send, b, 1) end)
                else
                    a:send(1)   -- it waits for messages, and ends with this one
                    helpers.eventually(function() return not pcall(b.send, b, 1) end)
                end
                a:close()
                b:close()
            end
        end
    end
    pcall(inbox.receive, inbox)
end)

test('03.43 a VM ends while its connections are armed', function()
    local code = [[
        local ipc = require 'ipc'
        for _, fd in pairs(job.fds) do ipc.attach(fd) end
        spawn(function() pcall(inbox.receive, inbox) end):detach()
        require('time').sleep(0.01)
        job.reply:send('ready')
        require('system').exit()
    ]]
    for round = 1, 30 do
        local fds, channels = {}, {}
        for i = 1, 10 do
            local s
            s, fds['' .. i] = ipc.pair()
            channels[i] = ipc.channel(s)
        end
        tools.remote(code, { fds = fds }, { inherit_context = round % 2 == 0 }):close()
        for _, fd in pairs(fds) do fd:close() end
        inbox:receive()
        for _, channel in ipairs(channels) do
            for _ = 1, round % 3 do pcall(channel.send, channel, 1) end
            channel:close()
        end
    end
    pcall(inbox.receive, inbox)
end)

test('03.43 a VM ends while its senders wait', function()
    local code = [[
        local ipc = require 'ipc'
        local channel = ipc.channel(job.fd)
        local text = ('x'):rep(255)
        local function send() channel:send { text = text } end
        require('helpers').fill(send):detach()
        for _ = 1, 2 do spawn(send):detach() end
        this_fiber.yield()
        job.reply:send('ready')
        if job.exit then require('system').exit() else error('end') end
    ]]
    for _, inherit in ipairs { true, false } do
        local sending, receiving = ipc.pair()
        local socket = require('unix').seqpacket_socket.new(receiving)
        tools.remote(code, { fd = sending, exit = true }, { inherit_context = inherit }):close()
        sending:close()
        test.eq(inbox:receive(), 'ready')
        local buffer = byte_span.new(20000)
        local n = 0
        while pcall(socket.receive, socket, buffer) do n = n + 1 end    -- until the end of the stream
        test.ok(n > 5)
        socket:close()
    end
    pcall(inbox.receive, inbox)
end)

test('03.70 many connections', function()
    local links = {}
    for i = 1, 150 do
        links[i] = _ipc.link()
        links[i]:send(i)
    end
    for i = 1, 150 do test.eq(inbox:receive(), i) end
    local f = spawn(function() return inbox:receive() end)
    settle()
    links[77]:send 'one of them'
    test.eq(f:join(), 'one of them')
    for i = 1, 150 do
        links[i]:send(-i)
        links[i]:close()
    end
    local sum = 0
    for _ = 1, 150 do sum = sum + inbox:receive() end
    test.eq(sum, -150 * 151 / 2)
    _ipc.finish()
end)

test('03.62 two VMs over sockets in two threads', function()
    local sending, receiving = ipc.pair()
    local channel = ipc.channel(sending)
    local worker = tools.remote([[
        require('ipc').attach(job.fd)
        local back = inbox:receive()
        for i = 1, 2000 do back:send(inbox:receive()) end
    ]], { fd = receiving }, { inherit_context = false })
    receiving:close()
    worker:close()
    channel:send(inbox)
    for i = 1, 2000 do
        channel:send(i)
        test.eq(inbox:receive(), i)
    end
    channel:close()
    pcall(inbox.receive, inbox)
end)

test('03.66 making an address fails', function()
    local channel, socket = _ipc.raw_end()
    local fd = _ipc.pipe()
    local fds = {}
    while true do
        local ok, copy = pcall(fd.dup, fd)
        if not ok then
            test.eq(copy.code, 24)
            break
        end
        fds[#fds + 1] = copy
    end
    test.raises_code(function() channel:send(inbox) end, 24, system)
    fds[1]:close()
    fds[2]:close()
    test.raises_code(function() channel:send { a = inbox, b = inbox } end, 24, system)
    channel:send(inbox)
    for _, copy in ipairs(fds) do copy:close() end
    local buffer = byte_span.new(100)
    local n, sent = socket:receive_with_fds(buffer, 20)
    test.eq({ n, #sent }, { 16, 1 })
    sent[1]:close()
    fd:close()
    channel:close()
    socket:close()
    _ipc.finish()
end)

test('03.71 the receiver has no descriptors left', function()
    local channel, other = _ipc.link(), _ipc.link()
    local reader, writer = _ipc.pipe()
    channel:send { fd = writer }
    writer:close()
    local fds = {}
    while true do
        local ok, copy = pcall(reader.dup, reader)
        if not ok then break end
        fds[#fds + 1] = copy
    end
    other:send 'goes on'
    test.eq(inbox:receive(), 'goes on')
    for _, copy in ipairs(fds) do copy:close() end
    test.raises_code(function() channel:send(1) end, 32, system)
    reader:close()
    channel:close()
    other:close()
    _ipc.finish()
end)

test.done()

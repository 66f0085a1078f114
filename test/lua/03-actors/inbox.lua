-- inbox: receive() and close() (03 §3).
local test = require 'test'
local tools = require './_tools'
local inbox = require 'inbox'
local time = require 'time'
local remote, eval = tools.remote, tools.eval
local generic, core = 'generic', 'emilua.core'

test('03.9 receive in a VM that nobody knows', function()
    for _ = 1, 2 do
        local e = test.raises_code(function() inbox:receive() end, 16, core)
        test.eq(tostring(e), 'Broadcast the address before attempting to receive on it')
    end
end)

-- A channel to this VM.
local function own() return remote('job.reply:send(job.reply)') and inbox:receive() end

test('03.9 self is checked first', function()
    local channel = own()
    for _, self in ipairs { 1, channel, {}, print } do
        test.raises_code(function() inbox.receive(self) end, 22, generic, { arg = 1 })
        test.raises_code(function() inbox.close(self) end, 22, generic, { arg = 1 })
    end
    test.raises_code(function() inbox.receive() end, 22, generic, { arg = 1 })
end)

test('03.9 require gives the same object everywhere', function()
    test.ok(rawequal(inbox, require 'inbox'))
    test.ok(eval[[ return rawequal(inbox, require 'inbox') ]])
end)

test('03.10 the last channel is closed while the receiver waits', function()
    local channel = own()
    local f = spawn(function() return pcall(inbox.receive, inbox) end)
    this_fiber.yield()
    channel:close()
    local ok, e = f:join()
    test.ok(not ok and tools.is_code(e, 16))
    -- The inbox stays usable.
    channel = own()
    channel:close()
end)

test('03.10 the last channel is collected while the receiver waits', function()
    local channel = own()
    local f = spawn(function() return pcall(inbox.receive, inbox) end)
    this_fiber.yield()
    channel = nil
    collectgarbage()
    collectgarbage()
    local ok, e = f:join()
    test.ok(not ok and tools.is_code(e, 16))
end)

test('03.10 the VM that has the last channel ends', function()
    for _, options in ipairs { {}, { inherit_context = false } } do
        for _, code in ipairs { '', "require('system').exit()", 'require("time").sleep(0.05)' } do
            remote(code, {}, options):close()
            test.raises_code(function() inbox:receive() end, 16, core)
        end
    end
end)

test('03.10 the channel is in a message that nobody takes', function()
    -- The worker gets our address twice: in the message that it takes and in one that it leaves.
    local worker = remote[[
        job.reply:close()
        require('time').sleep(0.1)
    ]]
    local f = spawn(function() return pcall(worker.send, worker, inbox) end)
    test.raises_code(function() inbox:receive() end, 16, core)
    local ok, e = f:join()
    test.ok(not ok and tools.is_code(e, 15))
end)

test('03.11 a message outlives the channel it was sent on', function()
    local channel = own()
    local f = spawn(function()
        channel:send 'x'
    end)
    this_fiber.yield()
    channel:close()
    test.eq(inbox:receive(), 'x')
    test.raises_code(function() inbox:receive() end, 16, core)
    f:join()
    remote[[
        local reply = job.reply
        local f = spawn(function() reply:send 'y' end)
        this_fiber.yield()
        reply:close()
        f:join()
    ]]
    time.sleep(0.05)
    test.eq(inbox:receive(), 'y')
    test.raises_code(function() inbox:receive() end, 16, core)
end)

test('03.12 one receiver at a time', function()
    local channel = own()
    local f = spawn(function() return inbox:receive() end)
    this_fiber.yield()
    for _ = 1, 3 do
        local e = test.raises_code(function() inbox:receive() end, 16, generic)
        test.eq(tostring(e), 'Device or resource busy')
    end
    channel:send 'first'
    test.eq(f:join(), 'first')
    local f = spawn(function() channel:send 'second' end)
    test.eq(inbox:receive(), 'second')
    f:join()
end)

test('03.19 an interrupted receiver loses no message', function()
    local channel = own()
    local f = spawn(function() return inbox:receive() end)
    this_fiber.yield()
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
    local f = spawn(function() channel:send(1) end)
    test.eq(inbox:receive(), 1)
    f:join()
end)

test('03.19 the message and the interruption at once', function()
    local channel = own()
    for _, order in ipairs { 'send first', 'interrupt first' } do
        local receiver = spawn(function() return inbox:receive() end)
        this_fiber.yield()
        local sender = spawn(function() channel:send(order) end)
        if order == 'interrupt first' then receiver:interrupt() end
        this_fiber.yield()
        receiver:interrupt()
        local got = receiver:join()
        if receiver.interruption_caught then got = inbox:receive() end
        test.eq(got, order)
        sender:join()
    end
end)

test('03.19 receivers are interrupted while another thread sends', function()
    local n = 300
    remote([[
        for i = 1, job.n do job.reply:send(i) end
    ]], { n = n }, { inherit_context = false })
    local got = 0
    local turn = 0
    while got < n do
        turn = turn + 1
        local f = spawn(function() return inbox:receive() end)
        for _ = 1, turn % 5 do this_fiber.yield() end
        if turn % 3 == 0 then f:interrupt() end
        local m = f:join()
        if not f.interruption_caught then
            test.eq(m, got + 1)
            got = m
        end
    end
    test.raises_code(function() inbox:receive() end, 16, core)
end)

test('03.19 the interruption of a receiver whose message was taken back is not lost', function()
    local channel = own()
    -- With some numbers of yields the receiver has been woken but has not run.
    for i = 1, 5000 do
        local yields = i % 131
        local receiver = spawn(function() return inbox:receive() end)
        this_fiber.yield()
        local sender = spawn(function() channel:send(yields) end)
        for _ = 1, yields do this_fiber.yield() end
        sender:interrupt()
        receiver:interrupt()
        test.ok(receiver:join() == yields or receiver.interruption_caught)
        sender:join()
    end
end)

test('03.19 a pending interruption comes before the state of the inbox', function()
    local f = spawn(function() inbox:receive() end) -- else: no_senders
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
    local f = spawn(function() inbox.receive(1) end)
    f:interrupt()
    local ok, e = pcall(f.join, f)
    test.ok(not ok and e.arg == 1)
end)

test('03.13 close', function()
    local result = { eval[[
        local channel = job.reply
        job.reply = nil
        -- A channel to this VM.
        local time = require 'time'
        local me
        local ch = spawn_vm '/_remote'
        ch:send{ code = 'local job = ... job.reply:send(job.reply)', reply = inbox }
        me = inbox:receive()
        ch:close()

        local codes = {}
        local receiver = spawn(function() return select(2, pcall(inbox.receive, inbox)) end)
        this_fiber.yield()
        inbox:close()
        codes[1] = receiver:join().code
        codes[2] = select(2, pcall(inbox.receive, inbox)).code
        codes[3] = select(2, pcall(me.send, me, 1)).code
        inbox:close()
        inbox:close()
        job.reply = channel
        return unpack(codes)
    ]] }
    test.eq(result, { 15, 15, 15 })
end)

test('03.13 close fails every queued sender', function()
    local worker = remote[[
        while inbox:receive() ~= 'go' do end
        require('time').sleep(0.05)
        inbox:close()
        job.reply:send 'the worker lives'
    ]]
    worker:send 'go'
    local fibers = {}
    for i = 1, 20 do fibers[i] = spawn(function() return pcall(worker.send, worker, { inbox }) end) end
    for i = 1, 20 do
        local ok, e = fibers[i]:join()
        test.ok(not ok and tools.is_code(e, 15))
    end
    local e = test.raises_code(function() worker:send(1) end, 15, core)
    test.eq(tostring(e), 'Channel closed')
    test.eq(inbox:receive(), 'the worker lives')
end)

test('03.13 a closed inbox is closed even for the second receiver', function()
    test.eq(eval[[
        local ch = spawn_vm '/_remote'
        ch:send{ code = 'local job = ... job.reply:send(job.reply)', reply = inbox }
        local me = inbox:receive()
        local first = spawn(function() return pcall(inbox.receive, inbox) end)
        this_fiber.yield()
        inbox:close() -- `first` is woken but has not run
        local ok, e = pcall(inbox.receive, inbox)
        first:join()
        return e.code
    ]], 15)
end)

test.done()

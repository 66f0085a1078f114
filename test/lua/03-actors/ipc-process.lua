-- Messages between real processes (03 §11, §12).
--@ run EMILUA_PATH=$EMILUA_PATH:$(dirname $EMILUA)/test/plugin $EMILUA $FILE
--@ timeout 60
local test = require 'test'
local helpers = require 'helpers'
local tools = require './_tools'
local _ipc = require './_ipc'
local ffi = require 'ffi'
local inbox = require 'inbox'
local pipe = require 'pipe'
local stream = require 'stream'
local time = require 'time'
local generic, system, core = 'generic', 'system', 'emilua.core'
local child, span = _ipc.child, _ipc.span

ffi.cdef 'int kill(int pid, int signo);'
local function gone(pid) return ffi.C.kill(pid, 0) ~= 0 end

local function expect_no_senders()
    local e = test.raises_code(function() inbox:receive() end, 16, core)
    test.eq(tostring(e), 'Broadcast the address before attempting to receive on it')
end

local echo = [[
    local to = inbox:receive()
    while true do
        local ok, m = pcall(inbox.receive, inbox)
        if not ok then break end
        to:send(m)
    end
]]

test('03.62 scalars, members, descriptors and addresses go there and back', function()
    local actor = child(echo)
    actor:send(inbox)
    for _, value in ipairs { true, false, 0, -1.5, 1 / 0, -1 / 0, 5e-324, '', 'a\0b', ('\255'):rep(255) } do
        actor:send(value)
        test.eq(inbox:receive(), value)
        actor:send { value = value }
        test.eq(inbox:receive(), { value = value })
    end
    local reader, writer = _ipc.pipe()
    actor:send { fd = writer, n = 1 }
    local m = inbox:receive()
    m.fd:close()
    writer:close()
    test.eq(getmetatable(m.fd), 'file_descriptor')
    local input = require('pipe').read_stream.new(reader)
    collectgarbage()
    actor:close()
    expect_no_senders()
    test.error(function() input:read_some(byte_span.new(1)) end, require('asio_error').misc.eof)
    input:close()
end)

test('03.44 close() keeps what was sent deliverable', function()
    local actor = child [[
        time.sleep(0.2)
        local to = inbox:receive()
        for i = 1, 10 do to:send(inbox:receive()) end
        local ok, e = pcall(inbox.receive, inbox)
        to:send(tostring(e))
    ]]
    actor:send(inbox)
    for i = 1, 10 do actor:send(i) end
    actor:close()
    for i = 1, 10 do test.eq(inbox:receive(), i) end
    test.eq(inbox:receive(), 'Broadcast the address before attempting to receive on it')
    expect_no_senders()
    test.raises_code(function() return actor.child_pid end, 22, generic)
    test.raises_code(function() actor:kill() end, 15, core)
    test.raises_code(function() actor:detach() end, 22, generic, { arg = 1 })
    test.raises_code(function() actor:send(1) end, 15, core)
end)

test('03.45 kill', function()
    local actor = child 'inbox:receive()'
    local pid = actor.child_pid
    test.ok(not gone(pid))
    actor:kill(0)
    test.raises_code(function() actor:kill('x') end, 22, generic, { arg = 2 })
    test.raises_code(function() actor:kill(1000) end, 22, system)
    actor:kill()
    helpers.eventually(function() return gone(pid) end)
    test.raises_code(function() actor:send(1) end, 15, core)
    test.raises_code(function() actor:kill() end, 15, core)
end)

test('03.45 kill(SIGTERM)', function()
    local actor = child [[
        local set = system.signal.set.new(15)
        inbox:receive():send('ready')
        set:wait()
        inbox:receive():send('SIGTERM')
        pcall(inbox.receive, inbox)
    ]]
    local SIGTERM = 15
    actor:send(inbox)
    test.eq(inbox:receive(), 'ready')
    actor:kill(SIGTERM)
    actor:send(inbox)
    test.eq(inbox:receive(), 'SIGTERM')
    actor:close()
    pcall(inbox.receive, inbox)
end)

test('03.45 a child that is dead already', function()
    local actor = child ''
    helpers.eventually(function() return not pcall(actor.kill, actor, 0) end)
    test.raises_code(function() actor:kill(0) end, 3, system)
    test.raises_code(function() actor:kill(15) end, 3, system)
    local e = test.throws(actor.send, actor, 1)
    test.ok(e.code == 32 or e.code == 104)
    actor:kill()
    test.raises_code(function() actor:send(1) end, 15, core)
end)

test('03.46 addresses of children', function()
    local actor = child 'inbox:receive():send(inbox)'
    actor:send(inbox)
    local address = inbox:receive()
    test.eq(getmetatable(address), 'ipc_actor_channel')
    test.ok(address ~= actor)
    test.raises_code(function() address:kill() end, 1, generic)
    test.raises_code(function() address:detach() end, 22, generic, { arg = 1 })
    test.raises_code(function() return address.child_pid end, 22, generic)
    address:close()
    actor:close()
    expect_no_senders()
end)

test('03.47 a child that dies with our address', function()
    for _, death in ipairs { '', "error('x')", "require('ffi').cast('int*', 0)[0] = 1", 'inbox:receive()' } do
        local actor = child('local address = inbox:receive() address:send("got it") ' .. death,
            { stderr = select(2, _ipc.pipe()) })
        actor:send(inbox)
        test.eq(inbox:receive(), 'got it')
        if death:find 'receive' then
            local f = spawn(expect_no_senders)
            time.sleep(0.05)
            actor:kill()
            f:join()
        else
            expect_no_senders()
        end
        actor:close()
    end
    collectgarbage()
    collectgarbage()
end)

test('03.66 a child talks to another VM of this process', function()
    local worker = tools.remote('job.reply:send("worker: " .. inbox:receive())', {}, { inherit_context = false })
    local actor = child 'local m = inbox:receive() m.to:send("from a child")'
    actor:send { to = worker }
    worker:close()
    test.eq(inbox:receive(), 'worker: from a child')
    actor:close()
    pcall(inbox.receive, inbox)
end)

local largest = {}
for i = 1, 20 do largest[('k'):rep(250) .. ('%05d'):format(i)] = ('v'):rep(255) end

test('03.68 a child that does not receive', function()
    local reader, writer = _ipc.pipe()
    local actor = child([[
        local to = inbox:receive()
        pcall(system.in_.read_some, nil, byte_span.new(1))
        local n = 0
        while pcall(inbox.receive, inbox) do n = n + 1 end
        to:send(n)
    ]], { stdin = reader })
    reader:close()
    actor:send(inbox)
    local f, before = helpers.fill(function() actor:send(largest) end)
    test.ok(before > 5 and before < 200)
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
    writer:close()
    for _ = 1, 100 do actor:send(largest) end
    actor:close()
    test.eq(inbox:receive(), before + 100)
    expect_no_senders()
end)

test('03.69 a blocked sender: the child is killed, or the channel', function()
    for _, how in ipairs { 'from outside', 'kill', 'close' } do
        local actor = child "time.sleep(100)"
        local pid = actor.child_pid
        local f = helpers.fill(function() actor:send(largest) end)
        if how == 'from outside' then ffi.C.kill(pid, 9) else actor[how](actor) end
        local e = test.throws(f.join, f)
        test.eq(tostring(e.category), system)
        if how == 'from outside' then
            test.ok(e.code == 32 or e.code == 104)
        else
            test.eq(e.code, 125)
        end
        actor:close()
        ffi.C.kill(pid, 9)
        helpers.eventually(function() return gone(pid) end)
    end
end)

test('03.70 four children flood one inbox', function()
    local actors = {}
    local reader, writer = _ipc.pipe()
    for i = 1, 4 do
        actors[i] = child([[
            local job, sent, before = inbox:receive(), 0
            local sender = spawn(function()
                for n = 1, 400 do
                    job.to:send { from = job.me, n = n }
                    sent = n
                end
            end)
            repeat
                before = sent
                time.sleep(0.05)
            until sent > 0 and sent == before
            stream.write_all(system.out, '.')
            sender:join()
        ]], { stdout = writer })
        actors[i]:send { to = inbox, me = i }
    end
    writer:close()
    local full = pipe.read_stream.new(reader)
    stream.read_all(full, byte_span.new(4))
    full:close()
    local count, last = 0, {}
    for _ = 1, 50 do
        local turn = {}
        for _ = 1, 4 do
            local m = inbox:receive()
            test.eq(turn[m.from], nil)
            turn[m.from] = true
            count = count + 1
            test.eq(m.n, (last[m.from] or 0) + 1)
            last[m.from] = m.n
        end
    end
    while true do
        local ok, m = pcall(inbox.receive, inbox)
        if not ok then break end
        count = count + 1
        test.eq(m.n, last[m.from] + 1)
        last[m.from] = m.n
    end
    test.eq(count, 1600)
    for _, actor in ipairs(actors) do actor:close() end
end)

-- A script that gets our address, sends a record and then a good one.
local malicious = [[
    local _, to = receive_with_fd(3, 100)
    local record, with_fd = %q, %s
    if with_fd then send_with_fd(to, record, 0) else C.write(to, record) end
    errexit = false
    C.write(to, %q)
]]

for mode, through in pairs(_ipc.modes) do
    for name, violation in pairs(_ipc.violations) do
        local fds = violation[2] or 0
        -- write(2) sends no record without bytes.
        if fds < 2 and not (violation[1] == '' and fds == 0) then
            test(('03.71 a malicious child, violation %s: %s'):format(name, mode), function()
                local script = malicious:format(violation[1], tostring(fds > 0), _ipc.scalar(_ipc.number(1)))
                local actor = child('', { init = { script = script } })
                local other = _ipc.link()   -- so that there is something to wait for
                local ok, e = through(function()
                    actor:send(inbox)
                    other:close()
                end)
                test.ok(not ok)
                test.eq(tostring(e), 'Broadcast the address before attempting to receive on it')
                actor:close()
            end)
        end
    end
end

test('03.71 the same child is heard if it behaves', function()
    local good = _ipc.scalar(_ipc.number(7))
    local actor = child('', { init = { script = malicious:format(good, 'false', good) } })
    actor:send(inbox)
    test.eq(inbox:receive(), 7)
    test.eq(inbox:receive(), 7)
    actor:close()
    expect_no_senders()
end)

test('03.72 an honest child is heard all the while', function()
    local honest = child [[
        local to = inbox:receive()
        for i = 1, 40 do to:send(i) time.sleep(0.01) end
    ]]
    honest:send(inbox)
    local actors, i = {}, 0
    for name, violation in pairs(_ipc.violations) do
        if not violation[2] and violation[1] ~= '' then
            local script = malicious:format(violation[1], 'false', _ipc.scalar(_ipc.True))
            actors[#actors + 1] = child('', { init = { script = script } })
            actors[#actors]:send(inbox)
            i = i + 1
            test.eq(inbox:receive(), i)
        end
    end
    for n = i + 1, 40 do test.eq(inbox:receive(), n) end
    expect_no_senders()
    for _, actor in ipairs(actors) do actor:close() end
    honest:close()
end)

test('03.71 a child cannot write to the channel of its parent', function()
    local out, into = _ipc.pipe()
    local actor = child('system.exit()', {
        stdout = into,
        init = { script = 'errexit = false local _, e = C.write(3, "x") C.write(1, tostring(e == C.EPIPE))' },
    })
    into:close()
    local stream = require('pipe').read_stream.new(out)
    local buffer = byte_span.new(10)
    test.eq(tostring(buffer:slice(1, stream:read_some(buffer))), 'true')
    stream:close()
    actor:close()
end)

test('03.76 inbox:close() in a child', function()
    local actor = child [[
        local to = inbox:receive()
        inbox:close()
        to:send('closed')
        to:send('wait')
        time.sleep(100)
    ]]
    actor:send(inbox)
    test.eq(inbox:receive(), 'closed')
    test.raises_code(function() actor:send(1) end, 32, system)
    test.eq(inbox:receive(), 'wait')
    actor:kill()
    expect_no_senders()
end)

test.done()

-- The table `subprocess` of spawn_vm (03 §9), seen by its creator.
local inbox = require 'inbox'
if _CONTEXT == 'worker' then
    local system = require 'system'
    local job = inbox:receive()
    if job.what == 'environment' then
        local n = 0
        for _ in pairs(system.environment) do n = n + 1 end
        job.reply:send{ n = n, A = (system.environment.A or 'none'):sub(1, 9), size = #(system.environment.A or ''), B = system.environment['B=x'] or 'none',
            empty = system.environment.EMPTY or 'none' }
    elseif job.what == 'arguments' then
        job.reply:send{ n = #system.arguments, first = system.arguments[1], second = system.arguments[2],
            file = tostring(_FILE), context = _CONTEXT }
    elseif job.what == 'import' then
        job.reply:send(require('./_imported').value)
    elseif job.what == 'threads' then
        local ok, e = pcall(spawn_context_threads, 0)
        job.reply:send(ok or e.code)
    elseif job.what == 'spawn' then
        local child = system.spawn{ program = 'sh', arguments = { 'sh', '-c', 'kill -9 $$' } }
        child:wait()
        job.reply:send{ code = child.exit_code, signal = child.exit_signal }
    elseif job.what == 'signal' then
        local set = system.signal.set.new(system.signal.SIGUSR1)
        system.signal.raise(system.signal.SIGUSR1)
        job.reply:send(set:wait())
    elseif job.what == 'stdin' then
        local ok, e = pcall(system.in_.read_some, system.in_, byte_span.new(10))
        job.reply:send{ ok = ok, text = tostring(e) }
    elseif job.what == 'stdout' then
        local ok, e = pcall(system.out.write_some, system.out, byte_span.append 'x')
        job.reply:send{ ok = ok, text = tostring(e) }
    end
    return
end

local helpers = require 'helpers'
local test = require 'test'
local pipe = require 'pipe'
local stream = require 'stream'
local system = require 'system'
local here = tostring(_FILE)

local function start(subprocess, more)
    local options = { module = here, subprocess = subprocess }
    for k, v in pairs(more or {}) do options[k] = v end
    subprocess.stderr = subprocess.stderr or 'share'
    return spawn_vm(options)
end

-- What a worker answers.
local function ask(what, subprocess, more)
    local channel = start(subprocess or {}, more)
    channel:send{ what = what, reply = inbox }
    local answer = inbox:receive()
    channel:close()
    pcall(inbox.receive, inbox)     -- until it has ended
    return answer
end

local function refuse(key, value, code)
    local e = test.raises_code(function() start{ [key] = value } end, code or 22, 'generic')
    test.eq(e.arg, 'subprocess/' .. key)
end

test('03.34 namespaces are booleans', function()
    for _, kind in ipairs { 'user', 'pid', 'mount', 'net', 'uts', 'ipc' } do
        for _, value in ipairs { 1, 'true', {}, print } do refuse('newns_' .. kind, value) end
    end
end)

test('03.34 environment is a table of strings', function()
    for _, value in ipairs { 1, 'A=1', true, print, { A = 1 }, { A = true }, { 'a' }, { [true] = 'a' }, { A = 'a\0b' },
        { ['A\0'] = 'b' } } do
        refuse('environment', value)
    end
end)

test('03.34 stdio', function()
    local file = system.err:dup()
    local closed = system.err:dup()
    closed:close()
    for _, key in ipairs { 'stdin', 'stdout', 'stderr' } do
        for _, value in ipairs { 1, 'shared', '', true, {}, byte_span.new(1), closed, system.err } do
            local e = test.raises_code(function()
                spawn_vm{ module = here, subprocess = { [key] = value } }
            end, 22, 'generic')
            test.eq(e.arg, 'subprocess/' .. key)
        end
    end
    file:close()
end)

test('03.34 init', function()
    for _, value in ipairs { 1, 'x', true, print } do refuse('init', value) end
    local closed = system.err:dup()
    closed:close()
    for arg, init in pairs {
        ['subprocess/init/script'] = { {}, { script = 1 }, { script = true }, { arg = closed } },
        ['subprocess/init/arg'] = { { script = '', arg = 1 }, { script = '', arg = closed }, { script = '', arg = {} } },
    } do
        for _, value in ipairs(init) do
            test.raises_code(function() start{ init = value } end, 22, 'generic', { arg = arg })
        end
    end
end)

test('03.34 busy descriptors', function()
    local reader, writer = pipe.pair()
    reader = reader:release()
    -- A send that cannot finish has the descriptor: the script never ends, the socket is full.
    local channel = start{ init = { script = "require('ffi').cdef 'int pause(void);' require('ffi').C.pause()" } }
    local filler = helpers.fill(function() channel:send(('x'):rep(255)) end)
    local sender = spawn(function() channel:send(reader) end)
    this_fiber.yield()
    test.raises_code(function() reader:dup() end, 16, 'generic')
    for _, key in ipairs { 'stdin', 'stdout', 'stderr' } do
        local e = test.raises_code(function()
            spawn_vm{ module = here, subprocess = { [key] = reader } }
        end, 16, 'generic')
        test.eq(e.arg, 'subprocess/' .. key)
    end
    test.raises_code(function() start{ init = { script = '', arg = reader } } end, 16, 'generic',
        { arg = 'subprocess/init/arg' })
    for _, f in ipairs { sender, filler } do
        f:interrupt()
        f:join()
    end
    reader:dup():close()
    channel:kill()
    reader:close()
    writer:close()
end)

test('03.34 host options make no sense', function()
    for _, options in ipairs { { inherit_context = true }, { inherit_context = false }, { new_master = true },
        { new_master = false } } do
        test.raises_code(function() start({}, options) end, 22, 'generic', { arg = 1 })
    end
    -- Other types are ignored, as without subprocess.
    start({}, { inherit_context = 1, new_master = 'x' }):kill()
    test.raises_code(function() spawn_vm{ module = 1, subprocess = {} } end, 22, 'generic', { arg = 'module' })
end)

test('03.34 a subprocess that is no table is ignored', function()
    for _, value in ipairs { 1, 'x', true } do
        test.raises_code(function() spawn_vm{ module = './no-such', subprocess = value } end, 1, 'emilua.core')
    end
end)

test('03.34 the calling module must be known', function()
    test.raises_code(function()
        spawn(function() return spawn_vm{ module = here, subprocess = {} } end):join()
    end, 24, 'emilua.core')
end)

test('03.34 limits', function()
    test.raises_code(function() start{ environment = { A = ('x'):rep(1e6) } } end, 90, 'generic')
    test.raises_code(function() start({}, { module = ('x'):rep(1e6) }) end, 90, 'generic')
    test.raises_code(function() start{ init = { script = (' '):rep(1e6) } } end, 90, 'generic')
    local answer = ask('environment', { environment = { A = ('x'):rep(60000), EMPTY = '' }, init = { script = (' '):rep(200000) } })
    test.eq(answer.size, 60000)
end)

test('03.35 options that close the descriptors among them', function()
    for _, name in ipairs { 'init', 'environment' } do
        local reader, writer = pipe.pair()
        local fd = writer:release()
        local options = setmetatable({ stdin = fd }, { __index = function(_, key)
            if key == name then fd:close() end
        end })
        local e = test.raises_code(function() spawn_vm { module = '.', subprocess = options } end, 22, 'generic')
        test.eq(e.arg, 'subprocess/stdin')
        reader:close()
    end
end)

test('03.36 07.6 the environment is what was given', function()
    test.eq(ask('environment'), { n = 0, size = 0, A = 'none', B = 'none', empty = 'none' })
    test.eq(ask('environment', { environment = { A = '1', ['B=x'] = '2', EMPTY = '' } }),
        { n = 3, size = 1, A = '1', B = '2', empty = '' })
end)

test('03.42 07.6 arguments, _FILE, _CONTEXT', function()
    test.eq(ask 'arguments', { n = 2, first = '', second = here, file = here, context = 'worker' })
end)

test('07.98 spawn works in subprocess actors', function()
    test.eq(ask 'spawn', { code = 137, signal = 9 })
    test.eq(ask('spawn', { newns_user = true, newns_pid = true }), { code = 137, signal = 9 })
end)

test('07.55 signal sets work in subprocess actors', function()
    test.eq(ask 'signal', 10)
end)

test('03.42 imports of the child', function()
    local dir = here:match '^(.*)/'
    local channel = start({}, { module = dir .. '/_imports.lua' })
    channel:send(inbox)
    test.eq(inbox:receive(), 'imported')
    channel:close()
    pcall(inbox.receive, inbox)
end)

test('03.42 concurrency_hint is that of the new process', function()
    test.eq(ask('threads', {}, { concurrency_hint = 1 }), 95)
    test.eq(ask('threads', {}, { concurrency_hint = 2 }), true)
end)

test('03.40 default stdio', function()
    test.eq(ask 'stdin', { ok = false, text = 'End of file' })
    test.eq(ask 'stdout', { ok = false, text = 'Broken pipe' })
end)

test('03.40 given descriptors', function()
    local reader, writer = pipe.pair()
    local fd = writer:release()
    test.eq(ask('stdout', { stdout = fd }), { ok = true, text = '1' })
    test.eq(tostring(fd):match '^/dev/fd/', '/dev/fd/')     -- still ours
    fd:close()
    local buffer = byte_span.new(10)
    test.eq(reader:read_some(buffer), 1)
    test.raises_code(function() reader:read_some(buffer) end, 2, nil)
    reader:close()

    reader, writer = pipe.pair()
    stream.write_all(writer, byte_span.append 'abc')
    fd = reader:release()
    test.eq(ask('stdin', { stdin = fd }), { ok = true, text = '3' })
    fd:close()
    writer:close()
end)

test('03.40 one descriptor several times', function()
    local reader, writer = pipe.pair()
    local fd = writer:release()
    local script = "write_all(1, 'a') write_all(2, 'b') write_all(arg, 'c')"
    local channel = start({ stdout = fd, stderr = fd, init = { script = script, arg = fd } }, { module = '/dev/null' })
    fd:close()
    local text = ''
    local buffer = byte_span.new(10)
    while true do
        local ok, n = pcall(reader.read_some, reader, buffer)
        if not ok then break end
        text = text .. tostring(buffer:slice(1, n))
    end
    test.eq(text, 'abc')
    reader:close()
    channel:close()
end)

test.done()

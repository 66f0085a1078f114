-- spawn_vm: names, options, what the new VM sees (03 §1).
--@ script main.lua
--@ file a/b.lua
--| local inbox = require 'inbox'
--| inbox:receive().reply:send('a/b ' .. tostring(_CONTEXT))
--@ file a/c/init.lua
--| local inbox = require 'inbox'
--| local part = require './part'
--| inbox:receive().reply:send('a/c ' .. _CONTEXT .. ' <' .. part.context .. '>')
--@ file a/c/part.lua
--| context = _CONTEXT
--@ file a/leaf.lua
--| function try(id) local ok, e = pcall(spawn_vm, id) return ok, e end
--| function here(id) local channel = spawn_vm(id) return channel end
--@ file broken.lua
--| local x = = 1
--@ file quiet.lua

local inbox = require 'inbox'

if _CONTEXT == 'worker' then
    inbox:receive().reply:send{ context = _CONTEXT, file = tostring(_FILE) }
    return
end

local test = require 'test'
local generic, core = 'generic', 'emilua.core'

local function raises(code, category, fields, ...)
    local arguments = {...}
    return test.raises_code(function() local c = spawn_vm(unpack(arguments)) end, code, category, fields)
end

local function ask(channel)
    channel:send{ reply = inbox }
    return inbox:receive()
end

test('03.1 arguments', function()
    raises(22, generic, { arg = 1 })
    for _, bad in ipairs { 1, true, print, inbox } do raises(22, generic, { arg = 1 }, bad) end
    for _, bad in ipairs { '', 'foo', 'inbox', {}, { module = '' }, { module = 'foo' } } do raises(1, core, nil, bad) end
    for _, bad in ipairs { 1, true, {}, print } do raises(22, generic, { arg = 'module' }, { module = bad }) end
    test.eq(tostring(raises(1, core, { module = 'foo' }, 'foo')), 'Cannot have a module with this name')
end)

test('03.1 more arguments, unknown keys and options of other types are ignored', function()
    test.eq(ask(spawn_vm('/a/b', 1, {}, nil)), 'a/b worker')
    test.eq(ask(spawn_vm{ module = '/a/b', inherit_context = 1, new_master = 'x', concurrency_hint = {}, color = 'red',
        subprocess = 1 }), 'a/b worker')
    for _, hint in ipairs { 1, 2, 'safe', 'unsafe', '1', false } do
        test.eq(ask(spawn_vm{ module = '/a/b', inherit_context = false, concurrency_hint = hint }), 'a/b worker')
    end
end)

test('03.2 names that cannot be', function()
    local module = { ['./a-b'] = 'a-b', ['..'] = '..', ['./a.lua'] = 'a.lua', ['./no/file'] = 'no/file', ['.x'] = '.x',
        ['/a-b'] = '/a-b', ['a/b'] = 'a/b', ['/a\0'] = '/a\0' }
    for id, name in pairs(module) do raises(1, core, { module = name }, id) end
    test.eq(tostring(raises(2, core, { module = 'nofile' }, '/nofile')), 'Module not found')
    raises(2, core, { module = 'nofile' }, './nofile')
    raises(2, core, { module = 'nofile' }, '/a/nofile')
    test.eq(tostring(raises(3, core, nil, '../x')), "The root module doesn't have a parent and can't reference one")
end)

test('03.3 a name finds NAME.lua and NAME/init.lua', function()
    test.eq(ask(spawn_vm '/a/b'), 'a/b worker')
    test.eq(ask(spawn_vm '/a/c'), 'a/c worker <>')
    local leaf = require '/a/leaf'
    local ok, e = leaf.try './b'
    test.eq({ ok, e.code, tostring(e) }, { false, 5, 'A leaf module cannot import child modules' })
    test.eq(ask(leaf.here '../b'), 'a/b worker')
    test.eq(ask(leaf.here '../c'), 'a/c worker <>')
end)

test('03.4 a syntax error is raised by spawn_vm', function()
    test.eq(tostring(raises(3, 'lua', nil, './broken')), 'syntax error during pre-compilation')
end)

test('03.5 a tail call', function()
    for _, id in ipairs { '.', '/a/b', { module = '/a/b' } } do
        -- Nothing of the program is left on the stack of the fiber.
        local e = test.raises_code(function() spawn(function() return spawn_vm(id) end):join() end, 24, core)
        test.eq(tostring(e), 'Global _FILE is missing or invalid')
    end
end)

test('03.5 without _FILE', function()
    for _, file in ipairs { false, 'main.lua', 1 } do
        local function f(id) local channel = spawn_vm(id) end
        setfenv(f, { spawn_vm = spawn_vm, _FILE = file or nil })
        test.raises_code(function() f '/a/b' end, 24, core)
        -- The type of the argument and an empty name come first.
        test.raises_code(function() f(1) end, 22, generic, { arg = 1 })
        test.raises_code(function() f '' end, 1, core)
    end
end)

test("03.6 '.' is the file of the caller; _CONTEXT", function()
    local seen = ask(spawn_vm '.')
    test.eq(seen.context, 'worker')
    test.eq(seen.file, tostring(_FILE))
end)

test('03.6 a failed spawn_vm leaves nothing behind', function()
    for _ = 1, 20 do
        raises(3, 'lua', nil, { module = './broken', inherit_context = false, new_master = true })
    end
    local system = require 'system'
    test.raises_code(function() system.exit(0, { force = 1 }) end, 95, generic) -- still the master
end)

test('03.6 a VM may spawn while the pool of another is new', function()
    local channels = {}
    for i = 1, 20 do channels[i] = spawn_vm{ module = '/a/b', inherit_context = false } end
    for i = 1, 20 do test.eq(ask(channels[i]), 'a/b worker') end
end)

test.done()

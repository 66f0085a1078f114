-- What an import does (01 §3.5, §3.6).

--@ script main.lua
--@ file once.lua
--| math.once = (math.once or 0) + 1
--| value = 1
--| local hidden = 2
--| function get() return value, hidden end
--| return 'ignored'
--@ file replaced.lua
--| setfenv(0, { only = 'this' })
--| value = 1
--@ file replaced_by_number.lua
--| local t = setmetatable({}, { __index = function(_, key) return key end })
--| setfenv(0, t)
--@ file empty.lua
--@ file cleanup.lua
--| math.order = {}
--| local function note(text) return function() this_fiber.yield() table.insert(math.order, text) end end
--| scope_cleanup_push(note 'first')
--| scope_cleanup_push(note 'second')
--| table.insert(math.order, 'chunk')
--@ file fibers.lua
--| is_main, id, locals = this_fiber.is_main, this_fiber.id, this_fiber.local_
--| this_fiber.local_.from_module = true
--| spawned = spawn(function() return this_fiber.is_main, this_fiber.id, this_fiber.local_ end)
--| nested = coroutine.wrap(function() return this_fiber.is_main, this_fiber.id end)
--| nested_main, nested_id = nested()
--| this_fiber.yield()
--| interruption_due = pcall(function() end)
--@ file slow.lua
--| for i = 1, 10 do this_fiber.yield() end
--| value = 'slow'
--@ file in_section.lua
--| value = 'evaluated'
--| this_fiber.yield()

local test = require 'test'

test('01.35 a module is evaluated once and every name gives the same table', function()
    local m = require './once'
    test.ok(rawequal(m, require './once'))
    local by_root = require '/once'
    test.ok(rawequal(m, by_root))
    test.eq(math.once, 1)
end)

test('01.36 globals are exported, locals and results are not', function()
    local m = require './once'
    test.eq(type(m), 'table')
    test.eq({ m.value, m.hidden }, { 1, nil })
    test.eq({ m.get() }, { 1, 2 })
    test.eq(getmetatable(m), nil)
end)

test('01.36 the built-in names are among the exports', function()
    local m = require './once'
    test.ok(m.print == print)
    test.ok(rawequal(m._G, m))
    test.eq(tostring(m._FILE), (tostring(_FILE):gsub('main%.lua$', 'once.lua')))
    test.eq(m._CONTEXT, '')
end)

test('01.36 later globals are exported as well', function()
    local m = require './once'
    m.value = 5
    test.eq(m.get(), 5)
    m.added = 'x'
    test.eq(require('./once').added, 'x')
end)

test('01.36 an empty module', function()
    local m = require './empty'
    test.eq(m.print, print)
    test.eq(m._CONTEXT, '')
end)

test('01.37 setfenv(0, t) replaces the exports', function()
    local m = require './replaced'
    test.eq(m, { only = 'this' })
    test.ok(rawequal(m, require './replaced'))
    local n = require './replaced_by_number'
    test.eq(n.anything, 'anything')
end)

test('01.39 a module runs on a main fiber that is the importer\'s for the user', function()
    this_fiber.local_.from_main = true
    local m = require './fibers'
    test.eq(m.is_main, true)
    test.eq(m.id, this_fiber.id)
    test.ok(rawequal(m.locals, this_fiber.local_))
    test.eq(this_fiber.local_.from_module, true)
    test.eq({ m.nested_main, m.nested_id }, { true, this_fiber.id })
    local is_main, id, locals = m.spawned:join()
    test.eq(is_main, false)
    test.ne(id, this_fiber.id)
    test.ok(not rawequal(locals, this_fiber.local_))
end)

test('01.39 other fibers run while a module is evaluated', function()
    local turns = 0
    local other = spawn(function()
        for _ = 1, 5 do
            turns = turns + 1
            this_fiber.yield()
        end
    end)
    test.eq(require('./slow').value, 'slow')
    test.eq(turns, 5)
    other:join()
end)

test('01.39 importing is allowed where suspension is forbidden', function()
    this_fiber.forbid_suspend()
    local ok, m = pcall(require, './in_section')
    this_fiber.allow_suspend()
    test.ok(ok, m)
    test.eq(m.value, 'evaluated')
end)

test('01.35 clean-up handlers of a module run before require returns', function()
    require './cleanup'
    test.eq(math.order, { 'chunk', 'second', 'first' })
end)

test('01.41 a spawned fiber may not import', function()
    for _, name in ipairs { './once', '/once', 'ffi', 'test', 'nowhere', './1', '../x' } do
        local ok, e = spawn(function()
            local ok, e = pcall(require, name)
            return ok, e
        end):join()
        test.eq(ok, false)
        test.eq({ e.code, tostring(e.category), e.module }, { 6, 'emilua.core', nil }, name)
    end
end)

test('01.41 a coroutine on the main fiber may import', function()
    local m = coroutine.wrap(function() local m = require './once' return m end)()
    test.ok(rawequal(m, require './once'))
    local co = coroutine.create(function()
        coroutine.yield()
        local m = require './once'
        return m
    end)
    coroutine.resume(co)
    local e = select(2, spawn(function() return coroutine.resume(co) end):join())
    test.eq(e.code, 6)
end)

test('01.40 the argument must be a string', function()
    test.raises_string(function() require(1) end, "bad argument #1 to 'require' %(string expected, got number%)")
    test.raises_string(function() require() end, "bad argument #1 to 'require' %(string expected, got no value%)")
    test.raises_string(function() require(nil) end, "bad argument #1 to 'require' %(string expected, got nil%)")
    test.raises_string(function() require {} end, "bad argument #1 to 'require' %(string expected, got table%)")
end)

for _, name in ipairs { '', '.', '..', './', '../', '/', './a/b', './a.lua', 'a/b', 'a.b', '//a', '/a/', './/a', './1a',
    '1a', '.././a', '..//a', '/a//b', '/a/../b', '/./a', './a-b', 'a-b', ' a', 'a ', 'a\0b', './a\0', '/a/b\0c',
    '\0', 'ä', './ä', '~', 'C:a', 'a\\b', '.a', '.../a', '../..', '../a/b', ('x'):rep(10000) .. '-' } do
    test(('01.40 invalid name %q'):format(#name > 100 and 'very long' or name:gsub('%z', '\\0')), function()
        local e = test.raises_code(function() require(name) end, 1, 'emilua.core', { module = name })
        test.eq(tostring(e), 'Cannot have a module with this name')
    end)
end

test('01.40 a valid name that is too long for the file system', function()
    local e = test.throws(function() require('./' .. ('x'):rep(10000)) end)
    test.eq(tostring(e), 'File name too long')
end)

test('01.40 names with a superfluous ./ are valid', function()
    test.raises_code(function() require './../x' end, 3, 'emilua.core')
end)

test.done()

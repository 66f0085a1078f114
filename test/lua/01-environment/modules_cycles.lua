-- Cycles, and modules that failed (01 §3.7).

--@ script main.lua
--@ file itself.lua
--| math.itself = (math.itself or 0) + 1
--| local ok, e = pcall(require, '/itself')
--| ok_root, code_root = ok, e.code
--| local ok, e = pcall(require, '../itself')
--| ok_relative, code_relative, text, module = ok, e.code, tostring(e), e.module
--@ file a.lua
--| local b = require '../b'
--@ file b.lua
--| local c = require '../c'
--@ file c.lua
--| local a = require '/a'
--@ file imports_main.lua
--| local ok, e = pcall(require, '../main')
--| code_relative = e.code
--| local ok, e = pcall(require, '/main')
--| code_root = e.code
--@ file raises_table.lua
--| math.runs = (math.runs or 0) + 1
--| error(math.error_table)
--@ file raises_nil.lua
--| error(nil)
--@ file raises_string.lua
--| error 'oops'
--@ file imports_failing.lua
--| local m = require '../raises_deep'
--@ file raises_deep.lua
--| error(math.error_table)
--@ file syntax.lua
--| x = = 1
--@ file spawns_and_fails.lua
--| math.order = {}
--| local function note(text) table.insert(math.order, text) end
--| spawn(function() for i = 1, 3 do this_fiber.yield() end note 'fiber' end):detach()
--| scope_cleanup_push(function() this_fiber.yield() note 'handler' end)
--| note 'chunk'
--| error 'failed'
--@ file in_progress.lua
--| local fiber = spawn(function() local ok, e = pcall(require, '/in_progress') return ok, e end)
--| this_fiber.yield()
--| local ok, e = fiber:join()
--| code = e.code

local test = require 'test'

test('01.45 a module that imports itself', function()
    local m = require './itself'
    test.eq({ m.ok_root, m.code_root, m.ok_relative, m.code_relative }, { false, 4, false, 4 })
    test.eq(m.text, "The module you're trying to import has a dependency on the current module " ..
        '(and it is partially loaded already)')
    test.eq(m.module, nil)
    test.eq(math.itself, 1)
end)

test('01.45 a cycle of three', function()
    local e = test.raises_code(function() require './a' end, 4, 'emilua.core')
    test.eq(e.module, nil)
    for _, id in ipairs { './a', './b', './c', '/a' } do
        test.raises_code(function() require(id) end, 4, 'emilua.core')
    end
end)

test('01.45 the entry script counts as being evaluated', function()
    local m = require './imports_main'
    test.eq({ m.code_relative, m.code_root }, { 4, 4 })
    test.raises_code(function() require './main' end, 4, 'emilua.core')
    test.raises_code(function() require '/main' end, 4, 'emilua.core')
end)

test('01.45 another fiber asks for a module in progress', function()
    -- The rule about main fibers comes first.
    test.eq(require('./in_progress').code, 6)
end)

test('01.46 the error of a chunk arrives untouched, and stays', function()
    math.error_table = { 'mine' }
    local ok, e = pcall(require, './raises_table')
    test.ok(not ok and rawequal(e, math.error_table))
    for _ = 1, 2 do test.raises_code(function() require './raises_table' end, 4, 'emilua.core') end
    test.raises_code(function() require '/raises_table' end, 4, 'emilua.core')
    test.eq(math.runs, 1)
end)

test('01.46 through two modules', function()
    math.error_table = { 'deep' }
    local ok, e = pcall(require, './imports_failing')
    test.ok(not ok and rawequal(e, math.error_table))
    test.raises_code(function() require './imports_failing' end, 4, 'emilua.core')
    test.raises_code(function() require './raises_deep' end, 4, 'emilua.core')
end)

test('01.46 strings and nil as errors', function()
    test.raises_string(function() require './raises_string' end, '^[^\n]*raises_string%.lua:1: oops$')
    test.eq(select('#', pcall(require, './raises_nil')), 2)
    test.raises_code(function() require './raises_nil' end, 4, 'emilua.core')
end)

test('01.46 a syntax error is the compiler\'s string, every time', function()
    for _ = 1, 3 do
        test.raises_string(function() require './syntax' end, "^[^\n]*/syntax%.lua:1: unexpected symbol near '='$")
    end
end)

test('01.55 fibers of a failed module go on; its handlers ran before the error arrived', function()
    test.raises_string(function() require './spawns_and_fails' end, 'failed')
    test.eq(math.order, { 'chunk', 'handler' })
    for _ = 1, 5 do this_fiber.yield() end
    test.eq(math.order, { 'chunk', 'handler', 'fiber' })
end)

test.done()

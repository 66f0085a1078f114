-- Who imports: the module whose _FILE the calling function sees (01 §3.3).

--@ script main.lua
--@ file x.lua
--| value = 'x of the root'
--@ file d/init.lua
--| function lazily() local m = require './x' return m end
--| function tail() return require './x' end
--| function by_pcall() local ok, m = pcall(require, './x') return m end
--| function by_xpcall() local ok, m = xpcall(require, print, './x') return m end
--| function by_wrap() local m = coroutine.wrap(require)('./x') return m end
--| function by_resume() local ok, m = coroutine.resume(coroutine.create(require), './x') return m end
--| function by_nested_wraps() local m = coroutine.wrap(coroutine.wrap(require))('./x') return m end
--| function by_scope() local m; scope(function() m = require './x' end) return m end
--| function by_gsub() local m; ('x'):gsub('x', function() m = require './x' end) return m end
--| function call(f, ...) local r = f(...) return r end
--@ file d/x.lua
--| value = 'x of d'
--@ file without.lua
--| function import(id) local m = require(id) return m end
--| saved = _FILE
--| _FILE = nil

local test = require 'test'
local d = require './d'
local x, x_of_d = require './x', require '/d/x'

test('01.48 without _FILE nobody imports', function()
    local without = require './without'
    local e = test.raises_code(function() without.import './x' end, 24, 'emilua.core')
    test.eq(tostring(e), 'Global _FILE is missing or invalid')
    test.eq(e.module, nil)
    test.raises_code(function() without.import 'ffi' end, 24, 'emilua.core')
    for _, bad in ipairs { 'text', 7, true, {}, print, newproxy(), tostring(without.saved) } do
        without._FILE = bad
        test.raises_code(function() without.import './x' end, 24, 'emilua.core')
    end
    without._FILE = without.saved
    test.ok(rawequal(without.import '../x', x))
end)

test('01.48 a private environment needs a copy of _FILE', function()
    local function f(id)
        local m = require(id)
        return m
    end
    local environment = { require = require }
    setfenv(f, environment)
    test.raises_code(function() f './x' end, 24, 'emilua.core')
    environment._FILE = _FILE
    test.ok(rawequal(f './x', x))
    environment._FILE = d._FILE
    test.ok(rawequal(f './x', x_of_d))
end)

test('01.48 _FILE is looked up without metamethods', function()
    local function f(id)
        local m = require(id)
        return m
    end
    setfenv(f, setmetatable({ require = require }, { __index = _G }))
    test.raises_code(function() f './x' end, 24, 'emilua.core')
end)

test('01.48 a wrong argument and an unknown importer come before other checks', function()
    local function f(id)
        local m = require(id)
        return m
    end
    setfenv(f, { require = require })
    test.raises_string(function() f(1) end, 'string expected, got number')
    test.raises_code(function() f '' end, 24)
    local e = select(2, spawn(function() return pcall(f, './x') end):join())
    test.eq(e.code, 24)
end)

test('01.49 a function imports relative to its own module', function()
    test.ok(rawequal(d.lazily(), x_of_d))
    test.ok(rawequal(require './x', x))
end)

test('01.49 functions of the runtime in between are looked through', function()
    for _, name in ipairs { 'by_pcall', 'by_xpcall', 'by_wrap', 'by_nested_wraps', 'by_resume', 'by_scope', 'by_gsub' } do
        test.ok(rawequal(d[name](), x_of_d), name)
    end
end)

test('01.49 a tail call hides the caller', function()
    local m = d.tail()
    test.ok(rawequal(m, x))
end)

test('01.49 what calls require for another module', function()
    -- `require` is called by a function of d.
    local m = d.call(require, './x')
    test.ok(rawequal(m, x_of_d))
end)

test('01.49 no Lua function is left', function()
    local e = select(2, spawn(function() return pcall(require, './x') end):join())
    test.eq(e.code, 24)
end)

test.done()

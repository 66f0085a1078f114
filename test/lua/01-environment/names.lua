-- The global names (01 §2.2).
local test = require 'test'

local function names(text)
    local set = {}
    for name in text:gmatch '%S+' do set[name] = true end
    return set
end

local standard = names [[assert collectgarbage dofile error gcinfo getfenv getmetatable ipairs load loadfile
    loadstring newproxy next pairs print rawequal rawget rawset select setfenv setmetatable tonumber tostring type
    unpack pcall xpcall require]]
local added_functions = names 'format spawn spawn_vm spawn_context_threads scope scope_cleanup_push scope_cleanup_pop'
local tables = names 'bit jit math string table coroutine this_fiber byte_span _G'

test('01.18 the standard functions are there', function()
    for name in pairs(standard) do test.eq(type(_G[name]), 'function', name) end
end)

test('01.18 the added functions are there', function()
    for name in pairs(added_functions) do test.eq(type(_G[name]), 'function', name) end
end)

test('01.18 the tables are there', function()
    for name in pairs(tables) do test.eq(type(_G[name]), 'table', name) end
end)

test('01.18 the values are there', function()
    test.eq(_VERSION, 'Lua 5.1')
    test.eq(_CONTEXT, 'main')
    test.eq(type(_FILE), 'userdata')
    test.match(tostring(_FILE), '^/.*/names%.lua$')
end)

test('01.18 there are no other globals', function()
    local values = names '_VERSION _CONTEXT _FILE'
    for name in pairs(_G) do
        test.ok(standard[name] or added_functions[name] or tables[name] or values[name], name)
    end
end)

test('01.18 absent names are nil', function()
    for name in pairs(names 'io os debug package module arg ffi') do test.eq(_G[name], nil, name) end
    test.eq(table.pack, nil)
    test.eq(table.unpack, nil)
    test.eq(rawlen, nil)
end)

for name in pairs(names 'io os debug package string table bit jit math coroutine this_fiber _G module arg') do
    test(("01.18 require '%s' fails"):format(name), function()
        local e = test.raises_code(function() require(name) end, 2, 'emilua.core')
        test.eq(e.module, name)
        test.eq(tostring(e), 'Module not found')
    end)
end

for _, name in ipairs { 'jit.util', 'jit.opt', 'table.new', 'table.clear', 'string.buffer' } do
    test(("01.18 require '%s' has no valid name"):format(name), function()
        test.raises_code(function() require(name) end, 1, 'emilua.core', { module = name })
    end)
end

test("01.18 require 'ffi' gives LuaJIT's", function()
    local ffi = require 'ffi'
    test.ok(rawequal(ffi, require 'ffi'))
    test.eq(ffi.sizeof 'int64_t', 8)
    test.eq(ffi.C ~= nil, true)
end)

test('01.18 the language is LuaJIT without the extensions of its 5.2 build', function()
    test.ok(loadstring 'goto done; ::done:: return "\\x41\\z  B\\u{43}"')
    test.eq(loadstring 'return "\\x41\\z  B\\u{43}"' (), 'ABC')
    test.eq(('x'):rep(3, ','), 'x,x,x')
    test.eq(math.log(8, 2), 3)
    test.eq(table.concat(table.move({ 1, 2, 3 }, 2, 3, 1, {})), '23')
    test.eq(tostring(loadstring 'return 2^53 == 9007199254740992 and 1LL' ()), '1LL')
    test.eq(#setmetatable({}, { __len = function() return 7 end }), 0)
    test.eq(load('return x', 'name', 't', { x = 5 })(), 5)
    test.eq(load(string.dump(function() end), 'name', 't'), nil)
    test.eq(('x'):upper(), 'X')
end)

test('01.18 the JIT compiler is on', function()
    test.eq(jit.status(), true)
end)

test('01.18 error adds a position to strings and numbers only', function()
    local _, e = pcall(function() error(12) end)
    test.match(e, '^[^\n]*names%.lua:%d+: 12$')
    test.eq(select(2, pcall(error, 'x', 0)), 'x')
    local t = {}
    test.ok(rawequal(select(2, pcall(error, t)), t))
    test.eq(select('#', pcall(error)), 2)
end)

test('01.18 loadfile says what it cannot open', function()
    local f, text = loadfile 'nowhere'
    test.eq(f, nil)
    test.eq(text, 'cannot open nowhere: No such file or directory')
end)

test('01.18 print refuses a __tostring that gives no string', function()
    local bad = setmetatable({}, { __tostring = function() return {} end })
    test.raises_string(function() print(bad) end, "'tostring' must return a string to 'print'")
end)

test('01.18 numbers do not depend on the locale', function()
    test.eq(tostring(1.5), '1.5')
    test.eq(tonumber '1.5', 1.5)
    test.eq(('%.1f'):format(2.5), '2.5')
end)

test('01.19 an unknown member of this_fiber', function()
    test.raises_code(function() return this_fiber.nope end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() return this_fiber[1] end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() return this_fiber[{}] end, 8, 'emilua.core', { index = 2 })
end)

test('01.19 this_fiber cannot be written to', function()
    test.raises_code(function() this_fiber.x = 1 end, 1, 'generic')
    test.raises_code(function() this_fiber.yield = 1 end, 1, 'generic')
    test.raises_code(function() this_fiber[1] = nil end, 1, 'generic')
end)

test('01.19 this_fiber shows nothing of itself', function()
    test.eq(getmetatable(this_fiber), 'this_fiber')
    test.throws(setmetatable, this_fiber, {})
    test.eq(pairs(this_fiber)(this_fiber), nil)
end)

test('01.20 byte_span can be required', function()
    test.ok(rawequal(require 'byte_span', byte_span))
    test.eq(type(byte_span.new), 'function')
    test.eq(type(byte_span.append), 'function')
end)

test.done()

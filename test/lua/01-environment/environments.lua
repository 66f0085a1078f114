-- Each module has globals of its own; chunk loaders use those of the thread (01 §2.4).

--@ script main.lua
--@ file a.lua
--| string.patched_by_a = function() return 'patched' end
--| table.patched_by_a = 1
--| only_in_a = 1
--| print = 'replaced in a'
--| function load_string(code) return loadstring(code) end
--| function load_text(code) return load(code) end
--| function load_function(f) return load(f) end
--| function load_file(name) return loadfile(name) end
--| function do_file(name) return dofile(name) end
--| function own_environment() return getfenv(1), getfenv(0) end
--| function spawn_here(f) return spawn(f):join() end
--| function create_here(f) return coroutine.create(f) end
--| at_top_level = loadstring 'return _FILE'()
--| spawned_by_a = spawn(function() return loadstring 'return only_in_a, getfenv(0)' () end)
--@ file chunk.lua
--| return only_in_main, only_in_a

local test = require 'test'
local a = require './a'
only_in_main = 'main'

test('01.21 a patch of a library is visible in the importer', function()
    test.eq(string.patched_by_a(), 'patched')
    test.eq(('x').patched_by_a(), 'patched')
    test.eq(table.patched_by_a, 1)
    for _, name in ipairs { 'string', 'table', 'math', 'coroutine', 'bit', 'jit', 'byte_span', 'this_fiber' } do
        test.ok(rawequal(a[name], _G[name]), name)
    end
end)

test('01.21 a global of a module is not visible in the importer', function()
    test.eq(only_in_a, nil)
    test.eq(a.only_in_a, 1)
    test.eq(a.only_in_main, nil)
    test.eq(type(print), 'function')
    test.eq(a.print, 'replaced in a')
end)

test('01.21 _G is the table itself in every module', function()
    test.ok(rawequal(_G, getfenv(1)))
    test.ok(rawequal(_G, getfenv(0)))
    test.ok(rawequal(a._G, a))
    test.ok(not rawequal(a, _G))
end)

test('01.22 chunks loaded by a function of a module see the globals of the running main module', function()
    local code = 'return only_in_main, only_in_a'
    test.eq({ a.load_string(code)() }, { 'main', nil })
    test.eq({ a.load_text(code)() }, { 'main', nil })
    local done
    test.eq({ a.load_function(function()
        if done then return nil end
        done = true
        return code
    end)() }, { 'main', nil })
    test.eq({ a.load_file 'chunk.lua' () }, { 'main', nil })
    test.eq({ a.do_file 'chunk.lua' }, { 'main', nil })
end)

test('01.22 getfenv tells the module of the function and that of the thread', function()
    local own, thread = a.own_environment()
    test.ok(rawequal(own, a))
    test.ok(rawequal(thread, _G))
end)

test('01.22 chunks loaded at the top level of a module see its globals', function()
    test.eq(tostring(a.at_top_level), tostring(a._FILE))
    test.ne(tostring(a._FILE), tostring(_FILE))
end)

test('01.22 fibers and coroutines inherit the thread environment of their creator', function()
    local value, globals = a.spawned_by_a:join()
    test.eq(value, 1)
    test.ok(rawequal(globals, a))
    test.eq(a.spawn_here(function() return loadstring 'return only_in_main' () end), 'main')
    local co = a.create_here(function() return loadstring 'return only_in_main' () end)
    test.eq({ coroutine.resume(co) }, { true, 'main' })
end)

test.done()

-- Modules that cannot be started as workers (01.75, 03 §1.1).

--@ script main.lua
--@ run mkdir named.lua; exec $EMILUA main.lua
--@ file broken.lua
--| x = = 1
--@ file good.lua
--@ file d/init.lua
--@ file leaf.lua
--| function try(...) local ok, e = pcall(spawn_vm, ...) return ok, e end

local test = require 'test'

local function try(...)
    local ok, e = pcall(spawn_vm, ...)
    return ok, e
end

test('01.75 a syntax error is of category lua, and a string from require', function()
    local e = test.raises_code(function() local c = spawn_vm './broken' end, 3, 'lua')
    test.eq(tostring(e), 'syntax error during pre-compilation')
    test.raises_string(function() local m = require './broken' end, "broken%.lua:1: unexpected symbol near '='")
    test.raises_code(function() local c = spawn_vm './broken' end, 3, 'lua')
end)

test('01.75 a module that is nowhere', function()
    test.raises_code(function() local c = spawn_vm './nowhere' end, 2, 'emilua.core', { module = 'nowhere' })
    test.raises_code(function() local c = spawn_vm '/a/b' end, 2, 'emilua.core', { module = 'b' })
end)

test('01.75 a directory', function()
    test.raises_code(function() local c = spawn_vm './named' end, 21)
    local ok, channel = try './d'
    test.ok(ok, channel)
end)

test('01.75 names', function()
    for _, id in ipairs { 'good', 'ffi', '..', '.x', './a-b', './a.lua', './no/file', '', './', '/' } do
        local ok, e = try(id)
        test.eq({ ok, e.code, tostring(e.category) }, { false, 1, 'emilua.core' }, id)
    end
    test.raises_code(function() local c = spawn_vm '../good' end, 3, 'emilua.core')
end)

test('01.75 a leaf has no children to start', function()
    local leaf = require './leaf'
    local ok, e = leaf.try './good'
    test.eq({ ok, e.code }, { false, 5 })
    test.ok(leaf.try '../good')
    test.ok(leaf.try '/good')
end)

test('01.75 arguments of another type', function()
    for _, bad in ipairs { 1, true, print } do
        local ok, e = try(bad)
        test.eq({ ok, e.code, tostring(e.category), e.arg }, { false, 22, 'generic', 1 })
    end
    local ok, e = try { module = 7 }
    test.eq({ ok, e.code, e.arg }, { false, 22, 'module' })
end)

test('01.75 spawn_vm works in any fiber', function()
    test.ok(spawn(function() local ok = pcall(spawn_vm, './good') return ok end):join())
end)

test('01.75 a tail call hides the caller', function()
    local ok, e = spawn(function() return pcall(spawn_vm, './good') end):join()
    test.eq({ ok, e.code }, { false, 24 })
end)

test('01.75 without memory for a worker spawn_vm raises', function()
    if test.sanitizer then return test.skipped 'address space of the sanitizer' end
    local ffi = require 'ffi'
    ffi.cdef [[
        struct emilua_test_limit { unsigned long soft, hard; };
        int setrlimit(int, const struct emilua_test_limit *);
        int getrlimit(int, struct emilua_test_limit *);
    ]]
    local RLIMIT_AS = 9
    local old = ffi.new 'struct emilua_test_limit'
    ffi.C.getrlimit(RLIMIT_AS, old)
    ffi.C.setrlimit(RLIMIT_AS, ffi.new('struct emilua_test_limit', 1, old.hard))
    local ok, e = try './good'
    ffi.C.setrlimit(RLIMIT_AS, old)
    test.eq(ok, false)
    test.ok(try './good')
end)

test.done()

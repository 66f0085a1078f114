-- Error categories written in Turtle, what a program sees of them.
--@ file store.ttl
--| @prefix cat: <https://schema.emilua.org/error_category/0/#>.
--| <about:emilua-module>
--|     a <https://schema.emilua.org/error_category/0/>;
--|     cat:error [
--|         cat:code 1;
--|         cat:alias "QUOTA", "TOO_MANY";
--|         cat:message "quota exhausted", "cota esgotada"@pt-BR;
--|         cat:generic_error "ENOSPC"
--|     ], [
--|         cat:code 2;
--|         cat:message "backend gone"
--|     ], [
--|         cat:code -7; cat:alias "NEGATIVE"; cat:message "minus seven"
--|     ], [
--|         cat:code 0; cat:alias "NONE"; cat:message "nothing"
--|     ].
--@ file sub/leaf.lua
--| same = require '../../store'
--@ file packages/broken.ttl
--| this is not Turtle
--@ file packages2/broken.ttl
--| <about:emilua-module> a <https://schema.emilua.org/error_category/0/>.
--@ file packages/unreadable.ttl/file
--@ file packages/only_bad.ttl
--| @prefix cat: <https://schema.emilua.org/error_category/0/#>.
--| <about:emilua-module> a cat:error.
--@ script main.lua
--@ run EMILUA_PATH=$EMILUA_PATH:packages:packages2 $EMILUA $FILE
local test = require 'test'
local store = require '/store'

test('01.56 an alias gives a new error table, with code and message of the document', function()
    local e = store.QUOTA
    test.eq(getmetatable(e), 'error_code')
    test.eq(e.code, 1)
    test.eq(tostring(e), 'quota exhausted')
    test.ok(not rawequal(e, store.QUOTA))
    e.user = 'ann'
    test.eq(store.QUOTA.user, nil)
    test.eq(store.NEGATIVE.code, -7)
    test.eq(tostring(store.NEGATIVE), 'minus seven')
end)

test('01.56 two aliases of a code are equal errors', function()
    test.ok(store.QUOTA == store.TOO_MANY)
    test.ok(store.QUOTA ~= store.NEGATIVE)
end)

test('01.56 a number gives the error of that code, truncated; 0 is no error', function()
    test.ok(store[1] == store.QUOTA)
    test.ok(store[1.9] == store.QUOTA)
    test.ok(store[-7.5] == store.NEGATIVE)
    test.eq(tostring(store[2]), 'backend gone')
    test.eq(store[0], nil)
    test.eq(store[0.7], nil)
    test.eq(store.NONE, nil)
end)

test('01.56 an undeclared code prints Unknown', function()
    test.eq(tostring(store[99]), 'Unknown')
    test.eq(store[99].code, 99)
    test.eq(store.QUOTA.category:message(99), 'Unknown')
end)

test('01.56 unknown aliases and other keys raise bad_index', function()
    local not_keys = { 'NOPE', '', '1', 'quota', true, {}, print, 0 / 0, 1 / 0, 2 ^ 40 }
    for _, key in ipairs(not_keys) do
        test.raises_code(function() return store[key] end, 8, 'emilua.core', { index = 2 })
    end
    test.raises_code(function() return store[nil] end, 8, 'emilua.core', { index = 2 })
end)

test('01.56 it is a read-only userdata', function()
    test.eq(type(store), 'userdata')
    test.eq(getmetatable(store), 'rdf_error_category_module')
    test.throws(function() store.QUOTA = 1 end)
    test.throws(function() store[1] = 1 end)
    test.throws(function() setmetatable(store, {}) end)
end)

test('01.56 the name of the category is file:// and the path', function()
    test.eq(tostring(store.QUOTA.category), 'file://' .. tostring(_FILE):gsub('main.lua$', 'store.ttl'))
    test.eq(getmetatable(store.QUOTA.category), 'error_category')
end)

test('01.56 togeneric() gives the declared mapping, else the error itself', function()
    local generic = store.QUOTA:togeneric()
    test.eq(tostring(generic.category), 'generic')
    test.eq(generic.code, 28)
    test.ok(generic == store.QUOTA and store.QUOTA == generic)
    test.ok(store.NEGATIVE:togeneric() == store.NEGATIVE)
    test.ok(store[99]:togeneric() == store[99])
    test.ok(store.NEGATIVE ~= generic)
end)

test('01.56 every spelling of the name gives the same object', function()
    test.ok(rawequal(store, require './store'))
    test.ok(rawequal(store, require('/sub/leaf').same))
    test.ok(require('/sub/leaf').same.QUOTA == store.QUOTA)
end)

test('01.56 importing never suspends', function()
    this_fiber.forbid_suspend()
    local m = require './store'
    this_fiber.allow_suspend()
    test.ok(m == store)
end)

test('01.57 a package that is no category is looked for in the next directory', function()
    test.eq(getmetatable(require 'broken'), 'rdf_error_category_module')
    test.ok(rawequal(require 'broken', require 'broken'))
    test.raises_code(function() local m = require 'only_bad'; return m end, 2, 'emilua.core',
        { module = 'only_bad' })
end)

test('01.57 a package file that cannot be read raises the error of the system', function()
    test.raises_code(function() local m = require 'unreadable'; return m end, 21, 'system',
        { module = 'unreadable' })
end)
test.done()

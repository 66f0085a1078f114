-- External packages (01 §3.8).

--@ script app/main.lua
--@ run cd app && EMILUA_PATH=../missing:../one:$TMP/two:$EMILUA_PATH $EMILUA main.lua
--@ file one/both.lua
--| value = 'one/both'
--@ file two/both.lua
--| value = 'two/both'
--@ file two/only_two/init.lua
--| value = 'two/only_two'
--| local inner = require './inner'
--| inner_value = inner.value
--| function try(id) local ok, m = pcall(require, id) return ok, m end
--@ file two/only_two/inner.lua
--| value = 'inner'
--| function try(id) local ok, m = pcall(require, id) return ok, m end
--@ file one/file_first.lua
--| value = 'file'
--@ file one/file_first/init.lua
--| error 'the file wins'
--@ file one/node.lua/init.lua
--@ file two/node.lua
--@ file one/node_later/nothing.txt
--@ file two/node_later.lua
--| value = 'two/node_later'
--@ file one/leaf.lua
--| function try(id) local ok, m = pcall(require, id) return ok, m end
--@ file one/sibling.lua
--| value = 'sibling'
--@ file two/sibling_of_two.lua
--@ file one/ffi.lua
--| error 'core modules win'
--@ file one/time.lua
--| error 'core modules win'
--@ file one/system.lua
--| error 'core modules win'
--@ file app/sibling.lua
--| error 'never the application'
--@ file app/both.lua
--| value = 'app/both'
--@ file one/cycle_a.lua
--| local m = require 'cycle_b'
--@ file one/cycle_b.lua
--| local ok, e = pcall(require, 'cycle_a')
--| code, module = e.code, e.module
--@ file one/itself.lua
--| local ok, e = pcall(require, 'itself')
--| by_name, module = e.code, e.module
--| local ok, e = pcall(require, '../itself')
--| relative, relative_module = e.code, e.module
--@ file one/failing.lua
--| error 'oops'
--@ file one/broken.lua
--| x = = 1
--@ file two/broken.lua
--| error 'the first hit counts'

local test = require 'test'

test('01.50 the first directory wins', function()
    test.eq(require('both').value, 'one/both')
    test.eq(require('only_two').value, 'two/only_two')
    test.eq(require('node_later').value, 'two/node_later')
end)

test('01.50 the file wins over the directory', function()
    test.eq(require('file_first').value, 'file')
end)

test('01.50 the same package is the same table; a module of the application with its name is another one', function()
    local both = require 'both'
    test.ok(rawequal(both, require 'both'))
    test.eq(require('./both').value, 'app/both')
    test.eq(tostring(both._FILE):match '[^/]+/[^/]+$', 'one/both.lua')
    test.match(tostring(both._FILE), '^/')
end)

test('01.50 core modules cannot be replaced', function()
    test.eq(require('ffi').sizeof 'char', 1)
    require 'time'
    require 'system'
end)

test('01.50 what cannot be read or compiled is not skipped', function()
    local e = test.raises_code(function() require 'node' end, 21, nil, { module = 'node' })
    test.eq(tostring(e), 'Is a directory')
    for _ = 1, 2 do test.raises_string(function() require 'broken' end, 'one/broken%.lua:1: unexpected symbol') end
end)

test('01.50 a package that is nowhere', function()
    local e = test.raises_code(function() require 'nowhere' end, 2, 'emilua.core', { module = 'nowhere' })
    test.eq(tostring(e), 'Module not found')
end)

test('01.52 inside a package: children, siblings, the root', function()
    local two = require 'only_two'
    test.eq(two.inner_value, 'inner')
    local inner = require('only_two').try './inner'
    test.eq(inner, true)
    local ok, m = two.try '../sibling_of_two'
    test.ok(ok, m)
    local ok, by_root = two.try '/sibling_of_two'
    test.ok(ok and rawequal(m, by_root))
    test.ok(rawequal(require 'sibling_of_two', m))
    test.eq(select(2, two.try '../sibling').code, 2)
end)

test('01.52 a leaf package', function()
    local leaf = require 'leaf'
    test.eq(select(2, leaf.try './sibling').code, 5)
    test.eq(select(2, leaf.try '../sibling').value, 'sibling')
    test.eq(select(2, leaf.try '/sibling').value, 'sibling')
    test.eq(select(2, leaf.try 'sibling').value, 'sibling')
end)

test('01.52 nothing leads above the directory of the packages', function()
    local two, leaf = require 'only_two', require 'leaf'
    for _, case in ipairs { { two, '../../x' }, { leaf, '../../x' }, { two, '../../../x' } } do
        local ok, e = case[1].try(case[2])
        test.eq({ ok, e.code, e.module }, { false, 3, nil })
    end
    local ok, e = require('only_two').try './inner'
    test.ok(ok)
    test.eq(select(2, e.try '../../sibling_of_two').print, print)
    test.eq(select(2, e.try '../../../x').code, 3)
end)

test('01.53 a cycle of packages names the module', function()
    require 'cycle_a'
    local b = require 'cycle_b'
    test.eq({ b.code, b.module }, { 4, 'cycle_a' })
    local itself = require 'itself'
    test.eq({ itself.by_name, itself.module }, { 4, 'itself' })
    test.eq({ itself.relative, itself.relative_module }, { 4, nil })
end)

test('01.53 a package that failed stays failed', function()
    test.raises_string(function() require 'failing' end, 'oops')
    test.raises_code(function() require 'failing' end, 4, 'emilua.core', { module = 'failing' })
end)

test.done()

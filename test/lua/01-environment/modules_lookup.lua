-- Where relative and root names lead (01 §3.4): the table of the chapter, cell by cell.

--@ script p/main.lua
--@ run cd p && $EMILUA main.lua
--@ file p/x.lua
--@ file p/a.lua
--| function try(id) local ok, m = pcall(require, id) return ok, m end
--@ file p/a/x.lua
--@ file p/a/init.lua
--| error 'p/a.lua wins'
--@ file p/node/init.lua
--| function try(id) local ok, m = pcall(require, id) return ok, m end
--@ file p/node/x.lua
--@ file p/node/b.lua
--| function try(id) local ok, m = pcall(require, id) return ok, m end
--@ file p/node/inner/init.lua
--| function try(id) local ok, m = pcall(require, id) return ok, m end
--@ file p/node/inner/x.lua
--@ file p/d1/d2/d3/leaf.lua
--| function try(id) local ok, m = pcall(require, id) return ok, m end
--@ file x.lua
--| error 'above the root'

local test = require 'test'
local root = tostring(_FILE):match '^(.*)/main%.lua$'

function try(id) local ok, m = pcall(require, id) return ok, m end

local importers = {
    main = _G,
    leaf = require './a',
    node = require './node',
    leaf_in_node = require '/node/b',
    node_in_node = require '/node/inner',
}

-- Importer, then what it finds as ./x ../x ../../x ../../../x
for name, expected in pairs {
    main = { '/x', 3, 3, 3 },
    leaf = { 5, '/x', 3, 3 },
    node = { '/node/x', '/x', 3, 3 },
    leaf_in_node = { 5, '/node/x', '/x', 3 },
    node_in_node = { '/node/inner/x', '/node/x', '/x', 3 },
} do
    for i, id in ipairs { './x', '../x', '../../x', '../../../x' } do
        test(('01.43 %s from %s'):format(id, name), function()
            local ok, m = importers[name].try(id)
            if type(expected[i]) == 'string' then
                test.ok(ok, m)
                test.eq(tostring(m._FILE), root .. expected[i] .. '.lua')
            else
                test.eq({ ok, m.code, tostring(m.category), m.module }, { false, expected[i], 'emilua.core', nil })
            end
        end)
    end
end

test('01.42 a leaf cannot import a child', function()
    local _, e = importers.leaf.try './x'
    test.eq(tostring(e), 'A leaf module cannot import child modules')
    test.eq({ e.code, e.module }, { 5, nil })
    test.eq(select(2, importers.leaf.try './not_there').code, 5)
end)

test('01.42 the entry cannot import above the root', function()
    local e = test.raises_code(function() require '../x' end, 3, 'emilua.core')
    test.eq(tostring(e), "The root module doesn't have a parent and can't reference one")
    test.eq(e.module, nil)
    test.raises_code(function() require '../not_there' end, 3, 'emilua.core')
    test.raises_code(function() require './../x' end, 3, 'emilua.core')
end)

test('01.43 what is not there names the module as given', function()
    for name, ids in pairs { main = { './nope', '/nope', '/no/pe', '/x/y' }, leaf = { '../nope', '/nope' },
        node_in_node = { './nope', '../../nope' } } do
        for _, id in ipairs(ids) do
            local ok, e = importers[name].try(id)
            test.eq({ ok, e.code, e.module }, { false, 2, id })
        end
    end
end)

test('01.44 a root name leads to the root from everywhere', function()
    local deep = require '/d1/d2/d3/leaf'
    local ok, m = deep.try '/node/x'
    test.ok(ok)
    test.ok(rawequal(m, require '/node/x'))
    test.eq(tostring(m._FILE), root .. '/node/x.lua')
    test.ok(rawequal(select(2, deep.try '../../../../x'), require './x'))
    test.eq(select(2, deep.try '../../../../../x').code, 3)
end)

test.done()

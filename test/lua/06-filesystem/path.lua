local test = require 'test'
local fs = require 'filesystem'
local P = fs.path.new

local function components(p)
    local list = {}
    for name in p:iterator() do list[#list + 1] = name end
    return list
end

local function is_path(value, text)
    test.eq(getmetatable(value), 'filesystem.path', text)
    test.eq(tostring(value), text)
end

local function invalid(f, position)
    test.raises_code(f, 22, 'generic', { arg = position })
end

-- 06 §2.3, columns: path, root_directory, root_path, relative_path, parent_path, filename, stem, extension
local decompositions = {
    { '', '', '', '', '', '', '', '' },
    { '/', '/', '/', '', '/', '', '', '' },
    { '//', '/', '/', '', '//', '', '', '' },
    { '//host/x', '/', '/', 'host/x', '//host', 'x', 'x', '' },
    { 'a', '', '', 'a', '', 'a', 'a', '' },
    { 'a/', '', '', 'a/', 'a', '', '', '' },
    { '/a', '/', '/', 'a', '/', 'a', 'a', '' },
    { '/a//b//', '/', '/', 'a//b//', '/a//b', '', '', '' },
    { '.', '', '', '.', '', '.', '.', '' },
    { '..', '', '', '..', '', '..', '..', '' },
    { 'a/..', '', '', 'a/..', 'a', '..', '..', '' },
    { 'a.txt', '', '', 'a.txt', '', 'a.txt', 'a', '.txt' },
    { 'a.tar.gz', '', '', 'a.tar.gz', '', 'a.tar.gz', 'a.tar', '.gz' },
    { '.bashrc', '', '', '.bashrc', '', '.bashrc', '.bashrc', '' },
    { '.bashrc.bak', '', '', '.bashrc.bak', '', '.bashrc.bak', '.bashrc', '.bak' },
    { 'a.', '', '', 'a.', '', 'a.', 'a', '.' },
    { '..a', '', '', '..a', '', '..a', '.', '.a' },
    { '...', '', '', '...', '', '...', '..', '.' },
    { [[C:\x]], '', '', [[C:\x]], '', [[C:\x]], [[C:\x]], '' },
}

local normal_forms = {
    { './a', 'a' }, { 'a/.', 'a/' }, { 'a/..', '.' }, { '/..', '/' }, { '/.', '/' }, { '../a', '../a' },
    { 'a//b', 'a/b' }, { '/a/./b/../c', '/a/c' }, { 'a/', 'a/' }, { '//host/x', '/host/x' }, { '//', '//' },
    { '', '' },
}

-- self, base, lexically_relative, lexically_proximate (default: the same)
local relatives = {
    { '/a/d', '/a/b/c', '../../d' },
    { '/a/b/c', '/a/d', '../b/c' },
    { 'a/b/c', 'a', 'b/c' },
    { 'a/b/c', 'a/b/c', '.' },
    { 'a/b', 'c/d', '../../a/b' },
    { 'a', '/a', '', 'a' },
    { '/a', 'a', '', '/a' },
    { 'a', '..', '', 'a' },
    { 'a', '', 'a' },
    { '', 'a', '..' },
    { '', '', '.' },
    { 'a', 'a/', '.' },
    { 'a/b/', 'a', 'b/' },
    { 'a/../b', 'b', '../a/../b' },
}

-- self, extension (false: nil), result
local extensions = {
    { 'a.txt', '.E', 'a.E' }, { 'a.txt', 'E', 'a.E' }, { 'a.tar.gz', false, 'a.tar' }, { '.', 'E', '..E' },
    { '..a', false, '.' }, { 'a/b.x', '.', 'a/b.' }, { 'a/b.x', '..c', 'a/b..c' }, { '/', 'E', '/.E' },
    { '', 'E', '.E' }, { 'a.txt', false, 'a' }, { 'a.txt', '', 'a' },
}

local methods = { 'to_generic', 'iterator', 'make_preferred', 'remove_filename', 'replace_filename',
    'replace_extension', 'lexically_normal', 'lexically_relative', 'lexically_proximate' }

test('06.1 P() and P(nil) are the empty path', function()
    for _, p in ipairs { P(), P(nil), P '' } do
        test.eq(p.empty, true)
        is_path(p, '')
        test.eq(components(p), {})
    end
end)

test('06.2 constructors take strings only', function()
    for _, bad in ipairs { 12, P 'a', true, {}, print, fs.path } do
        invalid(function() P(bad) end, 1)
        invalid(function() fs.path.from_generic(bad) end, 1)
    end
    invalid(function() fs.path.from_generic() end, 1)
    invalid(function() fs.path.from_generic(nil) end, 1)
    is_path(fs.path.from_generic 'a//b', 'a//b')
    is_path(P('a', 1, {}), 'a')
    test.eq(fs.path.preferred_separator, '/')
end)

test('06.3 metatable, and unknown keys', function()
    test.eq(getmetatable(P 'a'), 'filesystem.path')
    for _, object in ipairs { P 'a', fs, fs.path } do
        for _, key in ipairs { 'nope', 1, true, object } do
            local e = test.raises_code(function() return object[key] end, 8, 'emilua.core', { index = 2 })
            test.eq(tostring(e), "Requested key wasn't found in the table/userdata")
        end
        test.raises_string(function() object.x = 1 end, 'attempt to index .*%(a userdata value%)')
    end
end)

test('06.3 the module and fs.path are userdata', function()
    test.eq(type(fs), 'userdata')
    test.eq(getmetatable(fs), 'filesystem')
    test.match(tostring(fs), '^userdata: 0x')
    test.eq(type(fs.path), 'userdata')
    test.eq(getmetatable(fs.path), 'filesystem.path')
    test.match(tostring(fs.path), '^userdata: 0x')
    test.raises_string(function() pairs(fs) end, 'table expected, got userdata')
    test.ok(rawequal(require 'filesystem', fs))
    test.eq(type(P 'a'), 'userdata')
end)

test('06.4 every row of the decomposition table', function()
    local strings = { root_directory = 2, filename = 6, stem = 7, extension = 8 }
    local paths = { root_path = 3, relative_path = 4, parent_path = 5 }
    for _, row in ipairs(decompositions) do
        local p = P(row[1])
        local where = ('%q'):format(row[1])
        test.eq(p.root_name, '', where)
        test.eq(p.has_root_name, false, where)
        for name, column in pairs(strings) do
            test.eq(p[name], row[column], where .. '.' .. name)
            test.eq(p['has_' .. name], row[column] ~= '', where .. '.has_' .. name)
        end
        for name, column in pairs(paths) do
            test.eq(getmetatable(p[name]), 'filesystem.path')
            test.eq(tostring(p[name]), row[column], where .. '.' .. name)
            test.eq(p['has_' .. name], row[column] ~= '', where .. '.has_' .. name)
        end
        test.eq(p.empty, row[1] == '', where)
        test.eq(p.is_absolute, row[1]:sub(1, 1) == '/', where)
        test.eq(p.is_relative, not p.is_absolute, where)
        test.eq(tostring(p), row[1])
    end
end)

test('06.5 components of a path', function()
    local next_component = P '/x/y/':iterator()
    for _, name in ipairs { '/', 'x', 'y', '' } do test.eq(next_component(), name) end
    test.eq(select('#', next_component()), 0)
    test.eq(select('#', next_component()), 0)
    test.eq(components(P '//host'), { '/', 'host' })
    test.eq(components(P '//'), { '//' })
    test.eq(components(P '/'), { '/' })
    test.eq(components(P 'a'), { 'a' })
    test.eq(components(P 'a//b'), { 'a', 'b' })
end)

test('06.6 iterators are independent and keep the path alive', function()
    local p = P('/' .. ('x'):rep(100) .. '/y')
    local one, two = p:iterator(), p:iterator()
    p = nil
    test.eq(one(), '/')
    test.eq(one(), ('x'):rep(100))
    collectgarbage()
    for _ = 1, 100 do P('/z/' .. ('z'):rep(100)) end
    test.eq(two(), '/')
    test.eq(one(), 'y')
    test.eq(select('#', one()), 0)
    one = nil
    collectgarbage()
    test.eq(two(), ('x'):rep(100))
    test.eq(two(), 'y')
end)

test('06.7 normal forms', function()
    for _, row in ipairs(normal_forms) do is_path(P(row[1]):lexically_normal(), row[2]) end
end)

test('06.7 relative paths, the base a string or a path', function()
    for _, row in ipairs(relatives) do
        local self, base, relative, proximate = P(row[1]), row[2], row[3], row[4] or row[3]
        is_path(self:lexically_relative(base), relative)
        is_path(self:lexically_relative(P(base)), relative)
        is_path(self:lexically_proximate(base), proximate)
        is_path(self:lexically_proximate(P(base)), proximate)
    end
    for _, bad in ipairs { 1, true, {}, fs.path } do
        invalid(function() P 'a':lexically_relative(bad) end, 2)
        invalid(function() P 'a':lexically_proximate(bad) end, 2)
    end
    invalid(function() P 'a':lexically_relative() end, 2)
    invalid(function() P 'a':lexically_proximate(nil) end, 2)
end)

test('06.8 replace_extension', function()
    for _, row in ipairs(extensions) do
        local extension = row[2] or nil
        is_path(P(row[1]):replace_extension(extension), row[3])
        is_path(P(row[1]):replace_extension(extension and P(extension)), row[3])
    end
    is_path(P 'a.txt':replace_extension(), 'a')
    for _, bad in ipairs { 1, false, {}, fs.path } do
        invalid(function() P 'a':replace_extension(bad) end, 2)
    end
end)

test('06.9 replace_filename and remove_filename', function()
    local p = P 'a/b'
    is_path(p:replace_filename 'c/d', 'a/c/d')
    is_path(p:replace_filename '/c', '/c')
    is_path(p:replace_filename(P '/c'), '/c')
    is_path(p:replace_filename '', 'a/')
    is_path(p:remove_filename(), 'a/')
    is_path(P 'a':remove_filename(), '')
    is_path(P '/':remove_filename(), '/')
    is_path(p, 'a/b')
    invalid(function() p:replace_filename() end, 2)
    invalid(function() p:replace_filename(1) end, 2)
end)

test('06.10 to_generic collapses separators, tostring and make_preferred keep them', function()
    local p = P '//a//b//'
    test.eq(p:to_generic(), '/a/b/')
    test.eq(tostring(p), '//a//b//')
    is_path(p:make_preferred(), '//a//b//')
end)

test('06.11 both operators take a string on either side', function()
    is_path('x' / P 'a', 'x/a')
    is_path(P 'a' / 'x', 'a/x')
    is_path(P 'a' / P 'x', 'a/x')
    is_path('x' .. P 'a', 'xa')
    is_path(P 'a' .. 'x', 'ax')
    is_path(P 'a' .. P 'x', 'ax')
    for _, bad in ipairs { 1, true, {}, fs.path } do
        invalid(function() return P 'a' / bad end, 2)
        invalid(function() return bad / P 'a' end, 1)
        invalid(function() return P 'a' .. bad end, 2)
        invalid(function() return bad .. P 'a' end, 1)
    end
    invalid(function() return P 'a' / nil end, 2)
    invalid(function() return nil .. P 'a' end, 1)
end)

test('06.12 joining and appending', function()
    test.eq(P 'a' / '/b', P '/b')
    test.eq(tostring(P 'x' / ''), 'x/')
    test.eq(tostring(P '' / 'x'), 'x')
    test.eq(tostring(P 'x/' / 'y'), 'x/y')
    is_path(P '/a' .. 'x', '/ax')
    is_path('x' .. P '/a', 'x/a')
    is_path(P 'a' / 'b' .. '.txt', 'a/b.txt')
    is_path(P 'a' .. 'b/' .. 'c' .. '/d', 'ab/c/d')
    test.eq(components('x' .. P '/a'), { 'x', 'a' })
end)

test('06.13 equality goes by components', function()
    for _, pair in ipairs { { 'a//b', 'a/b' }, { '//h', '/h' }, { '//host', '/host' }, { '///', '/' }, { '', '' } } do
        test.eq(P(pair[1]), P(pair[2]))
    end
    for _, pair in ipairs { { 'a/', 'a' }, { 'a/.', 'a' }, { 'a', 'b' }, { '/a', 'a' }, { '', '.' } } do
        test.ne(P(pair[1]), P(pair[2]))
    end
    for _, other in ipairs { 'a', 1, true, fs.path, fs } do test.eq(P 'a' == other, false) end
    test.eq(P 'a' == nil, false)
    local set = { [P 'a'] = true }
    test.eq(set[P 'a'], nil)
end)

test('06.14 order', function()
    test.eq(P 'a/b' < P 'a.b', true)
    test.eq(P 'a.b' > P 'a/b', true)
    test.eq(P 'a/b' <= P 'a//b', true)
    test.eq(P 'a/b' >= P 'a//b', true)
    test.eq(P 'a' < P '/a', true)
    test.eq(P '' < P 'a', true)
    test.eq(P 'a' < P 'a', false)
    test.eq(P 'a' < P '\255', true)
    for _, other in ipairs { 'b', 1, true, {} } do
        test.raises_string(function() return P 'a' < other end, 'attempt to compare userdata with')
        test.raises_string(function() return P 'a' >= other end, 'attempt to compare')
    end
    test.raises_string(function() return P 'a' <= fs.path end, 'attempt to compare two userdata values')
    local list = { P '/a', P 'b', P 'a.b', P '', P 'a/b' }
    table.sort(list)
    for i, text in ipairs { '', 'a/b', 'a.b', 'b', '/a' } do test.eq(tostring(list[i]), text) end
end)

test('06.15 bytes are kept', function()
    for _, text in ipairs { '\255\254', 'a\0b', 'caf\195\169/\128', '  ', 'a\nb' } do
        is_path(P(text), text)
        is_path(P(text) / 'x', text .. '/x')
        test.eq(P(text .. '/y').filename, 'y')
    end
end)

test('06.16 paths as text', function()
    test.eq(string.format('%s', P 'a'), 'a')
    test.eq(tostring(P 'a/./b//'), 'a/./b//')
    test.raises_string(function() table.concat { P 'a' } end, 'invalid value')
    test.raises_string(function() return #P 'a' end, 'attempt to get length')
    test.raises_string(function() return -P 'a' end, 'attempt to perform arithmetic')
    test.raises_string(function() P 'a' () end, 'attempt to call')
end)

test('06.17 a wrong self', function()
    for _, name in ipairs(methods) do
        local method = P 'a'[name]
        for _, bad in ipairs { 'a', fs.path, fs, 1, {} } do
            invalid(function() method(bad, 'x') end, 1)
        end
        invalid(function() method() end, 1)
        invalid(function() method(nil, 'x') end, 1)
    end
end)

test('06.17 methods do not change the path', function()
    local p = P '/a//b.txt'
    for _, name in ipairs(methods) do p[name](p, 'x') end
    is_path(p, '/a//b.txt')
end)

test('06.104 usable where suspension is forbidden, and with an interruption pending', function()
    local f = spawn(function()
        this_fiber.disable_interruption()
        this_fiber.yield()
        this_fiber.restore_interruption()
        this_fiber.forbid_suspend()
        local p = P 'a' / 'b'
        local list = components(p:lexically_normal())
        this_fiber.allow_suspend()
        return list[2] .. p.parent_path.filename
    end)
    this_fiber.yield()
    f:interrupt()
    test.eq(f:join(), 'ba')
    test.eq(('x'):gsub('x', function() return tostring(P 'a' / 'x') end), 'a/x')
end)

test('_FILE is a path', function()
    test.eq(getmetatable(_FILE), 'filesystem.path')
    test.eq(_FILE.filename, 'path.lua')
    test.eq(_FILE.is_absolute, true)
end)

test.done()

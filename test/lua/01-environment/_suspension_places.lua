-- Every place where Lua code is called back: places[name](suspend, mark) calls `suspend` there and returns what the
-- construct makes of it, the expected value second.
places = {}

local function object(name, f) return setmetatable({}, { [name] = f }) end

function places.gsub_callback(suspend, mark)
    return ('abc'):gsub('.', function(c) suspend() return mark .. c end), mark .. 'a' .. mark .. 'b' .. mark .. 'c'
end

function places.gsub_table(suspend, mark)
    local t = object('__index', function(_, key) suspend() return mark .. key end)
    return ('ab'):gsub('%w', t), mark .. 'a' .. mark .. 'b'
end

function places.sort_comparator(suspend, mark)
    local list = { 5, 3, 9, 1, 7, 2 }
    table.sort(list, function(a, b) suspend() return a < b end)
    return table.concat(list, mark), table.concat({ 1, 2, 3, 5, 7, 9 }, mark)
end

function places.sort_lt(suspend, mark)
    local meta = { __lt = function(a, b) suspend() return a.n < b.n end }
    local list = {}
    for i, n in ipairs { 3, 1, 2 } do list[i] = setmetatable({ n = n }, meta) end
    table.sort(list)
    return list[1].n .. mark .. list[2].n .. mark .. list[3].n, '1' .. mark .. '2' .. mark .. '3'
end

function places.foreach(suspend, mark)
    return table.foreach({ mark }, function(_, v) suspend() return v end), mark
end

function places.foreachi(suspend, mark)
    return table.foreachi({ mark }, function(_, v) suspend() return v end), mark
end

function places.index(suspend, mark)
    return object('__index', function(_, key) suspend() return key .. mark end).x, 'x' .. mark
end

function places.index_chain(suspend, mark)
    local deep = object('__index', function(_, key) suspend() return key .. mark end)
    return object('__index', object('__index', deep)).x, 'x' .. mark
end

function places.newindex(suspend, mark)
    local got
    object('__newindex', function(_, _, value) suspend() got = value end).x = mark
    return got, mark
end

function places.call(suspend, mark)
    return object('__call', function(_, x) suspend() return x end)(mark), mark
end

for name, operate in pairs {
    __add = function(a) return a + a end,
    __sub = function(a) return a - 1 end,
    __mul = function(a) return 2 * a end,
    __div = function(a) return a / 1 end,
    __mod = function(a) return a % 1 end,
    __pow = function(a) return a ^ 1 end,
    __unm = function(a) return -a end,
    __concat = function(a) return 'x' .. a end,
} do
    places[name] = function(suspend, mark)
        return operate(object(name, function() suspend() return mark end)), mark
    end
end

function places.comparisons(suspend, mark)
    local meta = {}
    for _, name in ipairs { '__eq', '__lt', '__le' } do meta[name] = function() suspend() return true end end
    local a, b = setmetatable({}, meta), setmetatable({}, meta)
    return (a == b and a < b and a <= b and not (a ~= b)) and mark, mark
end

function places.length(suspend, mark)
    local proxy = newproxy(true)
    getmetatable(proxy).__len = function() suspend() return mark end
    return #proxy, mark
end

function places.tostring(suspend, mark)
    return tostring(object('__tostring', function() suspend() return mark end)), mark
end

function places.print(suspend, mark)
    local ended
    print(object('__tostring', function() suspend() ended = mark return 'printed' end), 'more')
    return ended, mark
end

function places.format(suspend, mark)
    local o = object('__tostring', function() suspend() return mark end)
    return ('%s-%s'):format(o, o), mark .. '-' .. mark
end

function places.iterator(suspend, mark)
    local text = ''
    for i in function(_, i)
        suspend()
        if i < 3 then return i + 1 end
    end, nil, 0 do text = text .. i .. mark end
    return text, '1' .. mark .. '2' .. mark .. '3' .. mark
end

function places.generator(suspend, mark)
    local text = ''
    for i in coroutine.wrap(function()
        for i = 1, 3 do
            suspend()
            coroutine.yield(i)
        end
    end) do text = text .. i .. mark end
    return text, '1' .. mark .. '2' .. mark .. '3' .. mark
end

function places.nested_coroutines(suspend, mark)
    local function nest(level)
        if level == 0 then
            suspend()
            return mark
        end
        local inner = coroutine.wrap(function()
            suspend()
            coroutine.yield()
            return nest(level - 1)
        end)
        inner()
        return inner()
    end
    return nest(5), mark
end

function places.load_reader(suspend, mark)
    local parts = { 'return ', "'", mark, "'" }
    local n = 0
    return assert(load(function()
        suspend()
        n = n + 1
        return parts[n]
    end))(), mark
end

function places.loaded_chunk(suspend, mark)
    return assert(loadstring('local suspend, mark = ... suspend() return mark'))(suspend, mark), mark
end

-- chunk.lua: local suspend, mark = getfenv(0).suspend, getfenv(0).mark; suspend(); return mark
function places.dofile(suspend, mark)
    local globals = getfenv(0)
    globals.suspend, globals.mark = suspend, mark
    return dofile 'chunk.lua', mark
end

function places.pcall_body(suspend, mark)
    local _, result = pcall(function() suspend() return mark end)
    return result, mark
end

function places.xpcall_handler(suspend, mark)
    local _, result = xpcall(function() error 'oops' end, function() suspend() return mark end)
    return result, mark
end

function places.xpcall_handler_of_a_runtime_error(suspend, mark)
    local _, result = xpcall(function() local x = nil; return x.y end, function() suspend() return mark end)
    return result, mark
end

function places.scope(suspend, mark)
    local result
    scope(function() suspend() result = mark end)
    return result, mark
end

function places.cleanup_handler(suspend, mark)
    local result
    scope(function() scope_cleanup_push(function() suspend() result = mark end) end)
    return result, mark
end

function places.cleanup_handler_of_a_coroutine(suspend, mark)
    local result
    coroutine.wrap(function() scope_cleanup_push(function() suspend() result = mark end) end)()
    return result, mark
end

-- Several of them inside each other.
function places.gsub_in_sort_in_tostring(suspend, mark)
    local o = object('__tostring', function()
        local list = { 'b', 'a' }
        table.sort(list, function(a, b)
            return a:gsub('.', function(c) suspend() return c end) < b:gsub('.', function(c) suspend() return c end)
        end)
        return list[1] .. mark .. list[2]
    end)
    return ('%s'):format(o), 'a' .. mark .. 'b'
end

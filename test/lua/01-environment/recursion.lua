-- Recursion without end through C functions that call back ends in an error that can be caught: a C stack is finite,
-- and plain LuaJIT checks only the Lua stack.
-- ThreadSanitizer takes many minutes for it.

--@ need !sanitizer:thread
--@ timeout 60
--@ file recursive_chunk.lua
--| dofile "recursive_chunk.lua"
--| return 1
local test = require 'test'

local function object(name, f) return setmetatable({}, { [name] = f }) end

-- Each makes a function that recurses without end.
local recursions = {
    plain = function()
        local function f() return 1 + f() end
        return f
    end,
    gsub = function()
        local function f() return (('x'):gsub('x', f)) end
        return f
    end,
    gsub_table = function()
        local t
        t = object('__index', function() return (('x'):gsub('x', t)) end)
        return function() return t.x end
    end,
    sort = function()
        local function f()
            table.sort({ 1, 2, 3 }, function(a, b) f() return a < b end)
        end
        return f
    end,
    sort_lt = function()
        local meta = {}
        local function f() table.sort { setmetatable({}, meta), setmetatable({}, meta) } end
        meta.__lt = function() f() return true end
        return f
    end,
    foreach = function()
        local function f() table.foreach({ 1 }, f) end
        return f
    end,
    foreachi = function()
        local function f() table.foreachi({ 1 }, f) end
        return f
    end,
    tostring = function()
        local t
        t = object('__tostring', function() return tostring(t) .. 'x' end)
        return function() return tostring(t) end
    end,
    print = function()
        local t
        t = object('__tostring', function() print(t) return 'x' end)
        return function() print(t) end
    end,
    format = function()
        local t
        t = object('__tostring', function() return ('%s.'):format(t) end)
        return function() return ('%s'):format(t) end
    end,
    index = function()
        local t
        t = object('__index', function(_, key) return t[key .. 'x'] .. 'x' end)
        return function() return t.x end
    end,
    newindex = function()
        local t
        t = object('__newindex', function(_, key, value) t[key] = value return 1 end)
        return function() t.x = 1 end
    end,
    concat = function()
        local t
        t = object('__concat', function() return (t .. 'x') .. 'y' end)
        return function() return t .. 'x' end
    end,
    comparison = function()
        local a, b
        local meta = { __eq = function() return not (a == b) end }
        a, b = setmetatable({}, meta), setmetatable({}, meta)
        return function() return a == b end
    end,
    call = function()
        local t
        t = object('__call', function() return 1 + t() end)
        return function() return t() end
    end,
    coroutine_wrap = function()
        local function f() return (coroutine.wrap(f)()) end
        return f
    end,
    coroutine_resume = function()
        local function f()
            local ok, e = coroutine.resume(coroutine.create(f))
            if not ok then error(e, 0) end
        end
        return f
    end,
    load_reader = function()
        local function f() assert(load(f)) end
        return f
    end,
    load_chunk = function()
        local function f() return (assert(loadstring '(...)((...))')(f)) end
        return f
    end,
    dofile = function()
        return function() dofile 'recursive_chunk.lua' end
    end,
    pcall = function()
        local function f()
            local ok, e = pcall(f)
            if not ok then error(e, 0) end
        end
        return f
    end,
    xpcall = function()
        local function f()
            local ok, e = xpcall(f, function(e) return e end)
            if not ok then error(e, 0) end
        end
        return f
    end,
    xpcall_handler = function()
        local function f()
            local ok, e = xpcall(error, f, 'x')
            if not ok then error(e, 0) end
        end
        return f
    end,
    scope = function()
        local function f() scope(f) end
        return f
    end,
    unpack = function()
        local function f(...) return f('x', ...) end
        return f
    end,
    everything = function()
        local f
        local o = object('__tostring', function()
            local text = 'x'
            table.sort({ 1, 2 }, function(a, b) f() return a < b end)
            return text
        end)
        f = function()
            return coroutine.wrap(function() return (('x'):gsub('x', function() return ('%s'):format(o) end)) end)()
        end
        return f
    end,
}

local function ends_in_an_error(f)
    local ok, e = pcall(f)
    test.eq(ok, false)
    if e ~= 'error in error handling' then test.match(e, 'overflow') end
    -- What was in the way is usable again.
    test.eq(('ab'):gsub('.', function(c) this_fiber.yield() return c .. c end), 'aabb')
end

for name, make in pairs(recursions) do
    local compiled = name ~= 'unpack' and name ~= 'print'

    test('01.27 recursive ' .. name .. ' on the main fiber', function()
        ends_in_an_error(make())
    end)

    test('01.27 recursive ' .. name .. ' in a fiber', function()
        spawn(function() ends_in_an_error(make()) end):join()
    end)

    test('01.27 recursive ' .. name .. ' in a user coroutine of a fiber', function()
        spawn(function()
            coroutine.wrap(function() ends_in_an_error(make()) end)()
        end):join()
    end)

    test('01.27 recursive ' .. name .. ' in a clean-up handler', function()
        spawn(function()
            local ok, e
            scope(function() scope_cleanup_push(function() ok, e = pcall(ends_in_an_error, make()) end) end)
            if not ok then error(e, 0) end
        end):join()
    end)

    if compiled then
        test('01.27 recursive ' .. name .. ' when compiled', function()
            jit.opt.start('hotloop=2', 'hotexit=2')
            local f = make()
            for _ = 1, 6 do
                spawn(function() ends_in_an_error(f) end):join()
            end
            ends_in_an_error(f)
            jit.opt.start('hotloop=56', 'hotexit=10')
        end)
    end

    test('01.27 recursive ' .. name .. ' that yields at every level', function()
        local f = make()
        local other = spawn(function() for _ = 1, 1000 do this_fiber.yield() end end)
        spawn(function()
            local function g() this_fiber.yield() return f() end
            ends_in_an_error(g)
        end):join()
        other:join()
    end)
end

test('01.27 an error that nobody catches deep in a fiber is reported by join', function()
    local function f() return (('x'):gsub('x', f)) end
    test.raises_string(function() spawn(f):join() end, 'overflow')
end)

test('01.27 deep nesting that ends is no error', function()
    local function nest(n)
        if n == 0 then return 'x' end
        return (('x'):gsub('x', function() return nest(n - 1) end))
    end
    test.eq(nest(100), 'x')
    test.eq(spawn(function() return nest(10) end):join(), 'x')
end)

test('01.27 source that nests too deep', function()
    local function check()
        for _, code in ipairs { ('('):rep(1e5), ('{'):rep(1e5), ('a.'):rep(1e5), ("'x'.."):rep(1e5) .. "'x'",
            ('do '):rep(1e5), ('function f() '):rep(1e5), ('not '):rep(1e5), ('x^'):rep(1e5) } do
            test.eq(loadstring('return ' .. code), nil)
        end
    end
    check()
    spawn(check):join()
    coroutine.wrap(function() spawn(check):join() end)()
end)

test('01.27 patterns that backtrack deep', function()
    local function check()
        test.eq(pcall(string.find, ('a'):rep(1e5), ('a?'):rep(1e4) .. 'b'), false)
        test.eq(pcall(string.match, ('('):rep(1e5), ('('):rep(100)), false)
        test.eq(pcall(string.find, ('x'):rep(1e6), ('.-'):rep(200) .. 'y'), false)
    end
    check()
    spawn(check):join()
end)

test('01.27 a coroutine chain as deep as the stack allows', function()
    local function depth()
        local n = 0
        local function f()
            n = n + 1
            coroutine.wrap(f)()
        end
        pcall(f)
        return n
    end
    test.ok(depth() > 50)
    test.ok(spawn(depth):join() > 5)
end)

test.done()

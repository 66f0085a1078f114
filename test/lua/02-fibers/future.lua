local test = require 'test'
local tools = require '/_tools'
local future = require 'future'

test('02.70 the module and its objects', function()
    test.eq(getmetatable(future), nil)
    test.eq(future.foo, nil)
    test.eq(select('#', future.new()), 2)
    local p, f = future.new('ignored')
    test.eq(getmetatable(p), 'promise')
    test.eq(getmetatable(f), 'future')
    test.eq(type(p), 'userdata')
    for _, object in pairs { p, f } do
        test.raises_code(function() return object.foo end, 8, 'emilua.core', { index = 2 })
        test.raises_string(function() object.foo = 1 end, 'attempt to index')
    end
    for _, bad in pairs { 1, {}, f } do
        test.raises_code(function() p.set_value(bad, 1) end, 22, 'generic', { arg = 1 })
        test.raises_code(function() p.set_error(bad, 1) end, 22, 'generic', { arg = 1 })
    end
    test.raises_code(function() p.set_value() end, 22, 'generic', { arg = 1 })
    test.raises_code(function() f.get(p) end, 22, 'generic', { arg = 1 })
    test.raises_code(function() f.get() end, 22, 'generic', { arg = 1 })
end)

test('02.70 one value, whatever it is, for all getters', function()
    local function value_of(...)
        local p, f = future.new()
        local a = spawn(function() return f:get() end)
        local b = spawn(function() return f:get() end)
        this_fiber.yield()
        test.eq(select('#', p:set_value(...)), 0)
        local function pack(...) return { n = select('#', ...), ... } end
        local result = pack(f:get())
        test.eq(pack(a:join()), result)
        test.eq(pack(b:join()), result)
        test.eq(pack(f:get()), result)
        return result
    end
    local t = {}
    test.eq(value_of(42), { n = 1, 42 })
    test.eq(value_of(nil), { n = 1, nil })
    test.eq(value_of(), { n = 1, nil })
    test.eq(value_of(false), { n = 1, false })
    test.eq(value_of(1, 2, 3), { n = 1, 1 })
    test.eq(rawequal(value_of(t)[1], t), true)
end)

test('02.70 getters are woken in the order of get; set_value and a ready get do not switch', function()
    local p, f = future.new()
    local order = {}
    for i = 1, 4 do
        spawn(function()
            f:get()
            order[#order + 1] = i
        end):detach()
    end
    this_fiber.yield()
    p:set_value(1)
    f:get()
    test.eq(order, {})
    this_fiber.yield()
    test.eq(order, { 1, 2, 3, 4 })
end)

test('02.71 errors', function()
    local p, f = future.new()
    local e = {}
    local function raised() return select(2, pcall(f.get, f)) end
    local a = spawn(raised)
    this_fiber.yield()
    test.raises_code(function() p:set_error(nil) end, 22, 'generic', { arg = 2 })
    test.raises_code(function() p:set_error() end, 22, 'generic', { arg = 2 })
    p:set_error(e)
    test.eq(rawequal(a:join(), e), true)
    test.eq(rawequal(raised(), e), true)
    test.eq(rawequal(raised(), e), true)
    test.raises_code(function() p:set_error(nil) end, 22, 'generic', { arg = 2 })
    for _, name in pairs { 'set_value', 'set_error' } do
        local again = test.raises_code(function() p[name](p, 1) end, 23, 'emilua.core')
        test.eq(tostring(again), 'Promise already satisfied')
    end
    test.eq(rawequal(raised(), e), true)

    p, f = future.new()
    p:set_error('text')
    test.error(function() f:get() end, '^text$')
    p, f = future.new()
    p:set_value(1)
    test.raises_code(function() p:set_value(2) end, 23, 'emilua.core')
    test.raises_code(function() p:set_error(2) end, 23, 'emilua.core')
    test.eq(f:get(), 1)
end)

test('02.71 the error false', function()
    local p, f = future.new()
    local waiting = spawn(function() return pcall(f.get, f) end)
    this_fiber.yield()
    p:set_error(false)
    test.eq({ waiting:join() }, { false, false })
    test.eq({ pcall(f.get, f) }, { false, false })
end)

test('02.72 a collected promise is broken', function()
    local f = select(2, future.new())
    local waiting = {}
    for i = 1, 2 do waiting[i] = spawn(function() return pcall(f.get, f) end) end
    this_fiber.yield()
    tools.collect()
    for i = 1, 2 do
        local ok, e = waiting[i]:join()
        test.eq(ok, false)
        test.eq(e.code, 22)
        test.eq(tostring(e.category), 'emilua.core')
        test.eq(tostring(e), 'Broken promise')
    end
    test.raises_code(function() f:get() end, 22, 'emilua.core')
    test.raises_code(function() f:get() end, 22, 'emilua.core')
end)

test('02.72 a satisfied promise may be collected', function()
    local function satisfied(method, v)
        local p, f = future.new()
        p[method](p, v)
        return f
    end
    local value, failure = satisfied('set_value', { 1 }), satisfied('set_error', 'e')
    tools.collect()
    test.eq(value:get(), { 1 })
    test.error(function() failure:get() end, '^e$')
end)

test('02.72 values are collected with the future, even if they refer to it', function()
    local weak = setmetatable({}, { __mode = 'k' })
    do
        local p, f = future.new()
        local value = { p, f }
        weak[value] = true
        p:set_value(value)
    end
    tools.collect()
    test.eq(next(weak), nil)
end)

test('02.72 a future kept by its value only breaks with its promise', function()
    local f
    do
        local p
        p, f = future.new()
        local cycle = { p }
        cycle[2] = cycle
    end
    tools.collect()
    test.raises_code(function() f:get() end, 22, 'emilua.core')
end)

test('02.72 objects that are finalized already are refused', function()
    local results
    do
        local box = {}
        local proxy = newproxy(true)
        getmetatable(proxy).__gc = function()
            results = { pcall(box.set_value, box.promise, 1) }
        end
        box.promise = future.new() -- later made, so finalized first
        box.set_value = box.promise.set_value
    end
    tools.collect()
    test.eq(results[1], false)
    test.eq(results[2].code, 22)
    test.eq(results[2].arg, 1)
end)

test.done()

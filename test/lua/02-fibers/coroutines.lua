local test = require 'test'
local tools = require '/_tools'
local future = require 'future'
local time = require 'time'

local function pack(...) return { n = select('#', ...), ... } end

test('02.59 a fiber is no coroutine', function()
    local e = test.raises_code(coroutine.yield, 9, 'emilua.core')
    test.eq(tostring(e), 'The fiber coroutine is reserved to the scheduler')
    test.eq(pack(coroutine.running()), { n = 1, nil })
    spawn(function()
        test.raises_code(function() coroutine.yield(1) end, 9, 'emilua.core')
        test.eq(pack(coroutine.running()), { n = 1, nil })
    end):join()
    local co
    co = coroutine.create(function()
        test.eq(coroutine.running(), co)
        test.eq(type(coroutine.running()), 'thread')
        test.eq(coroutine.isyieldable(), true)
    end)
    test.eq({ coroutine.resume(co) }, { true })
end)

test('02.60 suspending in a coroutine suspends the fiber; the resumer sees only real yields', function()
    local seen = {}
    local child = spawn(function() tools.rounds(2) return 'joined' end)
    local co = coroutine.wrap(function(a)
        time.sleep(0.001)
        this_fiber.yield()
        local b = coroutine.yield(a + 1)
        return b, child:join()
    end)
    seen[1] = co(1)
    seen[2], seen[3] = co('b')
    test.eq(seen, { 2, 'b', 'joined' })
end)

test('02.60 nested coroutines', function()
    local outer = coroutine.wrap(function()
        local inner = coroutine.wrap(function()
            this_fiber.yield()
            coroutine.yield 'inner'
            time.sleep(0)
            return 'end'
        end)
        coroutine.yield(inner())
        this_fiber.yield()
        return inner()
    end)
    test.eq(outer(), 'inner')
    test.eq(outer(), 'end')
end)

test('02.61 a coroutine that is suspended with its fiber', function()
    local p, value = future.new()
    local function body()
        local v = value:get()
        coroutine.yield(v)
        return 'end'
    end
    local co = coroutine.create(body)
    local f = spawn(function() return coroutine.resume(co) end)
    this_fiber.yield()
    test.eq(coroutine.status(co), 'normal')
    test.raises_code(function() coroutine.resume(co) end, 1, 'generic')
    p:set_value('v')
    test.eq({ f:join() }, { true, 'v' })
    test.eq(coroutine.status(co), 'suspended')
    test.eq({ coroutine.resume(co) }, { true, 'end' })
    test.eq(coroutine.status(co), 'dead')

    local gate, open = future.new()
    local wrapped = coroutine.wrap(function() return open:get() end)
    f = spawn(wrapped)
    this_fiber.yield()
    test.raises_code(wrapped, 1, 'generic')
    gate:set_value('open')
    test.eq(f:join(), 'open')
end)

test('02.61 status and refusals', function()
    local co
    co = coroutine.create(function()
        test.eq(coroutine.status(co), 'running')
        test.eq({ coroutine.resume(co) }, { false, 'cannot resume running coroutine' })
        local inner = coroutine.wrap(function()
            test.eq(coroutine.status(co), 'normal')
            test.eq({ coroutine.resume(co) }, { false, 'cannot resume running coroutine' })
        end)
        inner()
    end)
    test.eq(coroutine.status(co), 'suspended')
    test.eq({ coroutine.resume(co) }, { true })
    test.eq(coroutine.status(co), 'dead')
    test.eq({ coroutine.resume(co) }, { false, 'cannot resume dead coroutine' })
    local wrapped = coroutine.wrap(function() end)
    wrapped()
    test.error(wrapped, '^cannot resume dead coroutine$')
    for _, f in pairs { coroutine.create, coroutine.wrap } do
        test.raises_string(function() f(1) end, 'bad argument #1')
        test.raises_string(function() f() end, 'bad argument #1')
    end
    for _, f in pairs { coroutine.resume, coroutine.status } do
        test.raises_string(function() f(1) end, 'bad argument #1')
    end
end)

test('02.61 errors of a wrapped coroutine are raised unchanged', function()
    local e = {}
    test.eq(rawequal(test.throws(coroutine.wrap(function() error(e) end)), e), true)
    test.eq(test.throws(coroutine.wrap(function() error('text', 0) end)), 'text')
    test.eq({ coroutine.resume(coroutine.create(function() error(false, 0) end)) }, { false, false })
end)

test('02.62 suspension works anywhere', function()
    local switches = 0
    local other = spawn(function() while true do switches = switches + 1 this_fiber.yield() end end)
    local function suspends(name, f)
        local before = switches
        f()
        test.ok(switches > before, name .. ' did not suspend')
    end
    local function pause() time.sleep(0) this_fiber.yield() end

    suspends('table.sort', function()
        local t = { 3, 1, 2 }
        table.sort(t, function(a, b) pause() return a < b end)
        test.eq(t, { 1, 2, 3 })
    end)
    suspends('string.gsub', function()
        test.eq((('abc'):gsub('.', function(c) pause() return c:upper() end)), 'ABC')
    end)
    suspends('metamethods', function()
        local mt = {}
        for _, name in pairs { 'index', 'add', 'lt', 'le', 'eq', 'concat', 'call', 'unm', 'newindex' } do
            mt['__' .. name] = function() pause() return true end
        end
        local a, b = setmetatable({}, mt), setmetatable({}, mt)
        a.x = 1
        test.eq({ a.y, a + b, a < b, a <= b, a .. 'x', a(), -a, #a }, { true, true, true, true, true, true, true, 0 })
    end)
    suspends('__eq', function()
        local mt = { __eq = function() pause() return true end }
        test.ok(setmetatable({}, mt) == setmetatable({}, mt))
    end)
    suspends('__tostring', function()
        local t = setmetatable({}, { __tostring = function() pause() return 'text' end })
        test.eq(tostring(t), 'text')
        test.eq(('%s|%s'):format(t, t), 'text|text')
        print(t)
    end)
    suspends('iterator', function()
        local n = 0
        for i in function(_, i) pause() return i < 3 and i + 1 or nil end, nil, 0 do n = n + i end
        test.eq(n, 6)
    end)
    suspends('message handler', function()
        test.eq({ xpcall(error, function(e) pause() return e .. '!' end, 'e', 0) }, { false, 'e!' })
    end)
    suspends('pcall', function() test.eq({ pcall(function() pause() return 1 end) }, { true, 1 }) end)
    suspends('load', function()
        local parts = { 'return ', '1 + ', '2' }
        test.eq(load(function() pause() return table.remove(parts, 1) end)(), 3)
    end)
    suspends('handler', function() scope(function() scope_cleanup_push(pause) end) end)
    suspends('gsub in a coroutine in a sort', function()
        table.sort({ 1, 2, 3 }, function(a, b)
            return coroutine.wrap(function() ('x'):gsub('x', pause) return a < b end)()
        end)
    end)
    other:interrupt()
    other:join()
end)

test('02.62 a finalizer cannot suspend, but may wake others', function()
    local p, f = future.new()
    local errors = {}
    local done = false
    do
        local proxy = newproxy(true)
        getmetatable(proxy).__gc = function()
            for i, suspend in ipairs { this_fiber.yield, function() time.sleep(0) end, function() f:get() end } do
                errors[i] = select(2, pcall(suspend)).code
            end
            p:set_value('from finalizer')
            spawn(function() done = true end):detach()
        end
    end
    local getter = spawn(function() return f:get() end)
    this_fiber.yield()
    tools.collect()
    test.eq(errors, { 12, 12, 12 })
    test.eq(getter:join(), 'from finalizer')
    this_fiber.yield()
    test.eq(done, true)
    this_fiber.yield() -- the program itself may suspend again
end)

test('02.63 counts and nils pass in both directions', function()
    local co = coroutine.create(function(...)
        local got = pack(...)
        got = pack(coroutine.yield(got.n, nil, nil))
        return got.n, nil
    end)
    test.eq(pack(coroutine.resume(co, nil, 1, nil)), { n = 4, true, 3, nil, nil })
    test.eq(pack(coroutine.resume(co, nil, nil)), { n = 3, true, 2, nil })
    local wrapped = coroutine.wrap(function(...) return coroutine.yield(...) end)
    test.eq(pack(wrapped(nil, nil)), { n = 2, nil, nil })
    test.eq(pack(wrapped(nil, 1, nil)), { n = 3, nil, 1, nil })
    test.eq(pack(coroutine.resume(coroutine.create(function() end))), { n = 1, true })
end)

test.done()

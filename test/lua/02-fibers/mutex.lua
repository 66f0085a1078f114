local test = require 'test'
local tools = require '/_tools'
local mutex = require 'mutex'
local recursive_mutex = require 'recursive_mutex'

test('02.64 the module and its objects', function()
    test.eq(getmetatable(mutex), 'mutex')
    test.raises_code(function() return mutex.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() mutex.foo = 1 end, 1, 'generic')
    test.raises_code(function() mutex.new = 1 end, 1, 'generic')
    local m = mutex.new(1, 2)
    test.eq(getmetatable(m), 'mutex')
    test.eq(type(m), 'userdata')
    test.ne(m, mutex.new())
    test.raises_code(function() return m.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_string(function() m.foo = 1 end, 'attempt to index')
    for _, name in pairs { 'lock', 'try_lock', 'unlock' } do
        for _, bad in pairs { 1, {}, mutex, recursive_mutex.new() } do
            test.raises_code(function() m[name](bad) end, 22, 'generic', { arg = 1 })
        end
        test.raises_code(function() m[name]() end, 22, 'generic', { arg = 1 })
    end
end)

test('02.64 unlock of an unlocked mutex; unlock by another fiber; try_lock by the holder', function()
    local m = mutex.new()
    test.raises_code(function() m:unlock() end, 1, 'generic')
    test.eq(m:try_lock(), true)
    test.eq(m:try_lock(), false)
    spawn(function()
        test.eq(m:try_lock(), false)
        m:unlock()
    end):join()
    test.raises_code(function() m:unlock() end, 1, 'generic')
    test.eq(select('#', m:lock()), 0)
    test.eq(m:try_lock(), false)
    test.eq(select('#', m:unlock()), 0)
end)

test('02.65 unlock hands over in the order of waiting', function()
    local m, order = mutex.new(), {}
    m:lock()
    local fibers = {}
    for i = 1, 3 do
        fibers[i] = spawn(function()
            m:lock()
            order[#order + 1] = i
            this_fiber.yield()
            m:unlock()
        end)
    end
    this_fiber.yield()
    m:unlock()
    test.eq(order, {}, 'unlock does not switch')
    test.eq(m:try_lock(), false, 'the lock is the waiter\'s')
    m:lock()
    order[#order + 1] = 'main'
    m:unlock()
    test.eq(order, { 1, 2, 3, 'main' })
    for i = 1, 3 do fibers[i]:join() end
    test.eq(m:try_lock(), true)
end)

test('02.65 an uncontended lock does not switch', function()
    local m, ran = mutex.new(), false
    local f = spawn(function() ran = true end)
    m:lock()
    m:unlock()
    m:lock()
    test.eq(ran, false)
    f:join()
end)

test('02.65 the woken fiber goes to the end of the ready queue', function()
    local m, order = mutex.new(), {}
    m:lock()
    local waiter = spawn(function() m:lock() order[#order + 1] = 'waiter' end)
    this_fiber.yield()
    local first = spawn(function() order[#order + 1] = 'first' end)
    m:unlock()
    local last = spawn(function() order[#order + 1] = 'last' end)
    last:join()
    waiter:join()
    first:join()
    test.eq(order, { 'first', 'waiter', 'last' })
end)

test('02.65 a fiber that ends leaves its mutex locked', function()
    local m = mutex.new()
    spawn(function() m:lock() end):join()
    test.eq(m:try_lock(), false)
    m:unlock()
    test.eq(m:try_lock(), true)
end)

test('02.65 mutual exclusion over suspensions', function()
    local m, inside, fibers = mutex.new(), 0, {}
    for i = 1, 50 do
        fibers[i] = spawn(function()
            for _ = 1, 20 do
                m:lock()
                inside = inside + 1
                test.eq(inside, 1)
                this_fiber.yield()
                inside = inside - 1
                m:unlock()
            end
        end)
    end
    for i = 1, 50 do fibers[i]:join() end
    test.eq(m:try_lock(), true)
end)

test('02.65 scope and clean-up handler', function()
    local m = mutex.new()
    local f = spawn(function()
        scope(function()
            m:lock()
            scope_cleanup_push(function() m:unlock() end)
            tools.rounds(100)
        end)
    end)
    tools.rounds(3)
    f:interrupt()
    f:join()
    test.eq(f.interruption_caught, true)
    test.eq(m:try_lock(), true)
end)

test.done()

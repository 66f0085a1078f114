local test = require 'test'
local tools = require '/_tools'
local condition_variable = require 'condition_variable'
local mutex = require 'mutex'
local recursive_mutex = require 'recursive_mutex'

-- n fibers that wait on c with m; `order` fills as they come back.
local function waiters(n, c, m, order)
    local fibers = {}
    for i = 1, n do
        fibers[i] = spawn(function()
            m:lock()
            local count = select('#', c:wait(m))
            test.eq(count, 0)
            test.eq(m:try_lock(), false)
            order[#order + 1] = i
            m:unlock()
        end)
    end
    this_fiber.yield()
    return fibers
end

test('02.68 the module and its objects', function()
    test.eq(getmetatable(condition_variable), 'condition_variable')
    test.raises_code(function() return condition_variable.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() condition_variable.foo = 1 end, 1, 'generic')
    local c = condition_variable.new(1)
    test.eq(getmetatable(c), 'condition_variable')
    test.raises_code(function() return c.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_string(function() c.foo = 1 end, 'attempt to index')
    for _, name in pairs { 'wait', 'notify_one', 'notify_all' } do
        for _, bad in pairs { 1, {}, mutex.new() } do
            test.raises_code(function() c[name](bad) end, 22, 'generic', { arg = 1 })
        end
        test.raises_code(function() c[name]() end, 22, 'generic', { arg = 1 })
    end
end)

test('02.68 arguments of wait', function()
    local c, m, r = condition_variable.new(), mutex.new(), recursive_mutex.new()
    r:lock()
    test.raises_code(function() c:wait(m) end, 1, 'generic')
    test.raises_code(function() c:wait(r) end, 22, 'generic', { arg = 2 })
    test.raises_code(function() c:wait() end, 22, 'generic', { arg = 2 })
    test.raises_code(function() c:wait(nil) end, 22, 'generic', { arg = 2 })
    test.raises_code(function() c:wait(c) end, 22, 'generic', { arg = 2 })
    r:unlock()
end)

test('02.68 a mutex locked by anyone will do', function()
    local c, m = condition_variable.new(), mutex.new()
    m:lock()
    local f = spawn(function() c:wait(m) end)
    this_fiber.yield()
    test.eq(m:try_lock(), true, 'wait released it')
    c:notify_one()
    m:unlock()
    f:join()
    test.eq(m:try_lock(), false, 'wait locked it again')
end)

test('02.68 a notification without waiters is lost', function()
    local c, m, order = condition_variable.new(), mutex.new(), {}
    test.eq(select('#', c:notify_one()), 0)
    test.eq(select('#', c:notify_all()), 0)
    local f = waiters(1, c, m, order)[1]
    tools.rounds(3)
    test.eq(order, {})
    c:notify_one()
    test.eq(order, {}, 'notify does not switch')
    f:join()
    test.eq(order, { 1 })
end)

test('02.68 notify_one wakes the longest waiter, notify_all all of them in order', function()
    local c, m, order = condition_variable.new(), mutex.new(), {}
    local fibers = waiters(5, c, m, order)
    c:notify_one()
    tools.rounds(3)
    test.eq(order, { 1 })
    c:notify_one()
    c:notify_one()
    tools.rounds(3)
    test.eq(order, { 1, 2, 3 })
    c:notify_all()
    tools.rounds(3)
    test.eq(order, { 1, 2, 3, 4, 5 })
    for i = 1, 5 do fibers[i]:join() end
end)

test('02.68 woken waiters queue for the mutex', function()
    local c, m, order = condition_variable.new(), mutex.new(), {}
    local fibers = waiters(3, c, m, order)
    m:lock()
    c:notify_all()
    tools.rounds(3)
    test.eq(order, {})
    m:unlock()
    for i = 1, 3 do fibers[i]:join() end
    test.eq(order, { 1, 2, 3 })
end)

test('02.68 waiters with different mutexes', function()
    local c, a, b, order = condition_variable.new(), mutex.new(), mutex.new(), {}
    local fa, fb = waiters(1, c, a, order)[1], waiters(1, c, b, order)[1]
    c:notify_all()
    fa:join()
    fb:join()
    test.eq(#order, 2)
    test.eq(a:try_lock() and b:try_lock(), true)
end)

test('02.68 wait hands the mutex over', function()
    local c, m, order = condition_variable.new(), mutex.new(), {}
    m:lock()
    local locker = spawn(function()
        m:lock()
        order[#order + 1] = 'locker'
        c:notify_one()
        m:unlock()
    end)
    this_fiber.yield()
    c:wait(m)
    order[#order + 1] = 'waiter'
    m:unlock()
    locker:join()
    test.eq(order, { 'locker', 'waiter' })
end)

test('02.69 notifying without the mutex loses no waiter that did not suspend between test and wait', function()
    local c, m, queue = condition_variable.new(), mutex.new(), {}
    local consumer = spawn(function()
        m:lock()
        scope_cleanup_push(function() m:unlock() end)
        local sum = 0
        for _ = 1, 100 do
            while #queue == 0 do c:wait(m) end
            sum = sum + table.remove(queue, 1)
        end
        return sum
    end)
    local producer = spawn(function()
        for i = 1, 100 do
            queue[#queue + 1] = i
            c:notify_one()
            if i % 3 == 0 then this_fiber.yield() end
        end
    end)
    test.eq(consumer:join(), 5050)
    producer:join()
    test.eq(m:try_lock(), true)
end)

test.done()

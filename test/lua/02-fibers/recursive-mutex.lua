local ffi = require 'ffi'
local test = require 'test'
local tools = require '/_tools'
local mutex = require 'mutex'
local recursive_mutex = require 'recursive_mutex'

test('02.67 the module and its objects', function()
    test.eq(getmetatable(recursive_mutex), 'recursive_mutex')
    test.raises_code(function() return recursive_mutex.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() recursive_mutex.foo = 1 end, 1, 'generic')
    local m = recursive_mutex.new('ignored')
    test.eq(getmetatable(m), 'recursive_mutex')
    test.raises_code(function() return m.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_string(function() m.foo = 1 end, 'attempt to index')
    for _, name in pairs { 'lock', 'try_lock', 'unlock' } do
        for _, bad in pairs { 1, {}, mutex.new() } do
            test.raises_code(function() m[name](bad) end, 22, 'generic', { arg = 1 })
        end
        test.raises_code(function() m[name]() end, 22, 'generic', { arg = 1 })
    end
end)

test('02.67 levels, each with its unlock', function()
    local m = recursive_mutex.new()
    test.raises_code(function() m:unlock() end, 1, 'generic')
    m:lock()
    m:lock()
    test.eq(m:try_lock(), true)
    local function taken() return not spawn(function() return m:try_lock() end):join() end
    m:unlock()
    test.ok(taken())
    m:unlock()
    test.ok(taken())
    m:unlock()
    test.raises_code(function() m:unlock() end, 1, 'generic')
    local f = spawn(function()
        test.eq(m:try_lock(), true)
        m:unlock()
    end)
    f:join()
    test.eq(m:try_lock(), true)
    m:unlock()
end)

test('02.67 unlock by another fiber', function()
    local m = recursive_mutex.new()
    m:lock()
    spawn(function() test.raises_code(function() m:unlock() end, 1, 'generic') end):join()
    m:unlock()
end)

test('02.67 coroutines of the owner are the owner', function()
    local m = recursive_mutex.new()
    m:lock()
    local co = coroutine.wrap(function()
        m:lock()
        test.eq(m:try_lock(), true)
        m:unlock()
        m:unlock()
        coroutine.yield()
        -- now run by another fiber
        test.raises_code(function() m:unlock() end, 1, 'generic')
        test.eq(m:try_lock(), false)
    end)
    co()
    spawn(co):join()
    m:unlock()
    test.raises_code(function() m:unlock() end, 1, 'generic')
end)

test('02.67 the last unlock hands over one level to the first waiter', function()
    local m, order, fibers = recursive_mutex.new(), {}, {}
    m:lock()
    m:lock()
    for i = 1, 3 do
        fibers[i] = spawn(function()
            m:lock()
            order[#order + 1] = i
            m:unlock()
            test.raises_code(function() m:unlock() end, 1, 'generic')
        end)
    end
    this_fiber.yield()
    m:unlock()
    tools.rounds(2)
    test.eq(order, {})
    m:unlock()
    test.eq(m:try_lock(), false)
    test.raises_code(function() m:unlock() end, 1, 'generic')
    m:lock()
    test.eq(order, { 1, 2, 3 })
    m:unlock()
    for i = 1, 3 do fibers[i]:join() end
end)

test('02.67 no interruption point', function()
    local m = recursive_mutex.new()
    m:lock()
    local got
    local f = spawn(function()
        m:lock()
        got = true
        m:lock()
        m:unlock()
        m:unlock()
    end)
    this_fiber.yield()
    f:interrupt()
    tools.rounds(2)
    test.eq(got, nil)
    m:unlock()
    f:join()
    test.eq(got, true)
    test.eq(f.interruption_caught, false)
end)

test('02.67 a later fiber never inherits the lock of one that ended', function()
    local m = recursive_mutex.new()
    spawn(function() m:lock() end):join()
    tools.collect()
    for _ = 1, 100 do
        spawn(function()
            test.eq(m:try_lock(), false)
            test.raises_code(function() m:unlock() end, 1, 'generic')
        end):join()
    end
end)

test('02.67 overflow of the levels', function()
    local m = recursive_mutex.new()
    m:lock()
    -- Locking 2^32 times takes too long. The object: its owner in 64 bits, the levels in 32.
    local levels = ffi.cast('uint32_t *', tonumber(tostring(m):match '0x%x+')) + 2
    test.eq(levels[0], 1)
    levels[0] = 0xffffffff
    test.raises_code(function() m:lock() end, 75, 'generic', { arg = nil })
    test.raises_code(function() m:try_lock() end, 75, 'generic')
    test.eq(spawn(function() return m:try_lock() end):join(), false)
    m:unlock()
    m:lock()
    levels[0] = 1
    m:unlock()
    test.raises_code(function() m:unlock() end, 1, 'generic')
end)

test.done()

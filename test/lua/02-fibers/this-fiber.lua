local test = require 'test'
local tools = require '/_tools'
local future = require 'future'
local mutex = require 'mutex'
local recursive_mutex = require 'recursive_mutex'
local condition_variable = require 'condition_variable'
local time = require 'time'
local module = require '/_module'

test('02.22 id is constant for a fiber, differs between fibers and is the same in a coroutine', function()
    test.match(this_fiber.id, '^0x%x+$')
    local main_id = this_fiber.id
    test.eq(coroutine.wrap(function() return this_fiber.id end)(), main_id)
    test.eq(module.id, main_id)
    local function body()
        local id = this_fiber.id
        this_fiber.yield()
        test.eq(this_fiber.id, id)
        test.eq(coroutine.wrap(function()
            this_fiber.yield()
            return this_fiber.id
        end)(), id)
        return id
    end
    local a, b = spawn(body), spawn(body)
    this_fiber.yield()
    local ida, idb = a:join(), b:join()
    test.ne(ida, idb)
    test.ne(ida, main_id)
    test.ne(idb, main_id)
end)

test('02.23 is_main', function()
    test.eq(this_fiber.is_main, true)
    test.eq(coroutine.wrap(function() return this_fiber.is_main end)(), true)
    test.eq(module.is_main, true)
    test.eq(spawn(function() return this_fiber.is_main end):join(), false)
    test.eq(spawn(function() return coroutine.wrap(function() return this_fiber.is_main end)() end):join(), false)
end)

test('02.24 local_ is a table of the fiber', function()
    this_fiber.local_.x = 'main'
    test.eq(rawequal(this_fiber.local_, this_fiber.local_), true)
    test.eq(rawequal(coroutine.wrap(function() return this_fiber.local_ end)(), this_fiber.local_), true)
    test.eq(rawequal(module.local_, this_fiber.local_), true)
    local f = spawn(function()
        test.eq(this_fiber.local_.x, nil)
        this_fiber.local_.x = 'fiber'
        tools.rounds(2)
        coroutine.wrap(function()
            test.eq(this_fiber.local_.x, 'fiber')
            this_fiber.yield()
            this_fiber.local_.x = 'coroutine'
        end)()
        return this_fiber.local_.x
    end)
    test.eq(f:join(), 'coroutine')
    test.eq(this_fiber.local_.x, 'main')
    test.raises_code(function() this_fiber.local_ = {} end, 1, 'generic')
    this_fiber.local_.x = nil
end)

test('02.25 this_fiber is read-only and has no other members', function()
    test.eq(getmetatable(this_fiber), 'this_fiber')
    test.eq(type(this_fiber), 'table')
    test.raises_code(function() return this_fiber.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() return this_fiber[1] end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() this_fiber.foo = 1 end, 1, 'generic')
    test.raises_code(function() this_fiber.yield = 1 end, 1, 'generic')
    test.eq(select('#', this_fiber.yield(1, 2)), 0)
end)

test('02.25 functions of this_fiber act on the fiber that calls them', function()
    local disable, restore = this_fiber.disable_interruption, this_fiber.restore_interruption
    disable()
    spawn(function()
        test.raises_code(restore, 11, 'emilua.core')
        disable()
    end):join()
    restore()
    test.raises_code(restore, 11, 'emilua.core')
end)

test('02.26 forbids and allows are counted', function()
    local function check()
        local e = test.raises_code(this_fiber.allow_suspend, 10, 'emilua.core')
        test.eq(tostring(e), 'Suspension already allowed')
        for _ = 1, 4 do this_fiber.forbid_suspend() end
        for _ = 1, 4 do
            test.raises_code(this_fiber.yield, 12, 'emilua.core')
            this_fiber.allow_suspend()
        end
        this_fiber.yield()
        test.raises_code(this_fiber.allow_suspend, 10, 'emilua.core')
    end
    check()
    spawn(check):join()
    pcall(this_fiber.forbid_suspend) -- the counter belongs to the fiber, not to the call
    test.raises_code(this_fiber.yield, 12, 'emilua.core')
    this_fiber.allow_suspend()
end)

test('02.27 what raises in a forbid-suspend block, and what works', function()
    local free, mine, condition, locked = mutex.new(), recursive_mutex.new(), condition_variable.new(), mutex.new()
    mine:lock()
    locked:lock()
    local promise, ready = future.new()
    promise:set_value(1)
    local _, waiting = future.new()
    local timer = time.steady_timer.new()
    local finished, running = spawn(function() return 1 end), spawn(function() tools.rounds(3) end)
    this_fiber.yield()
    local suspending = {
        yield = this_fiber.yield,
        sleep = function() time.sleep(0) end,
        ['join finished'] = function() finished:join() end,
        ['join running'] = function() running:join() end,
        lock = function() free:lock() end,
        ['lock again'] = function() mine:lock() end,
        ['lock locked'] = function() locked:lock() end,
        ['get ready'] = function() ready:get() end,
        get = function() waiting:get() end,
        ['cond:wait'] = function() condition:wait(locked) end,
        ['timer:wait'] = function() timer:wait() end,
    }
    this_fiber.forbid_suspend()
    for name, f in pairs(suspending) do
        local e = test.raises_code(f, 12, 'emilua.core')
        test.eq(tostring(e), 'EPERM within a forbid-suspend block', name)
        test.raises_code(coroutine.wrap(f), 12, 'emilua.core')
    end
    test.eq(free:try_lock(), true)
    free:unlock()
    test.eq(mine:try_lock(), true)
    mine:unlock()
    condition:notify_one()
    condition:notify_all()
    local p = future.new()
    p:set_value(1)
    test.eq({ pcall(function() return 1, 2 end) }, { true, 1, 2 })
    scope(function() scope_cleanup_push(function() end) end)
    test.eq(require 'mutex', mutex)
    test.eq(require '/_module', module)
    test.eq({ coroutine.resume(coroutine.create(function() return 3 end)) }, { true, 3 })
    spawn(function() end):detach()
    local f = spawn(function() tools.rounds(9) end)
    f:interrupt()
    timer:expires_after(0)
    timer:cancel()
    this_fiber.allow_suspend()
    test.eq(finished:join(), 1, 'a refused join has no effect')
    running:join()
    f:join()
    test.eq(locked:try_lock(), false, 'a refused wait leaves the mutex locked')
    this_fiber.yield()
end)

test('02.28 disable and restore are counted', function()
    local function check()
        local e = test.raises_code(this_fiber.restore_interruption, 11, 'emilua.core')
        test.eq(tostring(e), 'Interrupt-ability already allowed')
        this_fiber.disable_interruption()
        this_fiber.disable_interruption()
        this_fiber.restore_interruption()
        this_fiber.restore_interruption()
        test.raises_code(this_fiber.restore_interruption, 11, 'emilua.core')
    end
    check()
    spawn(check):join()
end)

test('02.29 a loop of yields does not starve timers', function()
    local stop = false
    local loop = spawn(function() while not stop do this_fiber.yield() end end)
    local t0 = time.steady_clock.now()
    time.sleep(0.02)
    stop = true
    test.ok(time.steady_clock.now() - t0 < 2)
    loop:join()
end)

test('02.26 a fiber may end with unbalanced counters', function()
    local f = spawn(function()
        this_fiber.forbid_suspend()
        this_fiber.disable_interruption()
        return 1
    end)
    test.eq(f:join(), 1)
    this_fiber.yield()
    test.eq(spawn(function() this_fiber.yield() return 2 end):join(), 2)
end)

test.done()

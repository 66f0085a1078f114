local test = require 'test'
local tools = require '/_tools'
local future = require 'future'
local mutex = require 'mutex'
local condition_variable = require 'condition_variable'
local time = require 'time'

local function interrupted(f)
    local e = test.throws(f)
    test.ok(tools.is_interrupted(e), 'expected the interrupted error')
end

test('02.30 self-interrupt shows at the next point; detaching oneself changes nothing', function()
    local reached = {}
    local self
    self = spawn(function()
        self:interrupt()
        reached[1] = true
        self:detach()
        reached[2] = true
        scope_cleanup_push(function() reached[3] = true end)
        this_fiber.yield()
        reached[4] = true
    end)
    tools.rounds(3)
    test.eq(reached, { true, true, true })
end)

test('02.31 interrupt before the first run', function()
    local reached = false
    local f = spawn(function()
        reached = true
        this_fiber.yield()
        reached = 'too far'
    end)
    f:interrupt()
    f:join()
    test.eq(reached, true)
    test.eq(f.interruption_caught, true)
end)

test('02.32 a fiber interrupted while parked in yield', function()
    local returned
    local f = spawn(function()
        this_fiber.yield()
        returned = true
        this_fiber.yield()
        returned = 'too far'
    end)
    this_fiber.yield()
    f:interrupt()
    f:join()
    test.eq(returned, true)
    test.eq(f.interruption_caught, true)
end)

test('02.33 interrupting a sleep wakes it promptly', function()
    local e
    local t0 = time.steady_clock.now()
    local f = spawn(function()
        e = select(2, pcall(time.sleep, 10))
    end)
    time.sleep(0.01)
    f:interrupt()
    f:join()
    test.ok(time.steady_clock.now() - t0 < 2)
    test.ok(tools.is_interrupted(e))
    test.eq(e.code, 13)
    test.eq(tostring(e), 'Fiber interrupted')
end)

test('02.34 catching the error does not help', function()
    local co = coroutine.create(function() end)
    local points = {
        sleep = function() time.sleep(0) end,
        yield = this_fiber.yield,
        pcall = function() pcall(function() end) end,
        xpcall = function() xpcall(function() end, function() end) end,
        resume = function() coroutine.resume(co) end,
        wrapped = coroutine.wrap(function() end),
    }
    for name, point in pairs(points) do
        local results = {}
        local self
        self = spawn(function()
            -- Every catch is entered before the interruption, and holds the next.
            local function catch(n)
                if n == 0 then
                    self:interrupt()
                    return point()
                end
                local ok, e = pcall(catch, n - 1)
                results[n] = not ok and tools.is_interrupted(e)
                point()
            end
            catch(3)
        end)
        self:join()
        test.eq(results, { true, true, true }, name)
        test.eq(self.interruption_caught, true, name)
    end
end)

test('02.35 protected calls raise before they run anything; scopes do not raise', function()
    local ran = 0
    local function run() ran = ran + 1 end
    local co = coroutine.create(run)
    for _, f in pairs {
        function() pcall(run) end,
        function() xpcall(run, run) end,
        function() coroutine.resume(co) end,
        coroutine.wrap(run),
    } do
        local ok, e = tools.flagged(f)
        test.eq(ok, false)
        test.ok(tools.is_interrupted(e))
    end
    test.eq(ran, 0)
    test.eq(coroutine.status(co), 'suspended')
    test.eq({ tools.flagged(function()
        scope(function()
            run()
            scope_cleanup_push(run)
        end)
        scope(function()
            scope_cleanup_push(run)
            scope_cleanup_pop()
        end)
        return 'end'
    end) }, { true, 'end' })
    test.eq(ran, 3)
end)

test('02.35 what is no interruption point', function()
    local m, c, p, t = mutex.new(), condition_variable.new(), future.new(), time.steady_timer.new()
    local result = { tools.flagged(function()
        m:lock()
        m:unlock()
        m:try_lock()
        m:unlock()
        c:notify_one()
        c:notify_all()
        p:set_value(1)
        t:expires_after(1)
        t:cancel()
        local f = spawn(function() end)
        f:interrupt()
        f:detach()
        coroutine.create(function() end)
        coroutine.wrap(function() end)
        coroutine.running()
        this_fiber.disable_interruption()
        this_fiber.restore_interruption()
        return 'end'
    end) }
    test.eq(result, { true, 'end' })
end)

test('02.36 a protected operation completes; the point behind it raises', function()
    local p, value = future.new()
    local got, after
    local f = spawn(function()
        this_fiber.disable_interruption()
        got = value:get()
        this_fiber.yield()
        this_fiber.restore_interruption()
        after = true
        this_fiber.yield()
        after = 'too far'
    end)
    this_fiber.yield()
    f:interrupt()
    tools.rounds(2)
    test.eq(got, nil)
    p:set_value(5)
    f:join()
    test.eq(got, 5)
    test.eq(after, true)
    test.eq(f.interruption_caught, true)
end)

test('02.36 disabling after the fact works too: pcall, sleep and join do not raise', function()
    local child = spawn(function() return 'child' end)
    test.eq({ tools.flagged(function()
        this_fiber.disable_interruption()
        local ok = pcall(function() time.sleep(0.001) end)
        local result = child:join()
        this_fiber.restore_interruption()
        return ok, result
    end) }, { true, true, 'child' })
end)

test('02.37 an interrupted join leaves the target joinable', function()
    local p, value = future.new()
    local target = spawn(function() return value:get() end)
    local joiner = spawn(function() return target:join() end)
    this_fiber.yield()
    test.eq(target.joinable, false)
    joiner:interrupt()
    test.eq(target.joinable, true)
    p:set_value('result')
    test.eq(spawn(function() return target:join() end):join(), 'result')
    test.eq(select('#', joiner:join()), 0)
    test.eq(joiner.interruption_caught, true)
end)

test('02.37 no result is lost if the target finishes in the same round', function()
    local p, value = future.new()
    local target = spawn(function() return value:get() end)
    local joiner = spawn(function() return target:join() end)
    this_fiber.yield()
    p:set_value('result') -- target is ready, its joiner not yet
    joiner:interrupt()
    tools.rounds(2)
    joiner:join()
    test.eq(joiner.interruption_caught, true)
    test.eq(target:join(), 'result')

    target = spawn(function() end)
    test.eq(tools.flagged(function() target:join() end), false)
    test.eq(target.joinable, true, 'join of a flagged fiber')
    target:join()
end)

test('02.38 mutex:lock is neither woken nor raises', function()
    local m = mutex.new()
    m:lock()
    local locked, after
    local f = spawn(function()
        m:lock()
        locked = true
        this_fiber.yield()
        after = true
    end)
    this_fiber.yield()
    f:interrupt()
    tools.rounds(2)
    test.eq(locked, nil)
    m:unlock()
    f:join()
    test.eq(locked, true)
    test.eq(after, nil)
    test.eq(f.interruption_caught, true)
    m:unlock()
    test.eq(tools.flagged(function() m:lock() end), true)
end)

test('02.39 get of a ready future raises in a flagged fiber', function()
    local p, f = future.new()
    p:set_value(1)
    local ok, e = tools.flagged(function() return f:get() end)
    test.eq(ok, false)
    test.ok(tools.is_interrupted(e))
    test.eq(f:get(), 1)
end)

local function waiters(n)
    local m, c = mutex.new(), condition_variable.new()
    local woken, fibers = {}, {}
    for i = 1, n do
        fibers[i] = spawn(function()
            m:lock()
            scope_cleanup_push(function() m:unlock() end)
            c:wait(m)
            woken[#woken + 1] = i
        end)
    end
    this_fiber.yield()
    return m, c, woken, fibers
end

test('02.40 notify, then interrupt: wait returns', function()
    local _, c, woken, fibers = waiters(2)
    c:notify_one()
    fibers[1]:interrupt()
    fibers[1]:join()
    test.eq(woken, { 1 })
    test.eq(fibers[1].interruption_caught, false)
    c:notify_one()
    fibers[2]:join()
end)

test('02.40 interrupt, then notify: the next waiter is woken', function()
    local _, c, woken, fibers = waiters(2)
    fibers[1]:interrupt()
    c:notify_one()
    fibers[1]:join()
    fibers[2]:join()
    test.eq(woken, { 2 })
    test.eq(fibers[1].interruption_caught, true)
    test.eq(fibers[2].interruption_caught, false)
end)

test('02.41 set_value, then interrupt: the getter gets the value', function()
    local p, f = future.new()
    local a = spawn(function() return f:get() end)
    local b = spawn(function() return f:get() end)
    this_fiber.yield()
    b:interrupt()
    p:set_value('v')
    a:interrupt()
    test.eq(a:join(), 'v')
    test.eq(a.interruption_caught, false)
    test.eq(select('#', b:join()), 0)
    test.eq(b.interruption_caught, true)
end)

test('02.42 an interrupted cond:wait waits for the mutex and holds it when it raises', function()
    local m, c = mutex.new(), condition_variable.new()
    local held
    local f = spawn(function()
        m:lock()
        local ok, e = pcall(c.wait, c, m)
        held = not ok and tools.is_interrupted(e) and not m:try_lock()
        m:unlock()
    end)
    this_fiber.yield()
    m:lock()
    f:interrupt()
    tools.rounds(3)
    f:interrupt()
    tools.rounds(3)
    test.eq(held, nil, 'the mutex is taken')
    m:unlock()
    tools.rounds(1)
    test.eq(held, true)
    test.eq(m:try_lock(), true)
    f:join()
end)

test('02.43 a flagged fiber in cond:wait raises with the mutex locked', function()
    local m, c = mutex.new(), condition_variable.new()
    local ok, e = tools.flagged(function()
        m:lock()
        c:wait(m)
    end)
    test.eq(ok, false)
    test.ok(tools.is_interrupted(e))
    test.eq(m:try_lock(), false)
end)

test('02.44 an interruption after a completed join leaves a protected sleep alone', function()
    local slept
    local f = spawn(function()
        spawn(function() this_fiber.yield() end):join()
        this_fiber.disable_interruption()
        local t0 = time.steady_clock.now()
        time.sleep(0.02)
        slept = time.steady_clock.now() - t0
        this_fiber.restore_interruption()
    end)
    tools.rounds(5)
    f:interrupt()
    f:join()
    test.ok(slept >= 0.02)
end)

test('02.45 a coroutine run to its end leaves the fiber interruptible', function()
    local f = spawn(function()
        coroutine.wrap(function() end)()
        pcall(coroutine.wrap(function() error 'x' end))
        test.raises_code(this_fiber.restore_interruption, 11, 'emilua.core')
        test.raises_code(this_fiber.allow_suspend, 10, 'emilua.core')
        time.sleep(10)
    end)
    tools.rounds(3)
    f:interrupt()
    f:join()
    test.eq(f.interruption_caught, true)
end)

test('02.46 an interrupted coroutine body', function()
    local status, ok, e
    local co = coroutine.create(function() time.sleep(10) end)
    local f = spawn(function()
        ok, e = coroutine.resume(co)
        status = coroutine.status(co)
        this_fiber.yield()
        status = 'too far'
    end)
    tools.rounds(3)
    f:interrupt()
    f:join()
    test.eq(ok, false)
    test.ok(tools.is_interrupted(e))
    test.eq(status, 'dead')
    test.eq(f.interruption_caught, true)
end)

test('02.33 a deadline for any operation', function()
    local function with_deadline(secs, op)
        local f = spawn(op)
        local killer = spawn(function() time.sleep(secs) f:interrupt() end)
        local r = { pcall(function() return f:join() end) }
        killer:interrupt()
        if f.interruption_caught then return nil, 'timeout' end
        if not r[1] then error(r[2], 0) end
        return unpack(r, 2)
    end
    test.eq({ with_deadline(0.02, function() time.sleep(5) end) }, { nil, 'timeout' })
    test.eq({ with_deadline(5, function() time.sleep(0) return 1, 2 end) }, { 1, 2 })
    test.error(function() with_deadline(5, function() error('e', 0) end) end, '^e$')
    interrupted(function() error(select(2, tools.flagged(this_fiber.yield)), 0) end)
end)

test.done()

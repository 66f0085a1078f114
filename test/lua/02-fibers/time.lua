-- Module `time`: sleep, clocks and time points, timers (02 §11).
local test = require 'test'
local time = require 'time'
local ffi = require 'ffi'

local steady, system, high = time.steady_clock, time.system_clock, time.high_resolution_clock
local nan, inf = 0 / 0, 1 / 0
local EINVAL, EDOM, EOVERFLOW, ABORTED = 22, 33, 75, 125
local INTERRUPTED = 13

local function raises(code, arg, f, ...)
    local arguments, n = { ... }, select('#', ...)
    local e = test.raises_code(function() f(unpack(arguments, 1, n)) end, code, 'generic')
    test.eq(e.arg, arg)
end

local function raises_interrupted(f) test.raises_code(f, INTERRUPTED, 'emilua.core') end
local function raises_aborted(f) test.raises_code(f, ABORTED, 'system') end

local function elapsed(f)
    local start = steady.now()
    f()
    return steady.now() - start
end

-- Starts `n` fibers that call timer:wait(); returns once all of them wait.
local function waiters(timer, n)
    local fibers = {}
    for i = 1, n do fibers[i] = spawn(function() timer:wait() end) end
    this_fiber.yield()
    return fibers
end

-- ---- sleep

test('02.74 sleep takes numbers and numeric strings', function()
    for _, secs in ipairs { 0.001, '0.001', '1e-3', 0, '0', -0.0, 1e-10 } do
        test.eq(select('#', time.sleep(secs)), 0)
    end
    test.ok(elapsed(function() time.sleep(0.02) end) >= 0.02)
    test.ok(elapsed(function() time.sleep('0.02') end) >= 0.02)
end)

test('02.74 sleep(0) lets other fibers run', function()
    local ran = false
    spawn(function() ran = true end):detach()
    time.sleep(0)
    test.ok(ran)
end)

test('02.74 sleep rejects what is no duration', function()
    for _, secs in ipairs { -1, '-1', -1e-300, -9.3e9, nan, inf, -inf } do raises(EDOM, 1, time.sleep, secs) end
    for _, secs in ipairs { 9.3e9, 9223372036.86, 1e300 } do raises(EOVERFLOW, nil, time.sleep, secs) end
    test.raises_string(function() time.sleep() end, 'bad argument #1')
    for _, value in ipairs { false, {}, 'x', time.sleep } do
        test.raises_string(function() time.sleep(value) end, 'bad argument #1')
    end
end)

test('02.74 a sleep near the maximum does not end early', function()
    for _, secs in ipairs { 9.2e9, 9223372036, 9223372036.8547 } do
        local ended = false
        local f = spawn(function()
            scope_cleanup_push(function() ended = true end)
            time.sleep(secs)
        end)
        time.sleep(0.01)
        test.ok(not ended)
        f:interrupt()
        f:join()
        test.ok(f.interruption_caught)
    end
end)

test('02.74 sleepers wake in the order of their deadlines', function()
    local order, fibers = {}, {}
    for _, n in ipairs { 3, 1, 2 } do
        fibers[#fibers + 1] = spawn(function()
            time.sleep(n / 10)
            order[#order + 1] = n
        end)
    end
    for _, f in ipairs(fibers) do f:join() end
    test.eq(order, { 1, 2, 3 })
end)

test('02.29 a fiber that yields in a loop does not keep another from waking up', function()
    local woken = false
    spawn(function()
        time.sleep(0.02)
        woken = true
    end):detach()
    local start = steady.now()
    while not woken and steady.now() - start < 10 do this_fiber.yield() end
    test.ok(woken)
end)

test('02.33 interrupting a sleep wakes it promptly', function()
    local e
    local f = spawn(function()
        local _
        _, e = pcall(time.sleep, 10)
    end)
    test.ok(elapsed(function()
        time.sleep(0.01)
        f:interrupt()
        f:join()
    end) < 5)
    test.eq(e.code, INTERRUPTED)
    test.eq(tostring(e.category), 'emilua.core')
    test.eq(tostring(e), 'Fiber interrupted')
end)

test('02.33 sleep is an interruption point before it starts, and not while interruption is disabled', function()
    local ok, e, slept
    local f = spawn(function()
        this_fiber.disable_interruption()
        slept = elapsed(function() time.sleep(0.02) end)
        this_fiber.restore_interruption()
        time.sleep(10)
    end)
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
    test.ok(slept >= 0.02)
end)

test('02.27 sleep and wait are refused in a forbid-suspend block', function()
    local expired = time.steady_timer.new()
    this_fiber.forbid_suspend()
    local ok1, e1 = pcall(time.sleep, 0)
    local ok2, e2 = pcall(expired.wait, expired)
    this_fiber.allow_suspend()
    test.ok(not ok1 and not ok2)
    test.eq({ e1.code, e2.code }, { 12, 12 })
end)

test('02.21 20000 fibers sleep at once', function()
    if test.sanitizer == 'thread' then return test.skipped 'ThreadSanitizer takes 8000 fibers at once' end
    local n, asleep, woken, fibers = 20000, 0, 0, {}
    local deadline = steady.now() + (test.sanitizer and 10 or 3)
    for i = 1, n do
        fibers[i] = spawn(function()
            asleep = asleep + 1
            time.sleep(math.max(0, deadline - steady.now()) + i % 100 / 1000)
            asleep = asleep - 1
            woken = woken + 1
        end)
    end
    local most = 0
    while woken == 0 do
        most = math.max(most, asleep)
        time.sleep(0.01)
    end
    test.eq(most, n)
    for i = 1, n do fibers[i]:join() end
    test.eq(woken, n)
end)

-- ---- Clocks and time points

test('02.75 the module and its clocks are plain tables', function()
    for _, t in ipairs { time, steady, system, high, time.steady_timer, time.system_timer } do
        test.eq(type(t), 'table')
        test.eq(getmetatable(t), nil)
        test.eq(t.unknown, nil)
    end
    test.eq(steady.is_steady, nil)
    test.eq(system.is_steady, nil)
    test.eq(type(high.is_steady), 'boolean')
end)

test('02.75 now and epoch', function()
    for name, clock in pairs { steady_clock = steady, system_clock = system, high_resolution_clock = high } do
        test.eq(getmetatable(clock.now()), name .. '.time_point')
        test.eq(clock.epoch().seconds_since_epoch, 0)
        test.eq(clock.epoch(1, 'ignored'), clock.epoch())
        test.ok(clock.now({}) > clock.epoch())
        test.ok(not rawequal(clock.epoch(), clock.epoch()))
    end
end)

test('02.75 the system clock is Unix time', function()
    ffi.cdef 'long time(long *);'
    local before = tonumber(ffi.C.time(nil))
    local now = system.now().seconds_since_epoch
    local after = tonumber(ffi.C.time(nil))
    -- time() reads a coarse clock, up to a tick of the kernel behind.
    test.ok(now >= before and now < after + 1.1, now .. ' is not between ' .. before .. ' and ' .. after)
end)

test('02.75 the steady clock never decreases, and agrees with the others about a sleep', function()
    local last = steady.now()
    for _ = 1, 10000 do
        local now = steady.now()
        test.ok(now >= last)
        last = now
    end
    local start = system.now()
    time.sleep(0.02)
    local slept = system.now() - start
    test.ok(slept >= 0.019 and slept < 10)
end)

test('02.76 + and - make new points', function()
    for _, clock in ipairs { steady, system } do
        local tp = clock.epoch()
        local later = tp + 1.5
        test.eq(later.seconds_since_epoch, 1.5)
        test.eq((later - 0.25).seconds_since_epoch, 1.25)
        test.eq((tp - 1.5).seconds_since_epoch, -1.5)
        test.eq((tp + '2').seconds_since_epoch, 2)
        test.eq(later - tp, 1.5)
        test.eq(tp - later, -1.5)
        test.eq(tp.seconds_since_epoch, 0)
        test.eq(getmetatable(later), getmetatable(tp))
        test.ok(tp < later and tp <= later and later > tp and later >= tp and tp ~= later)
        test.ok(not (later < tp or later <= tp or tp == later))
        test.ok(tp + 1.5 == later and tp + 1.5 <= later and not (tp + 1.5 < later))
    end
end)

test('02.76 add and sub change the point and return nothing', function()
    for _, clock in ipairs { steady, system } do
        local tp = clock.epoch()
        local same = tp
        test.eq(select('#', tp:add(2)), 0)
        test.eq(same.seconds_since_epoch, 2)
        test.eq(select('#', tp:sub('0.5')), 0)
        test.eq(same.seconds_since_epoch, 1.5)
    end
end)

test('02.76 seconds are rounded to the nearest tick, ties to even', function()
    local epoch = steady.epoch()
    local function ticks(secs) return (epoch + secs).seconds_since_epoch end
    test.ok(epoch + 0.5e-9 == epoch)
    test.eq(ticks(0.6e-9), 1e-9)
    test.eq(ticks(1.5e-9), 2e-9)
    test.eq(ticks(2.5e-9), 2e-9)
    test.eq(ticks(-0.5e-9), 0)
    test.eq(ticks(-1.5e-9), -2e-9)
    test.eq(ticks(-2.5e-9), -2e-9)
    -- The product with 10^9 is not exact as a double.
    test.eq((epoch + (1e9 + 2 ^ -9)) - (epoch + 1e9), 2 ^ -9)
end)

test('02.76 durations and results out of range', function()
    for _, clock in ipairs { steady, system } do
        local function move(tp, secs)
            return { function() tp:add(secs) end, function() tp:sub(secs) end,
                function() return tp + secs end, function() return tp - secs end }
        end
        local tp = clock.epoch() + 3
        for _, secs in ipairs { nan, inf, -inf } do
            for _, f in ipairs(move(tp, secs)) do raises(EDOM, 2, f) end
        end
        for _, secs in ipairs { 1e300, -1e300, 9.3e9, -9.3e9 } do
            for _, f in ipairs(move(tp, secs)) do raises(EOVERFLOW, nil, f) end
        end
        local far, past = clock.epoch() + 9.2e9, clock.epoch() - 9.2e9
        raises(EOVERFLOW, nil, far.add, far, 9.2e9)
        raises(EOVERFLOW, nil, past.sub, past, 9.2e9)
        raises(EOVERFLOW, nil, function() return far + 9.2e9 end)
        raises(EOVERFLOW, nil, function() return past - 9.2e9 end)
        raises(EOVERFLOW, nil, function() return far - past end)
        test.eq(tp.seconds_since_epoch, 3)
        test.eq(far.seconds_since_epoch, 9.2e9)
        test.eq((far - 9.2e9).seconds_since_epoch, 0)
    end
end)

test('02.77 operands of wrong types', function()
    for _, clock in ipairs { steady, system } do
        local tp = clock.now()
        raises(EINVAL, 1, function() return 1 + tp end)
        raises(EINVAL, 1, function() return 1 - tp end)
        raises(EINVAL, 1, function() return {} - tp end)
        for _, value in ipairs { {}, 'x', '1', false } do
            raises(EINVAL, 2, function() return tp - value end)
        end
        raises(EINVAL, 2, function() return tp - nil end)
        for _, value in ipairs { {}, 'x', false, tp } do
            for _, f in ipairs { function() return tp + value end, function() tp:add(value) end,
                function() tp:sub(value) end } do
                test.raises_string(f, 'bad argument #')
            end
        end
        for _, name in ipairs { 'add', 'sub' } do
            for _, self in ipairs { 1, {}, high.now(), time.steady_timer.new() } do
                raises(EINVAL, 1, tp[name], self, 1)
            end
            raises(EINVAL, 1, tp[name])
        end
    end
end)

test('02.77 time points of different clocks', function()
    local points = { steady.epoch(), system.epoch(), high.epoch() }
    for i, a in ipairs(points) do
        for j, b in ipairs(points) do
            test.eq(a == b, i == j)
            if i ~= j then
                test.raises_string(function() return a < b end, 'attempt to compare two userdata values')
                test.raises_string(function() return a <= b end, 'attempt to compare two userdata values')
                raises(EINVAL, 2, function() return a - b end)
            end
        end
        test.raises_string(function() return a < 1 end, 'attempt to compare')
    end
end)

test('02.77 points of the high resolution clock can be compared and subtracted only', function()
    local a = high.now()
    local b = high.now()
    test.ok(a <= b and b >= a and a == a and not (b < a))
    test.ok(b - a >= 0)
    test.eq(a - a, 0)
    test.raises_string(function() return a + 1 end, 'attempt to perform arithmetic')
    raises(EINVAL, 2, function() return a - 1 end)
    raises(EINVAL, 1, function() return 1 - a end)
    for _, name in ipairs { 'add', 'sub' } do
        test.raises_code(function() return a[name] end, 8, 'emilua.core', { index = 2 })
    end
end)

test('02.77 unknown members and assignments', function()
    for _, object in ipairs { steady.now(), system.now(), high.now(), time.steady_timer.new(),
        time.system_timer.new() } do
        test.raises_code(function() return object.unknown end, 8, 'emilua.core', { index = 2 })
        test.raises_code(function() return object[1] end, 8, 'emilua.core', { index = 2 })
        test.raises_string(function() object.unknown = 1 end, 'attempt to index')
        test.raises_string(function() object.seconds_since_epoch = 1 end, 'attempt to index')
    end
end)

-- ---- Timers

test('02.78 a new timer has expired', function()
    for _, case in ipairs { { 'steady_timer', steady }, { 'system_timer', system } } do
        local name, clock = unpack(case)
        local timer = time[name].new('ignored')
        test.eq(getmetatable(timer), name)
        test.eq(timer.expiry, clock.epoch())
        test.ok(not rawequal(timer.expiry, timer.expiry))
        test.eq(select('#', timer:wait()), 0)
        test.eq(timer:cancel(), 0)
        timer:wait()
    end
end)

test('02.78 wait on an expired timer lets other fibers run', function()
    local ran = false
    spawn(function() ran = true end):detach()
    time.steady_timer.new():wait()
    test.ok(ran)
end)

test('02.78 expiry', function()
    for _, case in ipairs { { time.steady_timer, steady }, { time.system_timer, system } } do
        local timer, clock = case[1].new(), case[2]
        local tp = clock.now() + 0.02
        test.eq(timer:expires_at(tp), 0)
        test.eq(timer.expiry, tp)
        tp:add(1000)
        timer.expiry:add(1000)
        timer:wait()
        local now = clock.now()
        test.ok(now >= timer.expiry and now - timer.expiry < 10)
        test.eq(timer.expiry, tp - 1000)
    end
    local timer = time.steady_timer.new()
    local before = steady.now()
    test.eq(timer:expires_after('0.02'), 0)
    test.ok(timer.expiry >= before + 0.02 and timer.expiry <= steady.now() + 0.02)
    timer:wait()
    test.ok(steady.now() >= timer.expiry)
end)

test('02.78 timers check their arguments', function()
    local t, s = time.steady_timer.new(), time.system_timer.new()
    test.raises_code(function() return s.expires_after end, 8, 'emilua.core', { index = 2 })
    raises(EINVAL, 2, t.expires_at, t, system.now())
    raises(EINVAL, 2, t.expires_at, t, high.now())
    raises(EINVAL, 2, t.expires_at, t, 1)
    raises(EINVAL, 2, t.expires_at, t)
    raises(EINVAL, 2, s.expires_at, s, steady.now())
    raises(EINVAL, 2, s.expires_at, s, high.now())
    for _, name in ipairs { 'expires_at', 'expires_after', 'cancel', 'wait' } do
        for _, self in ipairs { 1, {}, s, steady.now() } do raises(EINVAL, 1, t[name], self, 1) end
        raises(EINVAL, 1, t[name])
    end
    for _, name in ipairs { 'expires_at', 'cancel', 'wait' } do raises(EINVAL, 1, s[name], t, 1) end
end)

test('02.78 a rejected expires_after cancels nothing', function()
    local timer = time.steady_timer.new()
    timer:expires_after(100)
    local expiry = timer.expiry
    local f = waiters(timer, 1)[1]
    for _, secs in ipairs { -1, nan, inf, -inf } do raises(EDOM, 2, timer.expires_after, timer, secs) end
    raises(EOVERFLOW, nil, timer.expires_after, timer, 9.3e9)
    test.raises_string(function() timer:expires_after({}) end, 'bad argument #')
    test.raises_string(function() timer:expires_after() end, 'bad argument #')
    raises(EINVAL, 2, timer.expires_at, timer, system.now())
    test.eq(timer.expiry, expiry)
    test.eq(timer:cancel(), 1)
    raises_aborted(function() f:join() end)
end)

test('02.78 an expiry near the limits neither wraps nor passes early', function()
    local timer = time.steady_timer.new()
    timer:expires_after(9223372036.8547)
    test.ok(timer.expiry > steady.now() + 9e9)
    local f = waiters(timer, 1)[1]
    time.sleep(0.01)
    test.eq(timer:expires_at(steady.epoch() + 9223372036.8547), 1)
    raises_aborted(function() f:join() end)
    f = waiters(timer, 1)[1]
    time.sleep(0.01)
    test.eq(timer:expires_at(steady.epoch() - 9223372036.8547), 1)
    raises_aborted(function() f:join() end)
    timer:wait()
end)

test('02.79 an interruption ends one wait, cancel the others', function()
    local aborted = require('asio_error').basic.operation_aborted
    for _, make in ipairs { function()
        local timer = time.steady_timer.new()
        timer:expires_after(100)
        return timer
    end, function()
        local timer = time.system_timer.new()
        timer:expires_at(system.now() + 100)
        return timer
    end } do
        local timer = make()
        local expiry = timer.expiry
        local errors = {}
        local fibers = {}
        for i = 1, 3 do
            fibers[i] = spawn(function()
                local _
                _, errors[i] = pcall(timer.wait, timer)
            end)
        end
        this_fiber.yield()
        fibers[2]:interrupt()
        fibers[2]:join()
        test.eq(errors[2].code, INTERRUPTED)
        test.eq({ errors[1], errors[3] }, {})
        test.eq(timer:cancel(), 2)
        test.eq({ errors[1], errors[3] }, {}, 'cancel must not switch')
        test.eq(timer:cancel(), 0)
        fibers[1]:join()
        fibers[3]:join()
        for _, i in ipairs { 1, 3 } do
            test.ok(errors[i] == aborted)
            test.eq({ errors[i].code, tostring(errors[i].category) }, { ABORTED, 'system' })
            test.eq(tostring(errors[i]), 'Operation canceled')
        end
        test.eq(timer.expiry, expiry)
    end
end)

test('02.79 setting the expiry cancels waits', function()
    local timer = time.steady_timer.new()
    timer:expires_after(100)
    local f = waiters(timer, 1)[1]
    test.eq(timer:expires_at(steady.now() + 100), 1)
    raises_aborted(function() f:join() end)
    local fibers = waiters(timer, 2)
    test.eq(timer:expires_after(0.01), 2)
    for i = 1, 2 do raises_aborted(function() fibers[i]:join() end) end
    timer:wait()
end)

test('02.79 all waiters of a timer wake up', function()
    local timer = time.steady_timer.new()
    timer:expires_after(0.02)
    local fibers = waiters(timer, 3)
    for i = 1, 3 do fibers[i]:join() end
    test.ok(steady.now() >= timer.expiry)
    test.eq(timer:cancel(), 0)
end)

test('02.79 a cancelled timer can be waited for again', function()
    local timer = time.steady_timer.new()
    timer:expires_after(0.05)
    local f = waiters(timer, 1)[1]
    test.eq(timer:cancel(), 1)
    raises_aborted(function() f:join() end)
    timer:wait()
    test.ok(steady.now() >= timer.expiry)
end)

test('02.79 a waiting fiber keeps its timer alive', function()
    local f = spawn(function()
        local timer = time.steady_timer.new()
        timer:expires_after(0.05)
        timer:wait()
        return 'woken'
    end)
    this_fiber.yield()
    for _ = 1, 3 do collectgarbage() end
    test.eq(f:join(), 'woken')
    local wait = time.steady_timer.new().wait
    f = spawn(function()
        wait((function()
            local timer = time.steady_timer.new()
            timer:expires_after(0.05)
            return timer
        end)())
        return 'woken'
    end)
    this_fiber.yield()
    for _ = 1, 3 do collectgarbage() end
    test.eq(f:join(), 'woken')
end)

test('02.80 a cancelled wait of a flagged fiber', function()
    local function wait_flagged(disabled)
        local timer, result = time.steady_timer.new(), nil
        timer:expires_after(100)
        local f = spawn(function()
            if disabled then this_fiber.disable_interruption() end
            local _
            _, result = pcall(timer.wait, timer)
        end)
        this_fiber.yield()
        -- In one round: the wait is over by cancel() already when the interruption comes.
        local count
        if disabled then
            f:interrupt()
            count = timer:cancel()
        else
            count = timer:cancel()
            f:interrupt()
        end
        f:join()
        return result, count
    end
    local e, count = wait_flagged(true)
    test.eq({ e.code, tostring(e.category), count }, { ABORTED, 'system', 1 })
    e, count = wait_flagged(false)
    test.eq({ e.code, tostring(e.category), count }, { INTERRUPTED, 'emilua.core', 1 })
end)

test('02.80 wait is an interruption point before it starts', function()
    local timer = time.steady_timer.new()
    local f = spawn(function() timer:wait() end)
    f:interrupt()
    f:join()
    test.ok(f.interruption_caught)
end)

test.done()

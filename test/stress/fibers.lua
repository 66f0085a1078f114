-- Thousands of fibers that do legal and illegal things to shared mutexes, conditions, futures, timers and each other,
-- and interrupt each other at any moment. A model in Lua knows what every call must do.
--
--     STRESS_SECONDS=60 STRESS_SEED=1 STRESS_FIBERS=3000 emilua test/stress/fibers.lua
--
-- The seed is printed; without one the clock gives it. (Timers make a run not fully repeatable.)
local ffi = require 'ffi'
local condition_variable = require 'condition_variable'
local future = require 'future'
local mutex = require 'mutex'
local recursive_mutex = require 'recursive_mutex'
local time = require 'time'

ffi.cdef 'char *getenv(const char *name);'
local function setting(name, default)
    local text = ffi.C.getenv('STRESS_' .. name)
    return text ~= nil and tonumber(ffi.string(text)) or default
end

local seconds = setting('SECONDS', 5)
local population = setting('FIBERS', 3000)
local seed = setting('SEED', math.floor(time.system_clock.now().seconds_since_epoch * 1000) % 2 ^ 31)
print(('seed %d'):format(seed))
math.randomseed(seed)
local random = math.random

local function pick(list) return list[random(#list)] end

-- ---- Failures end the run; main raises them

local failure
local counts = {}

local function count(what) counts[what] = (counts[what] or 0) + 1 end

local function check(value, text)
    if not value and not failure then
        failure = text .. ' (seed ' .. seed .. ')'
        print('FAILED ' .. failure)
    end
    return value
end

local function has_code(e, code, category)
    return getmetatable(e) == 'error_code' and e.code == code and tostring(e.category) == category
end

local function is_interrupted(e) return has_code(e, 13, 'emilua.core') end

-- f raises this error. In a flagged fiber pcall() raises instead; nothing has happened then.
local function refuses(code, category, f, ...)
    local ok, e = pcall(f, ...)
    check(not ok and has_code(e, code, category), 'expected error ' .. code .. ', got ' .. tostring(e))
    count 'refusals'
end

-- The fiber `me` caught `e`: it must be an interruption that is due.
local function check_interrupted(me, e, text)
    check(is_interrupted(e), text .. ' raised ' .. tostring(e))
    check(me.flagged, text .. ' raised in a fiber that nobody interrupted')
    check(me.disabled == 0, text .. ' raised with interruption disabled')
    count 'interruptions'
end

-- ---- Fibers

local infos = {} -- all that nobody has joined, detached or dropped
local workers = {} -- all that run
local live = 0
local settling = false
local serial = 0

local function pause(me)
    local n = random(6)
    if n == 1 then time.sleep(random() * 0.002) elseif n < 5 then this_fiber.yield() end
    check(this_fiber.local_.me == me, 'local_ of another fiber')
end

-- ---- Mutexes. The model hands over like the real ones: it tells the owner at every moment.

local function new_lock(object) return { object = object, owner = nil, levels = 0, queue = {}, first = 1 } end

local mutexes, recursive_mutexes = {}, {}
for i = 1, 8 do mutexes[i] = new_lock(mutex.new()) end
for i = 1, 4 do recursive_mutexes[i] = new_lock(recursive_mutex.new()) end

local function lock(l, me)
    if l.owner == nil or (l.levels > 0 and l.owner == me) then
        l.owner, l.levels = me, l.levels + 1
        if random(2) == 1 then
            l.object:lock()
        else
            check(l.object:try_lock(), 'try_lock of a free lock failed')
        end
    else
        check(not l.object:try_lock(), 'try_lock of a taken lock succeeded')
        l.queue[#l.queue + 1] = me
        l.object:lock()
        check(l.owner == me, 'the lock went to another fiber than the longest waiter')
    end
    count 'locks'
end

local function unlock(l, me)
    check(l.owner == me, 'the lock was taken away')
    l.levels = l.levels - 1
    if l.levels == 0 then
        l.owner = table.remove(l.queue, 1)
        l.levels = l.owner and 1 or 0
    end
    l.object:unlock()
end

local function with_lock(l, me, f)
    scope(function()
        lock(l, me)
        scope_cleanup_push(function() unlock(l, me) end)
        f()
    end)
end

local function use_mutex(me)
    local i = random(#mutexes)
    with_lock(mutexes[i], me, function()
        pause(me)
        -- In the order of their numbers, or fibers would block each other for good.
        if i < #mutexes and random(3) == 1 then
            with_lock(mutexes[random(i + 1, #mutexes)], me, function() pause(me) end)
        end
    end)
end

local function use_recursive_mutex(me)
    local l = pick(recursive_mutexes)
    local function enter(n)
        with_lock(l, me, function()
            pause(me)
            if n > 1 then enter(n - 1) end
        end)
    end
    enter(random(3))
end

-- ---- Conditions: queues of items

local queues = {}
for i = 1, 4 do
    queues[i] = { mutex = mutex.new(), condition = condition_variable.new(), waiters = {}, items = 0, made = 0, taken = 0 }
end

local function produce_for(q)
    q.items, q.made = q.items + 1, q.made + 1
    local all = random(500) == 1 -- rarely: it also wakes those whose notification was lost
    for _ = 1, all and #q.waiters or 1 do
        local waiter = table.remove(q.waiters, 1)
        if waiter then waiter.notified = true end
    end
    if all then q.condition:notify_all() else q.condition:notify_one() end
    count 'items'
end

local function produce() produce_for(pick(queues)) end

local function stop_waiting(me, q)
    for i, waiter in ipairs(q.waiters) do
        if waiter == me then return table.remove(q.waiters, i) end
    end
end

local function consume(me)
    local q = pick(queues)
    scope(function()
        q.mutex:lock()
        check(q.owner == nil, 'two owners')
        q.owner = me
        scope_cleanup_push(function()
            check(q.owner == me, 'cond:wait returned without its mutex')
            q.owner = nil
            q.mutex:unlock()
        end)
        while q.items == 0 and not settling do
            local ok, e = pcall(function()
                q.owner = nil
                q.waiters[#q.waiters + 1] = me
                me.queue, me.notified = q, false
                q.condition:wait(q.mutex)
            end)
            stop_waiting(me, q)
            me.queue = nil
            check(ok == me.notified, ok and 'cond:wait returned though nobody notified' or 'a notification was lost')
            check(q.owner == nil, 'two owners behind cond:wait')
            check(not q.mutex:try_lock(), 'cond:wait did not lock the mutex')
            q.owner = me
            if not ok then
                check_interrupted(me, e, 'cond:wait')
                error(e, 0)
            end
        end
        if q.items > 0 then
            q.items, q.taken = q.items - 1, q.taken + 1
            count 'items taken'
        end
    end)
end

-- ---- Futures

local slots = {}
local dropped = setmetatable({}, { __mode = 'kv' }) -- slot -> its promise, while that is not collected

local function new_slot()
    local slot = { getters = {} }
    slot.promise, slot.future = future.new()
    return slot
end
for i = 1, 16 do slots[i] = new_slot() end

local function resolve_slot(i)
    local slot = slots[i]
    slots[i] = new_slot()
    local how = random(8)
    if how == 1 then
        slot.dropped = true
        dropped[slot] = slot.promise
        slot.promise = nil -- broken when the collector comes
    else
        slot.result = {}
        for getter in pairs(slot.getters) do getter.due = true end
        slot.promise[how == 2 and 'set_error' or 'set_value'](slot.promise, slot.result)
        slot.raises = how == 2
        refuses(23, 'emilua.core', slot.promise.set_value, slot.promise, 1)
    end
end

-- A stack slot that a parked fiber does not use any more may still hold a promise: LuaJIT marks such slots. Its getters
-- would wait for each other.
local function resolve_uncollected()
    for slot, promise in pairs(dropped) do
        slot.result, dropped[slot] = {}, nil
        for getter in pairs(slot.getters) do getter.due = true end
        promise:set_value(slot.result)
    end
end

local function resolve() resolve_slot(random(#slots)) end

local function get(me)
    local slot = pick(slots)
    local ok, value = pcall(function()
        slot.getters[me] = true
        me.slot = slot
        return slot.future:get()
    end)
    me.slot = nil
    slot.getters[me] = nil
    local due = me.due
    me.due = nil
    if ok then
        check(not slot.raises and slot.result and value == slot.result, 'get returned a wrong value')
        count 'values'
    elseif slot.raises and value == slot.result then
        count 'errors'
    elseif has_code(value, 22, 'emilua.core') then
        check(slot.dropped, 'broken promise that was not dropped')
        count 'broken promises'
    else
        check(not due, 'a result was lost to an interruption')
        check_interrupted(me, value, 'future:get')
        error(value, 0)
    end
end

-- ---- Timers

local timers = {}
for i = 1, 4 do timers[i] = time.steady_timer.new() end

local function wait_for_timer(me)
    local timer = pick(timers)
    local ok, e = pcall(timer.wait, timer)
    if ok then
        count 'expired timers'
    elseif has_code(e, 125, 'system') then
        check(not me.flagged or me.disabled > 0, 'operation_aborted in a flagged fiber')
        count 'cancelled timers'
    else
        check_interrupted(me, e, 'timer:wait')
        error(e, 0)
    end
end

local function set_timer()
    local timer = pick(timers)
    if random(3) == 1 then timer:cancel() else timer:expires_after(random() * 0.005) end
end

-- ---- Other fibers

local function interrupt(me)
    local info = random(20) == 1 and me or pick(infos)
    if not (info and info.handle) then return end
    if not info.detached then
        info.flagged = true
        if info.disabled == 0 then
            -- It leaves what it waits for now, not when it runs again.
            if info.slot and not info.slot.result then info.slot.getters[info] = nil end
            if info.queue and not info.notified then stop_waiting(info, info.queue) end
            if info.target and info.target.joiner == info then info.target.joiner = nil end
        end
    end
    info.handle:interrupt()
    count 'calls of interrupt'
end

local function forget(info)
    local last = table.remove(infos)
    if last ~= info then
        infos[info.index] = last
        last.index = info.index
    end
end

-- Takes what join returned or raised.
local function check_result(info, ok, ...)
    forget(info)
    local outcome = info.outcome
    if info.handle.interruption_caught then
        check(ok and select('#', ...) == 0, 'an interrupted fiber had results')
        check(info.flagged, 'a fiber ended by an interruption that nobody made')
        count 'interrupted fibers'
    else
        check(outcome and ok == (outcome.raises == nil), 'join has the wrong outcome')
        check((...) == info.outcome, 'join has the wrong result')
        count(ok and 'results' or 'raised results')
    end
    refuses(22, 'generic', info.handle.join, info.handle)
end

local function join(me)
    local info = pick(infos)
    if not info or info == me or not info.handle then return end
    if info.joiner then
        return refuses(22, 'generic', random(2) == 1 and info.handle.join or info.handle.detach, info.handle)
    end
    -- Only younger ones, or fibers would join in a circle.
    if info.serial < me.serial then return end
    local results = { pcall(function()
        info.joiner, me.target = me, info
        return info.handle:join()
    end) }
    me.target = nil
    if info.joiner == me then info.joiner = nil end
    if is_interrupted(results[2]) then -- its own: join does not raise that of the other
        check_interrupted(me, results[2], 'join')
        error(results[2], 0)
    end
    -- The result is here: no interruption may take it away.
    this_fiber.disable_interruption()
    check_result(info, unpack(results))
    this_fiber.restore_interruption()
end

-- Lets go of a fiber that does not raise: its report would go to stderr.
local function let_go()
    local info = pick(infos)
    if not info or info.joiner or not info.quiet then return end
    local handle = info.handle
    forget(info)
    info.handle, info.detached = nil, true -- or soon, when the handle is collected
    if random(2) == 1 then
        handle:detach()
        refuses(22, 'generic', handle.detach, handle)
    end
    count 'let go'
end

-- ---- What is not allowed

local illegal = {
    function()
        local l = pick(mutexes)
        if not l.owner then refuses(1, 'generic', l.object.unlock, l.object) end
    end,
    function(me)
        local l = pick(recursive_mutexes)
        if l.owner ~= me then refuses(1, 'generic', l.object.unlock, l.object) end
    end,
    function() refuses(1, 'generic', queues[1].condition.wait, queues[1].condition, mutex.new()) end,
    function() refuses(22, 'generic', queues[1].condition.wait, queues[1].condition, recursive_mutexes[1].object) end,
    function(me) if me.handle and not me.joiner then refuses(35, 'generic', me.handle.join, me.handle) end end,
    function() refuses(22, 'generic', slots[1].promise.set_error, slots[1].promise, nil) end,
    function(me)
        if me.disabled == 0 then refuses(11, 'emilua.core', this_fiber.restore_interruption) end
    end,
    function()
        refuses(12, 'emilua.core', function()
            this_fiber.forbid_suspend()
            scope_cleanup_push(this_fiber.allow_suspend)
            pick { this_fiber.yield, function() time.sleep(0) end, function() slots[1].future:get() end }()
        end)
    end,
}

-- ---- Workers

local operations, weights = {
    pause = pause, mutex = use_mutex, recursive_mutex = use_recursive_mutex, produce = produce, consume = consume,
    get = get, resolve = resolve, wait_for_timer = wait_for_timer, set_timer = set_timer, interrupt = interrupt,
    join = join, let_go = let_go, illegal = function(me) pick(illegal)(me) end,
}, {
    pause = 2, mutex = 2, recursive_mutex = 2, produce = 2, consume = 3, get = 2, resolve = 1, wait_for_timer = 1,
    set_timer = 2, interrupt = 1, join = 1, let_go = 1, illegal = 1,
}
local choices = {}
for name, weight in pairs(weights) do for _ = 1, weight do choices[#choices + 1] = name end end
table.sort(choices)

-- Places to suspend in.
local places = {
    function(f) return f() end,
    function(f) coroutine.wrap(f)() end,
    function(f) ('x'):gsub('x', function() f() end) end,
    function(f) table.sort({ 1, 2 }, function(a, b) if f then f() f = nil end return a < b end) end,
    function(f) scope(f) end,
    function(f) return setmetatable({}, { __index = function() f() end }).x end,
    function(f) scope(function() scope_cleanup_push(function() end) f() end) end,
}

local function protected(me, f)
    scope(function()
        this_fiber.disable_interruption()
        me.disabled = me.disabled + 1
        scope_cleanup_push(function()
            this_fiber.restore_interruption()
            me.disabled = me.disabled - 1
        end)
        f()
    end)
end

local function perform(me)
    me.doing = pick(choices)
    local function f() operations[me.doing](me) end
    if random(10) == 1 then protected(me, f) else pick(places)(f) end
end

local function new_worker()
    serial = serial + 1
    live = live + 1
    -- `quiet` fibers do not raise: others may let go of them.
    local me = { serial = serial, disabled = 0, index = #infos + 1, quiet = random(2) == 1 }
    infos[me.index] = me
    me.handle = spawn(function()
        this_fiber.local_.me = me
        workers[me] = true
        scope_cleanup_push(function()
            live = live - 1
            workers[me] = nil
            me.ended = true
            check(me.disabled == 0, 'unbalanced')
        end)
        for _ = 1, random(20) do
            if settling then break end
            perform(me)
        end
        me.outcome = { raises = not me.quiet and random(4) == 1 or nil }
        if me.outcome.raises then error(me.outcome) end
        return me.outcome
    end)
end

local function join_ended()
    local i = 1
    while i <= #infos do
        local info = infos[i]
        -- An ended fiber is joined without a switch.
        if info.ended and not info.joiner then
            check_result(info, pcall(info.handle.join, info.handle))
        else
            i = i + 1
        end
    end
end

local function sleep_and_check(secs)
    time.sleep(secs)
    if failure then error(failure, 0) end
end

local main_info = { serial = 0, disabled = 0 }
this_fiber.local_.me = main_info
local deadline = time.steady_clock.now() + seconds
while time.steady_clock.now() < deadline do
    while live < population do new_worker() end
    sleep_and_check(0.001)
    if random(50) == 1 then collectgarbage() end
    -- Nothing may stay blocked because nobody happens to help it on.
    for _ = 1, 20 do set_timer() resolve() end
    for _, q in ipairs(queues) do
        if q.items == 0 and #q.waiters > 10 then produce_for(q) end
    end
    if random(4) == 1 then join_ended() end
end

settling = true

-- Who was notified must come back without further help.
local function notified()
    local n = 0
    for me in pairs(workers) do if me.queue and me.notified then n = n + 1 end end
    return n
end
local patience = time.steady_clock.now() + 10
while notified() > 0 do
    check(time.steady_clock.now() < patience, 'notified fibers stay asleep')
    sleep_and_check(0.005)
end

-- The end: everything is helped on until no fiber is left.
patience = time.steady_clock.now() + 30
while live > 0 do
    if time.steady_clock.now() > patience then
        for me in pairs(workers) do print('stuck in ' .. me.doing) end
        error(live .. ' fibers are stuck (seed ' .. seed .. ')', 0)
    end
    for i = 1, #slots do resolve_slot(i) end
    collectgarbage()
    for _, timer in ipairs(timers) do timer:cancel() end
    local before = live
    sleep_and_check(0.005)
    if live == before then
        resolve_uncollected()
        for _, q in ipairs(queues) do
            check(q.items == 0 or #q.waiters == 0, 'items and fibers that wait for them')
            for _, waiter in ipairs(q.waiters) do waiter.notified = true end
            q.waiters = {}
            q.condition:notify_all()
        end
    end
end
while #infos > 0 do
    local info = infos[1]
    check_result(info, pcall(info.handle.join, info.handle))
end
for _, l in ipairs(mutexes) do check(l.owner == nil and l.object:try_lock(), 'a mutex stayed locked') end
for _, l in ipairs(recursive_mutexes) do check(l.owner == nil and l.object:try_lock(), 'a lock stayed locked') end
for _, q in ipairs(queues) do
    check(q.made == q.taken + q.items, 'items got lost')
    check(#q.waiters == 0 and q.mutex:try_lock(), 'a queue is still in use')
end
if failure then error(failure, 0) end
local names = {}
for name in pairs(counts) do names[#names + 1] = name end
table.sort(names)
print(('%d fibers'):format(serial))
for _, name in ipairs(names) do print(('%d %s'):format(counts[name], name)) end
print 'passed'

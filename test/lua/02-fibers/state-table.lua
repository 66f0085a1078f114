-- Every state of a fiber handle x every operation on it x every place it is made from: generated, each cell checked
-- against the specification's state table (02 §2.2), and so is what becomes of the fiber afterwards.
--@ stderr~ \A(Fiber 0x[0-9a-f]+ panicked: 'tag'\nstack traceback:\n([ \t][^\n]*\n)*){8}\Z
local test = require 'test'
local tools = require '/_tools'
local condition_variable = require 'condition_variable'
local future = require 'future'
local mutex = require 'mutex'
local recursive_mutex = require 'recursive_mutex'
local time = require 'time'

-- ---- What a fiber may be parked on

-- Each makes a function that waits, one that ends the wait, and tells whether interrupt() ends it with an error.
local waits = {
    ['in yield'] = function()
        local go = false
        return function() repeat this_fiber.yield() until go end, function() go = true end, true
    end,
    ['in sleep'] = function()
        local go = false
        return function() repeat time.sleep(0.001) until go end, function() go = true time.sleep(0.002) end, true
    end,
    ['in timer:wait'] = function()
        local timer = time.steady_timer.new()
        timer:expires_after(100)
        local function wait()
            local ok, e = pcall(timer.wait, timer)
            if not ok and e.code ~= 125 then error(e, 0) end -- cancelled is as good as expired
        end
        return wait, function() timer:cancel() time.sleep(0.001) end, true
    end,
    ['in join'] = function()
        local promise, result = future.new()
        local child = spawn(function() return result:get() end)
        return function() child:join() end, function() promise:set_value() end, true
    end,
    ['in mutex:lock'] = function()
        local m = mutex.new()
        m:lock()
        return function() m:lock() end, function() m:unlock() end, false
    end,
    ['in recursive_mutex:lock'] = function()
        local m = recursive_mutex.new()
        local promise, go = future.new()
        local owner = spawn(function()
            m:lock()
            go:get()
            m:unlock()
        end)
        this_fiber.yield()
        return function() m:lock() end, function() promise:set_value() owner:join() end, false
    end,
    ['in cond:wait'] = function()
        local m, c = mutex.new(), condition_variable.new()
        return function() m:lock() c:wait(m) end, function() c:notify_one() end, true
    end,
    ['in cond:wait, notified, without the mutex'] = function()
        local m, c = mutex.new(), condition_variable.new()
        local function settle()
            m:lock()
            c:notify_one()
            tools.rounds(2)
        end
        return function() m:lock() c:wait(m) end, function() m:unlock() end, false, settle
    end,
    ['in future:get'] = function()
        local promise, result = future.new()
        return function() result:get() end, function() promise:set_value() end, true
    end,
    ['in a clean-up handler'] = function()
        local promise, result = future.new()
        return function()
            scope(function() scope_cleanup_push(function() result:get() end) end)
        end, function() promise:set_value() end, false
    end,
}

-- ---- The states

-- A target: its handle, how far its fiber came, and how to let it end.
local function new_target(make_wait)
    local wait, release, interruptible, settle = (make_wait or waits['in future:get'])()
    local t = { interruptible = interruptible, log = 'new' }
    t.handle = spawn(function()
        t.log = 'waiting'
        wait()
        t.log = 'waited'
        this_fiber.yield()
        t.log = 'end'
        return 'result'
    end)
    function t.release()
        release()
        tools.rounds(4)
    end
    function t.park()
        this_fiber.yield()
        if settle then settle() end
        test.eq(t.log, 'waiting')
    end
    return t
end

local function ended(body)
    local t = { release = function() end, log = 'end' }
    t.handle = spawn(body)
    t.handle:interrupt()
    tools.rounds(2)
    return t
end

local bodies = {
    returned = function() return 'result' end,
    raised = function() error('tag', 0) end,
    interrupted = function() this_fiber.yield() end,
}

-- name -> { make = function() return target end, live, joinable, caught, outcome }
local states = {
    new = {
        live = true, joinable = true, outcome = 'returned',
        make = function()
            local t = new_target()
            t.interruptible = true -- at its first point
            return t
        end,
    },
    ['being joined'] = {
        live = true, joinable = false, outcome = 'returned', joined_by_other = true,
        make = function()
            local t = new_target()
            t.joiner = spawn(function() return t.handle:join() end)
            t.park()
            return t
        end,
    },
    ['running, detached'] = {
        live = true, joinable = false, detached = true,
        make = function()
            local t = new_target()
            t.park()
            t.handle:detach()
            return t
        end,
    },
    ['new, detached'] = {
        live = true, joinable = false, detached = true,
        make = function()
            local t = new_target()
            t.handle:detach()
            return t
        end,
    },
    ['ended, detached'] = {
        joinable = false,
        make = function()
            local t = ended(bodies.returned)
            t.handle:detach()
            return t
        end,
    },
}
for name, make_wait in pairs(waits) do
    states[name] = {
        live = true, joinable = true, outcome = 'returned',
        make = function()
            local t = new_target(make_wait)
            t.park()
            return t
        end,
    }
end
for outcome, body in pairs(bodies) do
    states[outcome] = { joinable = true, outcome = outcome, make = function() return ended(body) end }
    states[outcome .. ', joined'] = {
        joinable = false, caught = outcome == 'interrupted', joined = true,
        make = function()
            local t = ended(body)
            pcall(t.handle.join, t.handle)
            return t
        end,
    }
end

-- ---- The actors: each calls f somewhere and returns what pcall(f) returns

local function pack(...) return { n = select('#', ...), ... } end

local actors = {
    ['a fiber'] = function(f) return pack(pcall(f)) end,
    ['a coroutine'] = function(f)
        local co = coroutine.wrap(function()
            coroutine.yield()
            return pcall(f)
        end)
        co()
        return pack(co())
    end,
    ['a clean-up handler'] = function(f)
        local results
        scope(function() scope_cleanup_push(function() results = pack(pcall(f)) end) end)
        return results
    end,
    ['a callback from C'] = function(f)
        local results
        ;('x'):gsub('x', function() results = pack(pcall(f)) end)
        return results
    end,
}

-- ---- The operations: each checks what the actor got, and what becomes of the fiber

local function is_code(results, code, arg)
    test.eq(results.n, 2)
    test.eq(results[1], false)
    test.eq(results[2].code, code)
    test.eq(tostring(results[2].category), 'generic')
    test.eq(rawget(results[2], 'arg'), arg)
end

local function check_outcome(results, outcome)
    if outcome == 'returned' then
        test.eq(results, { n = 2, true, 'result' })
    elseif outcome == 'raised' then
        test.eq(results, { n = 2, false, 'tag' })
    else
        test.eq(results, { n = 1, true })
    end
end

-- Lets the fiber end; who joins it sees `outcome`.
local function finish(t, state, outcome)
    t.release()
    if t.joiner then check_outcome(pack(pcall(t.joiner.join, t.joiner)), outcome) end
    if state.joinable then
        check_outcome(pack(pcall(t.handle.join, t.handle)), outcome)
        test.eq(t.handle.interruption_caught, outcome == 'interrupted')
    end
end

local function finish_unharmed(t, state)
    finish(t, state, state.outcome)
    test.eq(t.log, 'end')
end

local operations = {
    ['02.6 join'] = function(t, state, act)
        local actor = spawn(function() return act(function() return t.handle:join() end) end)
        tools.rounds(2)
        t.release()
        local results = actor:join()
        if state.joinable then
            check_outcome(results, state.outcome)
            test.eq(t.handle.joinable, false)
            test.eq(t.handle.interruption_caught, state.outcome == 'interrupted')
        else
            is_code(results, 22, 1)
            if t.joiner then check_outcome(pack(pcall(t.joiner.join, t.joiner)), state.outcome) end
        end
        test.eq(t.log, 'end')
    end,
    ['02.7 detach'] = function(t, state, act)
        local results = spawn(function() return act(function() return t.handle:detach() end) end):join()
        if state.joinable then
            test.eq(results, { n = 1, true })
            test.eq(t.handle.joinable, false)
            is_code(pack(pcall(t.handle.join, t.handle)), 22, 1)
            t.handle:interrupt() -- no effect any more
            t.release()
            test.eq(t.log, 'end')
        else
            is_code(results, 22, 1)
            finish_unharmed(t, state)
        end
    end,
    ['02.14 interrupt'] = function(t, state, act)
        local results = spawn(function() return act(function() return t.handle:interrupt() end) end):join()
        test.eq(results, { n = 1, true })
        test.eq(t.handle.joinable, state.joinable)
        if state.live and not state.detached then
            tools.rounds(2)
            finish(t, state, 'interrupted')
            -- A wait that is not interruptible completes; the yield behind it raises.
            test.eq(t.log, t.interruptible and 'waiting' or 'waited')
        else
            finish_unharmed(t, state)
        end
    end,
    ['02.8 joinable'] = function(t, state, act)
        local results = spawn(function() return act(function() return t.handle.joinable end) end):join()
        test.eq(results, { n = 2, true, state.joinable })
        finish_unharmed(t, state)
    end,
    ['02.10 interruption_caught'] = function(t, state, act)
        local results = spawn(function() return act(function() return t.handle.interruption_caught end) end):join()
        if state.joined then
            test.eq(results, { n = 2, true, state.caught })
        else
            is_code(results, 22, nil)
        end
        finish_unharmed(t, state)
    end,
    ['02.17 collection'] = function(t, state, act)
        local weak = setmetatable({ t.handle }, { __mode = 'v' })
        local results = spawn(function()
            return act(function()
                t.handle = nil
                tools.collect()
            end)
        end):join()
        test.eq(results, { n = 1, true })
        test.eq(weak[1] ~= nil, state.joined_by_other or false, 'a joiner keeps the handle')
        t.release()
        test.eq(t.log, 'end')
        if t.joiner then test.eq(t.joiner:join(), 'result') end
    end,
}

local function sorted_keys(t)
    local keys = {}
    for key in pairs(t) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
end

local cells = 0
for _, operation in ipairs(sorted_keys(operations)) do
    for _, name in ipairs(sorted_keys(states)) do
        for _, actor in ipairs(sorted_keys(actors)) do
            test(('%s of a handle: %s; by %s'):format(operation, name, actor), function()
                operations[operation](states[name].make(), states[name], actors[actor])
            end)
            cells = cells + 1
        end
    end
end

-- ---- The fiber itself as the actor: it is running, maybe being joined, maybe detached

local own_actors = {
    ['its clean-up handler'] = actors['a clean-up handler'],
    ['its coroutine'] = actors['a coroutine'],
    ['its callback from C'] = actors['a callback from C'],
    ['itself'] = actors['a fiber'],
    ['its root clean-up handler'] = false, -- below
}

local own_states = {
    ['running'] = { joinable = true },
    ['running, being joined'] = { joinable = false, joined = true },
    ['running, detached'] = { joinable = false, detached = true },
}

-- Each returns true if the interruption is to end the fiber.
local own_operations = {
    ['02.9 join'] = function(box, state, act)
        local results = act(function() return box.handle:join() end)
        if state.joinable then is_code(results, 35, nil) else is_code(results, 22, 1) end
    end,
    ['02.7 detach'] = function(box, state, act)
        local results = act(function() return box.handle:detach() end)
        if state.joinable then
            test.eq(results, { n = 1, true })
            test.eq(box.handle.joinable, false)
            box.gone = true
        else
            is_code(results, 22, 1)
        end
    end,
    ['02.30 interrupt'] = function(box, state, act)
        test.eq(act(function() return box.handle:interrupt() end), { n = 1, true })
        return not state.detached
    end,
    ['02.8 joinable'] = function(box, state, act)
        test.eq(act(function() return box.handle.joinable end), { n = 2, true, state.joinable })
    end,
    ['02.10 interruption_caught'] = function(box, _, act)
        is_code(act(function() return box.handle.interruption_caught end), 22, nil)
    end,
    ['02.17 collection'] = function(box, state, act)
        local weak = setmetatable({ box.handle }, { __mode = 'v' })
        test.eq(act(function()
            box.handle = nil
            tools.collect()
        end), { n = 1, true })
        test.eq(weak[1] ~= nil, state.joined or false)
        box.gone = true
    end,
}

local function run_own(operation, state, act)
    local box = {}
    local due, failure, ended
    local function perform(act)
        -- What fails here must not vanish in a detached fiber.
        local ok, e = pcall(function() due = operation(box, state, act) end)
        if not ok and not (due == nil and tools.is_interrupted(e)) then failure = e end
    end
    box.handle = spawn(function()
        this_fiber.yield() -- for a joiner to come, or the detachment
        if act then
            perform(act)
            this_fiber.yield()
            ended = true
        else
            scope_cleanup_push(function()
                perform(own_actors['itself'])
                this_fiber.yield()
                ended = true
            end)
        end
        return 'result'
    end)
    local joiner
    if state.detached then box.handle:detach() end
    if state.joined then joiner = spawn(function() return box.handle:join() end) end
    tools.rounds(6)
    test.eq(failure, nil)
    local interrupted = due and act -- nothing interrupts a handler, and behind the last one no point comes
    test.eq(ended, not interrupted or nil)
    local results
    if joiner then
        results = pack(joiner:join())
    elseif box.handle and box.handle.joinable then
        results = pack(box.handle:join())
    else
        test.ok(box.gone or state.detached)
        return
    end
    test.eq(results, interrupted and { n = 0 } or { n = 1, 'result' })
end

for _, operation in ipairs(sorted_keys(own_operations)) do
    for _, name in ipairs(sorted_keys(own_states)) do
        for _, actor in ipairs(sorted_keys(own_actors)) do
            test(('%s of the own handle: %s; by %s'):format(operation, name, actor), function()
                run_own(own_operations[operation], own_states[name], own_actors[actor])
            end)
            cells = cells + 1
        end
    end
end

test('02.8 the table is complete', function()
    test.eq(cells, 6 * (5 + 10 + 6) * 4 + 6 * 3 * 5)
end)

test.done()

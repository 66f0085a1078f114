-- pcall, xpcall and their scopes (01 §2.7).
local test = require 'test'

-- Runs `f` in a fiber that was interrupted before it ran; returns what pcall would.
local function run_interrupted(f)
    local fiber = spawn(f)
    fiber:interrupt()
    local results = { fiber:join() }
    return fiber.interruption_caught, unpack(results)
end

local callers = {
    pcall = function(f) return pcall(f) end,
    xpcall = function(f) return xpcall(f, function(e) return e end) end,
    ['coroutine.resume'] = function(f) return coroutine.resume(coroutine.create(f)) end,
    ['a coroutine.wrap function'] = function(f) return coroutine.wrap(f)() end,
}

for name, call in pairs(callers) do
    test('01.24 ' .. name .. ' in an interrupted fiber does not run the callee', function()
        local called, returned = false, false
        local caught = run_interrupted(function()
            call(function() called = true end)
            returned = true
        end)
        test.eq({ caught, called, returned }, { true, false, false })
    end)

    test('01.24 ' .. name .. ' runs the callee while interruption is disabled', function()
        local called, after = false, false
        local caught = run_interrupted(function()
            this_fiber.disable_interruption()
            call(function() called = true end)
            this_fiber.restore_interruption()
            call(function() after = true end)
        end)
        test.eq({ caught, called, after }, { true, true, false })
    end)
end

test('01.24 the error of an interruption point', function()
    local e
    local fiber = spawn(function()
        xpcall(function()
            this_fiber.disable_interruption()
            pcall(this_fiber.yield)     -- somebody interrupts here
            this_fiber.restore_interruption()
            pcall(function() error 'not reached' end)
        end, function(err) e = err end)
    end)
    spawn(function() fiber:interrupt() end):detach()
    fiber:join()
    test.eq(tostring(e), 'Fiber interrupted')
    test.eq({ e.code, tostring(e.category) }, { 13, 'emilua.core' })
end)

test('01.24 once the callee runs, pcall is no interruption point', function()
    local fiber, reached
    fiber = spawn(function()
        local ok = pcall(function() fiber:interrupt() end)
        reached = ok
        this_fiber.yield()
    end)
    fiber:join()
    test.eq({ reached, fiber.interruption_caught }, { true, true })
end)

test('01.25 nils among the results', function()
    local function three() return nil, 1, nil end
    test.eq(select('#', pcall(three)), 4)
    test.eq(select('#', xpcall(three, print)), 4)
    test.eq(select('#', coroutine.resume(coroutine.create(three))), 4)
    test.eq(select('#', coroutine.wrap(three)()), 3)
    test.eq(select('#', coroutine.resume(coroutine.create(function() coroutine.yield(nil, nil) end))), 3)
    test.eq(select('#', pcall(function() end)), 1)
    test.eq(select('#', pcall(error)), 2)
end)

test('01.25 nils among the arguments', function()
    local function count(...) return select('#', ...) end
    test.eq({ pcall(count, nil, nil) }, { true, 2 })
    test.eq({ xpcall(count, print, nil, nil, nil) }, { true, 3 })
    test.eq({ coroutine.resume(coroutine.create(count), nil, nil) }, { true, 2 })
    test.eq(coroutine.wrap(count)(nil), 1)
    local co = coroutine.wrap(function() return count(coroutine.yield()) end)
    co()
    test.eq(co(nil, nil, nil), 3)
end)

test('01.25 many arguments and results', function()
    local list = {}
    for i = 1, 5000 do list[i] = i end
    local function same(...) return ... end
    test.eq(select('#', pcall(same, unpack(list))), 5001)
    test.eq(select('#', coroutine.resume(coroutine.create(same), unpack(list))), 5001)
    test.eq(select(5001, pcall(same, unpack(list))), 5000)
end)

test('01.25 what cannot be called', function()
    test.eq({ pcall(nil) }, { false, 'attempt to call a nil value' })
    test.eq({ pcall() }, { false, 'attempt to call a nil value' })
    test.eq({ pcall(setmetatable({}, { __call = function(_, x) return x end }), 7) }, { true, 7 })
    test.raises_string(function() xpcall(print, nil) end, 'bad argument #2')
    test.raises_string(function() xpcall(print, {}) end, 'bad argument #2')
end)

test('01.25 errors of any type keep their identity', function()
    local t = {}
    for _, value in ipairs { t, true, false, 12.5, print, 'text' } do
        local ok, e = pcall(error, value, 0)
        test.ok(not ok and rawequal(e, value))
    end
    local n = select('#', pcall(error, nil))
    test.eq(n, 2)
end)

test('01.25 the handler of xpcall sees the error and makes the result', function()
    test.eq({ xpcall(function() error({ 7 }) end, function(e) return e[1] end) }, { false, 7 })
    test.eq({ xpcall(function() error 'x' end, function() error 'y' end) }, { false, 'error in error handling' })
end)

test('01.26 clean-up handlers of a pcall body run before pcall returns, newest first', function()
    local order = {}
    local function note(text) return function() order[#order + 1] = text end end
    pcall(function()
        scope_cleanup_push(note 'first')
        scope_cleanup_push(note 'second')
        note 'body' ()
    end)
    note 'returned' ()
    test.eq(order, { 'body', 'second', 'first', 'returned' })
end)

test('01.26 clean-up handlers run on an error, after the handler of xpcall', function()
    local order = {}
    local function note(text) return function() order[#order + 1] = text end end
    local ok, e = xpcall(function()
        scope_cleanup_push(note 'first')
        scope_cleanup_push(note 'second')
        error 'oops'
    end, function(e)
        note 'handler' ()
        return e
    end)
    note 'returned' ()
    test.eq(ok, false)
    test.match(e, 'oops$')
    test.eq(order, { 'handler', 'second', 'first', 'returned' })
end)

test('01.26 nested scopes run their own handlers only', function()
    local order = {}
    local function note(text) return function() order[#order + 1] = text end end
    pcall(function()
        scope_cleanup_push(note 'outer')
        pcall(function() scope_cleanup_push(note 'inner') error 'x' end)
        note 'between' ()
    end)
    test.eq(order, { 'inner', 'between', 'outer' })
end)

test('01.26 handlers run with interruption disabled, may suspend, and the state comes back', function()
    local fiber, handler_done, after
    fiber = spawn(function()
        pcall(function()
            scope_cleanup_push(function()
                fiber:interrupt()
                this_fiber.yield()
                handler_done = true
            end)
        end)
        this_fiber.yield()
        after = true
    end)
    fiber:join()
    test.eq({ handler_done, after, fiber.interruption_caught }, { true, nil, true })
end)

test('01.26 what a handler pushes belongs to the enclosing scope', function()
    local order = {}
    local function note(text) return function() order[#order + 1] = text end end
    pcall(function()
        pcall(function()
            scope_cleanup_push(function() scope_cleanup_push(note 'late') end)
        end)
        note 'inner returned' ()
    end)
    test.eq(order, { 'inner returned', 'late' })
end)

test('01.26 results survive handlers', function()
    test.eq({ pcall(function()
        scope_cleanup_push(function() collectgarbage() end)
        return 1, 'two', nil, 4
    end) }, { true, 1, 'two', nil, 4 })
end)

test('01.26 in a loop hot enough to be compiled', function()
    local count = 0
    for i = 1, 20000 do
        local ok, a, b = pcall(function(x)
            if x % 3 == 0 then scope_cleanup_push(function() count = count + 1 end) end
            if x % 5 == 0 then error(x, 0) end
            return x, nil
        end, i)
        assert(ok == (i % 5 ~= 0) and a == i and b == nil)
    end
    test.eq(count, 6666)
end)

test.done()

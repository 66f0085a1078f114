-- User coroutines (01 §2.8).
local test = require 'test'

test('01.28 yield and running outside of user coroutines', function()
    local function check()
        local e = test.raises_code(function() coroutine.yield(1) end, 9, 'emilua.core')
        test.eq(tostring(e), 'The fiber coroutine is reserved to the scheduler')
        test.eq(select('#', coroutine.running()), 1)
        test.eq({ coroutine.running(), coroutine.isyieldable() }, { nil, false })
    end
    check()
    spawn(check):join()
end)

test('01.28 yield and running inside of user coroutines', function()
    local co
    co = coroutine.create(function()
        local inner = coroutine.wrap(function()
            return coroutine.running(), coroutine.isyieldable()
        end)
        local running, yieldable = inner()
        return type(running) == 'thread' and running ~= co, yieldable, coroutine.running() == co, coroutine.status(co)
    end)
    test.eq({ coroutine.resume(co) }, { true, true, true, true, 'running' })
    test.eq(coroutine.status(co), 'dead')
    test.raises_code(coroutine.yield, 9, 'emilua.core')
end)

test('01.28 yield across a C function fails as in plain Lua', function()
    local co = coroutine.create(function() return (('x'):gsub('x', function() coroutine.yield() end)) end)
    local ok, e = coroutine.resume(co)
    test.eq(ok, false)
    test.match(e, 'attempt to yield across C%-call boundary')
end)

test('01.28 what cannot be resumed', function()
    local co
    co = coroutine.create(function()
        local self = { coroutine.resume(co) }
        local outer = { coroutine.wrap(function() return coroutine.resume(co) end)() }
        return self, outer
    end)
    local _, self, outer = coroutine.resume(co)
    test.eq(self, { false, 'cannot resume running coroutine' })
    test.eq(outer, { false, 'cannot resume running coroutine' })
    test.eq({ coroutine.resume(co) }, { false, 'cannot resume dead coroutine' })
    test.raises_string(function() coroutine.resume() end, 'bad argument #1')
    for _, bad in ipairs { 1, 'x', {}, print } do
        test.raises_string(function() coroutine.resume(bad) end, 'bad argument #1')
        test.raises_string(function() coroutine.status(bad) end, 'bad argument #1')
    end
end)

test('01.28 create and wrap check their argument', function()
    for _, bad in ipairs { 1, 'x', {}, true } do
        test.raises_string(function() coroutine.create(bad) end, "bad argument #1")
        test.raises_string(function() coroutine.wrap(bad) end, "bad argument #1")
    end
    test.raises_string(function() coroutine.create() end, "bad argument #1")
end)

test('01.28 wrap raises errors unchanged', function()
    local t = {}
    local ok, e = pcall(coroutine.wrap(function() error(t) end))
    test.ok(not ok and rawequal(e, t))
    test.raises_string(coroutine.wrap(function() error('x', 0) end), '^x$')
    local f = coroutine.wrap(function() end)
    f()
    test.raises_string(f, '^cannot resume dead coroutine$')
end)

-- Makes a coroutine that a fiber is suspended inside of; `go_on` lets it go on.
local function busy_coroutine()
    local waiting = true
    local co = coroutine.create(function(...)
        while waiting do this_fiber.yield() end
        coroutine.yield('yielded', ...)
        return 'returned'
    end)
    local fiber = spawn(function() return coroutine.resume(co, 'argument', nil) end)
    this_fiber.yield()
    return co, fiber, function() waiting = false end
end

test('01.29 a busy coroutine is normal for others and cannot be resumed', function()
    local co, fiber, go_on = busy_coroutine()
    test.eq(coroutine.status(co), 'normal')
    for _ = 1, 2 do
        test.raises_code(function() coroutine.resume(co) end, 1, 'generic')
        test.eq(coroutine.status(co), 'normal')
    end
    go_on()
    test.eq({ fiber:join() }, { true, 'yielded', 'argument', nil })
    test.eq(coroutine.status(co), 'suspended')
    test.eq({ coroutine.resume(co) }, { true, 'returned' })
    test.eq(coroutine.status(co), 'dead')
end)

test('01.29 a wrapped busy coroutine', function()
    local waiting = true
    local f = coroutine.wrap(function() while waiting do this_fiber.yield() end return 'done' end)
    local fiber = spawn(f)
    this_fiber.yield()
    test.raises_code(f, 1, 'generic')
    waiting = false
    test.eq(fiber:join(), 'done')
end)

test('01.29 every coroutine of the chain is busy', function()
    local waiting, inner = true, nil
    local outer = coroutine.create(function()
        inner = coroutine.create(function() while waiting do this_fiber.yield() end end)
        return coroutine.resume(inner)
    end)
    local fiber = spawn(function() return coroutine.resume(outer) end)
    this_fiber.yield()
    test.eq({ coroutine.status(outer), coroutine.status(inner) }, { 'normal', 'normal' })
    test.raises_code(function() coroutine.resume(outer) end, 1, 'generic')
    test.raises_code(function() coroutine.resume(inner) end, 1, 'generic')
    waiting = false
    test.eq({ fiber:join() }, { true, true })
end)

test('01.30 resume returns only when the body yields or ends', function()
    local order = {}
    local other = spawn(function()
        for i = 1, 3 do
            order[#order + 1] = 'other'
            this_fiber.yield()
        end
    end)
    local co = coroutine.create(function()
        for _ = 1, 5 do this_fiber.yield() end
        order[#order + 1] = 'body'
        coroutine.yield(1)
        for _ = 1, 5 do this_fiber.yield() end
        return 2
    end)
    test.eq({ coroutine.resume(co) }, { true, 1 })
    order[#order + 1] = 'resumed'
    test.eq({ coroutine.resume(co) }, { true, 2 })
    test.eq(order, { 'other', 'other', 'other', 'body', 'resumed' })
    other:join()
end)

test('01.31 a coroutine is part of the fiber that resumes it', function()
    local co = coroutine.create(function()
        while true do coroutine.yield(this_fiber.id, this_fiber.is_main, this_fiber.local_) end
    end)
    local _, id, is_main, locals = coroutine.resume(co)
    test.eq({ id, is_main }, { this_fiber.id, true })
    test.ok(rawequal(locals, this_fiber.local_))
    spawn(function()
        local _, id, is_main, locals = coroutine.resume(co)
        test.eq({ id, is_main }, { this_fiber.id, false })
        test.ok(rawequal(locals, this_fiber.local_))
    end):join()
end)

test('01.31 a coroutine suspends the fiber that resumed it last', function()
    local co = coroutine.wrap(function()
        while true do
            this_fiber.yield()
            coroutine.yield(this_fiber.id)
        end
    end)
    for _ = 1, 3 do
        spawn(function() test.eq(co(), this_fiber.id) end):join()
    end
    test.eq(co(), this_fiber.id)
end)

for how, body in pairs {
    normally = function() end,
    ['by an error'] = function() error 'x' end,
    ['by an error after a yield'] = function() coroutine.yield() error 'x' end,
    ['with a clean-up handler'] = function() scope_cleanup_push(function() this_fiber.yield() end) end,
} do
    test('01.32 a fiber whose user coroutine ended ' .. how .. ' can be interrupted', function()
        local fiber = spawn(function()
            local co = coroutine.create(body)
            while coroutine.status(co) ~= 'dead' do coroutine.resume(co) end
            while true do this_fiber.yield() end
        end)
        for _ = 1, 3 do this_fiber.yield() end
        fiber:interrupt()
        fiber:join()
        test.ok(fiber.interruption_caught)
    end)
end

test('01.32 an interruption inside a coroutine is raised there', function()
    local ok, e, status
    local fiber = spawn(function()
        local co = coroutine.create(function() while true do this_fiber.yield() end end)
        ok, e = coroutine.resume(co)
        status = coroutine.status(co)
        this_fiber.yield()
    end)
    this_fiber.yield()
    fiber:interrupt()
    fiber:join()
    test.eq({ ok, tostring(e), status, fiber.interruption_caught }, { false, 'Fiber interrupted', 'dead', true })
end)

test('01.33 handlers of a suspended coroutine that is collected never run', function()
    local ran = false
    local collected = setmetatable({}, { __mode = 'k' })
    do
        local co = coroutine.create(function()
            scope_cleanup_push(function() ran = true end)
            coroutine.yield()
        end)
        coroutine.resume(co)
        collected[co] = true
    end
    for _ = 1, 3 do collectgarbage() end
    test.eq(next(collected), nil)
    test.eq(ran, false)
end)

test('01.33 handlers run when the body ends, before resume returns, newest first', function()
    local order = {}
    local function note(text) return function() order[#order + 1] = text end end
    local co = coroutine.create(function()
        scope_cleanup_push(note 'first')
        scope_cleanup_push(function()
            note 'second' ()
            coroutine.yield 'from the handler'
            note 'resumed' ()
        end)
        return 'result'
    end)
    test.eq({ coroutine.resume(co) }, { true, 'from the handler' })
    note 'between' ()
    test.eq({ coroutine.resume(co) }, { true, 'result' })
    test.eq(order, { 'second', 'between', 'resumed', 'first' })
end)

test('01.33 handlers of a coroutine belong to it, not to its resumer', function()
    local order = {}
    local function note(text) return function() order[#order + 1] = text end end
    local co = coroutine.wrap(function()
        scope_cleanup_push(note 'coroutine')
        coroutine.yield()
        error 'x'
    end)
    pcall(function()
        scope_cleanup_push(note 'resumer')
        co()
    end)
    note 'between' ()
    pcall(co)
    test.eq(order, { 'resumer', 'between', 'coroutine' })
end)

test('01.33 a handler pushed after a resume belongs to the scope around it', function()
    for _, body in ipairs { function() end, coroutine.yield, error,
        function() pcall(function() scope(coroutine.yield) end) end } do
        local order = {}
        local function note(text) return function() order[#order + 1] = text end end
        pcall(function()
            pcall(coroutine.wrap(body))
            coroutine.resume(coroutine.create(body))
            scope_cleanup_push(note 'handler')
        end)
        note 'after' ()
        test.eq(order, { 'handler', 'after' })
    end
end)

test('01.33 many coroutines are collected', function()
    for _ = 1, 20000 do
        local co = coroutine.wrap(function() scope_cleanup_push(function() end) coroutine.yield() end)
        co()
    end
    collectgarbage()
    collectgarbage()
    test.ok(collectgarbage 'count' < 20000, collectgarbage 'count')
end)

test.done()

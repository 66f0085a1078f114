local test = require 'test'
local tools = require '/_tools'
local time = require 'time'

local function handlers(log, ...)
    for _, name in ipairs { ... } do
        scope_cleanup_push(function() log[#log + 1] = name end)
    end
end

test('02.47 handlers run last pushed first, inner scopes first, root handlers at the end of the fiber', function()
    local log = {}
    scope(function()
        handlers(log, 'a', 'b')
        scope(function()
            handlers(log, 'c', 'd')
            log[#log + 1] = 'body'
        end)
        log[#log + 1] = 'outer body'
    end)
    log[#log + 1] = 'after'
    test.eq(log, { 'body', 'd', 'c', 'outer body', 'b', 'a', 'after' })
    log = {}
    spawn(function()
        handlers(log, 1, 2)
        scope(function() handlers(log, 3) end)
        log[#log + 1] = 'end'
    end):join()
    test.eq(log, { 3, 'end', 2, 1 })
end)

test('02.48 scope passes no arguments, returns nothing and raises the same error again', function()
    local arguments
    test.eq(select('#', scope(function(...)
        arguments = select('#', ...)
        return 1, 2
    end, 1, 2, 3)), 0)
    test.eq(arguments, 0)
    local e, log = {}, {}
    local raised = test.throws(function()
        scope(function()
            handlers(log, 'handler')
            error(e)
        end)
    end)
    test.eq(rawequal(raised, e), true)
    test.eq(log, { 'handler' })
    test.error(function() scope(function() error('text', 0) end) end, '^text$')
    test.error(function() scope(nil) end, 'attempt to call a nil value')
end)

test('02.49 protected calls are scopes', function()
    local log = {}
    local function results(...) return { n = select('#', ...), ... } end
    test.eq(results(pcall(function(...)
        handlers(log, 'a', 'b')
        return ...
    end, nil, 1, nil)), { n = 4, true, nil, 1, nil })
    test.eq(log, { 'b', 'a' })
    log = {}
    test.eq(results(xpcall(function(...)
        handlers(log, 'a')
        return ...
    end, print, 1, nil)), { n = 3, true, 1, nil })
    test.eq(log, { 'a' })
end)

test('02.49 order of handlers and the message handler of xpcall', function()
    local log = {}
    local ok, e = xpcall(function()
        handlers(log, 'xpcall')
        scope(function()
            handlers(log, 'inner')
            error('e', 0)
        end)
    end, function(e)
        log[#log + 1] = 'message'
        handlers(log, 'pushed by message')
        return e .. '!'
    end)
    test.eq({ ok, e }, { false, 'e!' })
    test.eq(log, { 'inner', 'message', 'pushed by message', 'xpcall' })
    test.eq({ xpcall(function() error 'x' end, function() error 'y' end) }, { false, 'error in error handling' })
    test.eq({ pcall(nil) }, { false, 'attempt to call a nil value' })
    test.eq({ pcall() }, { false, 'attempt to call a nil value' })
    test.raises_string(function() xpcall(print) end, 'bad argument #2')
    test.raises_string(function() xpcall(print, {}) end, 'bad argument #2')
    test.raises_code(scope_cleanup_pop, 14, 'emilua.core')
end)

test('02.50 scope_cleanup_pop', function()
    local log = {}
    local function push(name)
        scope_cleanup_push(function(...) log[#log + 1] = name .. select('#', ...) end)
    end
    scope(function()
        push 'a' push 'b' push 'c' push 'd'
        test.eq(select('#', scope_cleanup_pop()), 0)
        scope_cleanup_pop(0)
        scope_cleanup_pop(false)
        scope_cleanup_pop(nil)
        test.eq(log, { 'd0', 'c0', 'a0' })
    end)
    test.eq(#log, 3)
end)

test('02.51 a pop searches no outer scope', function()
    scope(function()
        scope_cleanup_push(function() end)
        local function unmatched()
            local e = test.raises_code(scope_cleanup_pop, 14, 'emilua.core')
            test.eq(tostring(e), 'scope_cleanup_pop() called w/o a matching scope_cleanup_push()')
        end
        unmatched() -- test.raises_code calls pcall, a scope of its own
        scope(function()
            local ok, e = true, nil
            -- directly in the scope, with an error that leaves it
            ok, e = pcall(scope, function() scope_cleanup_pop() end)
            test.eq(ok, false)
            test.eq(e.code, 14)
        end)
        test.eq(coroutine.wrap(function() return pcall(scope_cleanup_pop) end)(), false)
        local co = coroutine.create(function() scope_cleanup_pop() end)
        local ok, e = coroutine.resume(co)
        test.eq(ok, false)
        test.eq(e.code, 14)
        scope_cleanup_pop(false)
        local raised = test.throws(scope, function() scope_cleanup_pop() end)
        test.eq(raised.code, 14)
    end)
end)

test('02.52 scope_cleanup_push checks its argument', function()
    local callable = setmetatable({}, { __call = function() end })
    for _, bad in pairs { 1, 'x', callable } do
        local e = test.raises_code(function() scope_cleanup_push(bad) end, 22, 'generic')
        test.eq(rawget(e, 'arg'), nil)
    end
    local e = test.raises_code(function() scope_cleanup_push(nil) end, 22, 'generic')
    test.eq(rawget(e, 'arg'), nil)
    test.raises_code(function() scope_cleanup_push() end, 22, 'generic')
    scope(function() test.eq(select('#', scope_cleanup_push(function() end)), 0) end)
end)

test('02.53 a handler may suspend and cannot be interrupted; join waits for it', function()
    local slept
    local f = spawn(function()
        scope_cleanup_push(function()
            local t0 = time.steady_clock.now()
            time.sleep(0.02)
            slept = time.steady_clock.now() - t0
        end)
        return 'result'
    end)
    tools.rounds(2)
    f:interrupt()
    test.eq(f:join(), 'result')
    test.ok(slept and slept >= 0.02)
    test.eq(f.interruption_caught, false)
end)

test('02.53 the interruption shows behind the scope', function()
    local log = {}
    test.eq((tools.flagged(function()
        scope(function()
            scope_cleanup_push(function()
                this_fiber.yield()
                pcall(function() log[1] = 'handler' end)
            end)
        end)
        log[2] = 'behind'
        this_fiber.yield()
        log[3] = 'too far'
    end)), false)
    test.eq(log, { 'handler', 'behind' })
end)

test('02.54 a handler pushed by a handler', function()
    local log = {}
    scope(function()
        scope(function()
            scope_cleanup_push(function()
                handlers(log, 'late')
                log[#log + 1] = 'inner'
            end)
            handlers(log, 'first')
        end)
        log[#log + 1] = 'between'
    end)
    test.eq(log, { 'first', 'inner', 'between', 'late' })
    log = {}
    spawn(function()
        handlers(log, 'oldest')
        scope_cleanup_push(function()
            handlers(log, 'pushed')
            log[#log + 1] = 'root'
        end)
    end):join()
    test.eq(log, { 'root', 'pushed', 'oldest' })
end)

test('02.54 a handler that restores what it did not disable', function()
    local e = test.throws(scope, function() scope_cleanup_push(this_fiber.restore_interruption) end)
    test.eq(e.code, 11)
    test.raises_code(this_fiber.restore_interruption, 11, 'emilua.core')
end)

test('02.56 handlers of a coroutine run when it ends', function()
    local log = {}
    local co = coroutine.create(function()
        handlers(log, 'a', 'b')
        coroutine.yield()
        log[#log + 1] = 'end'
        return 'result'
    end)
    spawn(function() coroutine.resume(co) end):join()
    test.eq(log, {})
    local other = spawn(function()
        handlers(log, 'fiber')
        local r = { coroutine.resume(co) }
        log[#log + 1] = 'resumed'
        return unpack(r)
    end)
    test.eq({ other:join() }, { true, 'result' })
    test.eq(log, { 'end', 'b', 'a', 'resumed', 'fiber' })
    log = {}
    co = coroutine.create(function()
        handlers(log, 'x')
        error('e', 0)
    end)
    test.eq({ coroutine.resume(co) }, { false, 'e' })
    test.eq(log, { 'x' })
end)

test('02.56 coroutine.yield in a root handler', function()
    local co = coroutine.wrap(function()
        scope_cleanup_push(function() coroutine.yield('from handler') end)
        return 'result'
    end)
    test.eq(co(), 'from handler')
    test.eq(co(), 'result')
end)

test('02.56 an abandoned coroutine never runs its handlers', function()
    local ran = false
    do
        local co = coroutine.wrap(function()
            scope_cleanup_push(function() ran = true end)
            coroutine.yield()
        end)
        co()
    end
    tools.collect()
    tools.rounds(2)
    test.eq(ran, false)
end)

test('02.56 scopes of coroutines and fibers do not mix', function()
    local log = {}
    scope(function()
        handlers(log, 'outer')
        local co = coroutine.wrap(function()
            scope(function()
                handlers(log, 'co inner')
                coroutine.yield()
            end)
            handlers(log, 'co root')
        end)
        co()
        scope(function()
            handlers(log, 'inner')
            co()
        end)
    end)
    test.eq(log, { 'co inner', 'co root', 'inner', 'outer' })
end)

test('02.58 failing top-level code of a module runs its handlers first', function()
    local e = test.throws(function() require '/_failing' end)
    test.eq(e, 'failed')
    test.eq(this_fiber.local_.failing_module, { 'body', 'handler' })
end)

test.done()

local test = require 'test'
local tools = require '/_tools'
local future = require 'future'
local time = require 'time'

test('02.1 spawn checks its argument and passes none', function()
    local callable = setmetatable({}, { __call = function() end })
    for _, bad in pairs { 1, 'x', callable, true } do
        test.raises_string(function() spawn(bad) end, 'bad argument #1 to .*%(function expected, got ')
    end
    test.raises_string(function() spawn(nil) end, 'bad argument #1')
    test.raises_string(function() spawn() end, 'bad argument #1')
    test.eq(spawn(function(...) return select('#', ...) end, 1, 2):join(), 0)
    test.eq(select('#', spawn(print):join()), 0, 'C function')
end)

test('02.2 a fiber starts after the code behind spawn; fibers start in spawn order', function()
    local order = {}
    local fibers = {}
    for i = 1, 4 do
        fibers[i] = spawn(function() order[#order + 1] = i end)
        order[#order + 1] = 's' .. i
    end
    this_fiber.yield()
    test.eq(order, { 's1', 's2', 's3', 's4', 1, 2, 3, 4 })
end)

test('02.2 spawn works in coroutines, clean-up handlers and forbid-suspend blocks', function()
    local done = {}
    coroutine.wrap(function() spawn(function() done.coroutine = true end):detach() end)()
    scope(function()
        scope_cleanup_push(function() spawn(function() done.handler = true end):detach() end)
    end)
    this_fiber.forbid_suspend()
    spawn(function()
        this_fiber.yield() -- nothing is inherited
        done.forbid = true
    end):detach()
    this_fiber.allow_suspend()
    this_fiber.yield()
    this_fiber.yield()
    test.eq(done, { coroutine = true, handler = true, forbid = true })
end)

test('02.2 a new fiber inherits nothing', function()
    this_fiber.local_.x = 1
    this_fiber.disable_interruption()
    local f = spawn(function()
        test.raises_code(this_fiber.restore_interruption, 11, 'emilua.core')
        test.raises_code(this_fiber.allow_suspend, 10, 'emilua.core')
        test.raises_code(scope_cleanup_pop, 14, 'emilua.core')
        return next(this_fiber.local_)
    end)
    this_fiber.restore_interruption()
    test.eq(f:join(), nil)
    this_fiber.local_.x = nil
end)

test('02.3 the handle', function()
    local f = spawn(function() end)
    test.eq(getmetatable(f), 'fiber')
    test.eq(type(f), 'userdata')
    test.raises_code(function() return f.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() return f[1] end, 8, 'emilua.core', { index = 2 })
    test.raises_string(function() f.x = 1 end, 'attempt to index')
    test.raises_string(function() f() end, 'attempt to call')
    test.raises_string(function() return #f end, 'attempt to get length')
    test.match(tostring(f), '^userdata: 0x')
    for _, name in pairs { 'join', 'detach', 'interrupt' } do
        for _, bad in pairs { 1, {}, future.new() } do
            test.raises_code(function() f[name](bad) end, 22, 'generic', { arg = 1 })
        end
        test.raises_code(function() f[name]() end, 22, 'generic', { arg = 1 })
    end
    f:join()
end)

test('02.4 join returns all values', function()
    local function pack(...) return { n = select('#', ...), ... } end
    test.eq(pack(spawn(function() return nil, 2, nil end):join()), { n = 3, nil, 2, nil })
    test.eq(pack(spawn(function() end):join()), { n = 0 })
    local many = {}
    for i = 1, 5000 do many[i] = i end
    test.eq(pack(spawn(function() return unpack(many) end):join()).n, 5000)
end)

test('02.5 join raises what the fiber raised, the same object, and nothing is printed', function()
    local e = setmetatable({}, { __tostring = function() return 'no' end })
    local f = spawn(function() error(e) end)
    test.eq(rawequal(test.throws(f.join, f), e), true)
    test.eq(f.interruption_caught, false)
    test.eq(f.joinable, false)
    f = spawn(function() error('tag', 0) end)
    test.eq(test.throws(f.join, f), 'tag')
    for _, value in pairs { false, 7, { 1 } } do
        f = spawn(function() error(value, 0) end)
        local ok, raised = pcall(f.join, f)
        test.eq(ok, false)
        test.eq(raised, value)
    end
    f = spawn(function() error() end)
    test.eq({ pcall(f.join, f) }, { false, nil })
end)

test('02.6 join works for fibers not started, suspended and finished', function()
    test.eq(spawn(function() return 1 end):join(), 1)
    local suspended = spawn(function() tools.rounds(3) return 2 end)
    this_fiber.yield()
    test.eq(suspended:join(), 2)
    local finished = spawn(function() return 3 end)
    this_fiber.yield()
    local ran = false
    local other = spawn(function() ran = true end)
    test.eq(finished:join(), 3)
    test.eq(ran, false, 'join of a finished fiber switched')
    other:join()
    test.eq(ran, true)
end)

test('02.7 join or detach after join or detach', function()
    local f = spawn(function() end)
    f:join()
    test.raises_code(function() f:join() end, 22, 'generic', { arg = 1 })
    test.raises_code(function() f:detach() end, 22, 'generic', { arg = 1 })
    f = spawn(function() end)
    f:detach()
    test.eq(f.joinable, false)
    test.raises_code(function() f:join() end, 22, 'generic', { arg = 1 })
    test.raises_code(function() f:detach() end, 22, 'generic', { arg = 1 })
end)

test('02.8 one joiner at a time', function()
    local p, result = future.new()
    local f = spawn(function() return result:get() end)
    local a = spawn(function() return f:join() end)
    this_fiber.yield()
    test.eq(f.joinable, false)
    local b = spawn(function()
        test.raises_code(function() f:join() end, 22, 'generic', { arg = 1 })
        test.raises_code(function() f:detach() end, 22, 'generic', { arg = 1 })
        test.raises_code(function() return f.interruption_caught end, 22, 'generic', { arg = nil })
        f:interrupt()
    end)
    b:join()
    test.eq(select('#', a:join()), 0)
    test.eq(f.interruption_caught, true)
    p:set_value()
end)

test('02.9 joining oneself', function()
    local self
    self = spawn(function()
        local e = test.raises_code(function() self:join() end, 35, 'generic')
        test.eq(rawget(e, 'arg'), nil)
        test.eq(tostring(e), 'Resource deadlock avoided')
        coroutine.wrap(function() test.raises_code(function() self:join() end, 35, 'generic') end)()
        self:detach()
        test.raises_code(function() self:join() end, 22, 'generic', { arg = 1 })
        return 'unseen'
    end)
    tools.rounds(2)
    test.eq(self.joinable, false)

    local own
    own = spawn(function()
        this_fiber.yield()
        test.raises_code(function() own:join() end, 22, 'generic', { arg = 1 })
        return 'joined'
    end)
    test.eq(own:join(), 'joined', 'somebody else joins already')
end)

test('02.10 interruption_caught is known of joined fibers only', function()
    local function unknown(f)
        local e = test.raises_code(function() return f.interruption_caught end, 22, 'generic')
        test.eq(rawget(e, 'arg'), nil)
    end
    local f = spawn(function() tools.rounds(2) end)
    unknown(f)
    this_fiber.yield()
    unknown(f)
    tools.rounds(3)
    unknown(f)
    f:join()
    test.eq(f.interruption_caught, false)
    f = spawn(function() tools.rounds(2) end)
    f:interrupt()
    tools.rounds(2)
    unknown(f)
    f:join()
    test.eq(f.interruption_caught, true)
    f = spawn(function() end)
    f:detach()
    unknown(f)
    this_fiber.yield()
    unknown(f)
end)

test('02.11 joining an interrupted fiber returns no values', function()
    local f = spawn(function() tools.rounds(9) return 1 end)
    this_fiber.yield()
    f:interrupt()
    test.eq(select('#', f:join()), 0)
    test.eq(f.interruption_caught, true)
end)

test('02.12 a flagged fiber that catches the error', function()
    local function fiber(last)
        local f
        f = spawn(function()
            pcall(function()
                f:interrupt()
                this_fiber.yield()
            end)
            return last()
        end)
        return f
    end
    local f = fiber(function() return 1 end)
    test.eq(f:join(), 1)
    test.eq(f.interruption_caught, false)
    f = fiber(function() error('x', 0) end)
    test.eq(test.throws(f.join, f), 'x')
    test.eq(f.interruption_caught, false)
end)

test('02.13 re-raising the interrupted error of somebody else', function()
    local _, saved = tools.flagged(this_fiber.yield)
    test.ok(tools.is_interrupted(saved))
    local f = spawn(function() error(saved) end)
    test.eq(select('#', f:join()), 0)
    test.eq(f.interruption_caught, true)
end)

test('02.14 interrupt is accepted in every state', function()
    local f = spawn(function() tools.rounds(1) return 'ok' end)
    f:interrupt()
    test.eq(select('#', f:interrupt()), 0)
    tools.rounds(2)
    f:interrupt()
    f:join()
    f:interrupt()
    f:interrupt()
    local d = spawn(function() tools.rounds(1) end)
    d:detach()
    d:interrupt()
    tools.rounds(3)
    d:interrupt()
end)

test('02.14 a detached fiber can no longer be interrupted', function()
    local done = false
    local f = spawn(function()
        tools.rounds(2)
        done = true
    end)
    f:detach()
    f:interrupt()
    tools.rounds(4)
    test.eq(done, true)
end)

test('02.17 collecting the handle of a running fiber does not stop it', function()
    local done = false
    do
        spawn(function()
            tools.rounds(3)
            done = true
        end)
    end
    tools.collect()
    tools.rounds(5)
    test.eq(done, true)
end)

test('02.19 fibers that join each other: interrupting one releases the other', function()
    local a, b
    a = spawn(function() return b:join() end)
    b = spawn(function() return a:join() end)
    tools.rounds(2)
    local c = spawn(function() return 1, a:join() end)
    a:interrupt()
    tools.rounds(4)
    test.raises_code(function() a:join() end, 22, 'generic', { arg = 1 })
    test.eq(a.interruption_caught, true)
    test.eq(select('#', b:join()), 0)
    test.eq(b.interruption_caught, false)
    test.raises_code(function() c:join() end, 22, 'generic', { arg = 1 })
end)

test('02.20 the joiner of a fiber that ends runs ahead of the ready queue', function()
    local order = {}
    local child = spawn(function() this_fiber.yield() order[#order + 1] = 'child' end)
    local joiner = spawn(function() child:join() order[#order + 1] = 'joiner' end)
    local ready = spawn(function() this_fiber.yield() order[#order + 1] = 'ready' end)
    ready:join()
    joiner:join()
    test.eq(order, { 'child', 'joiner', 'ready' })
end)

test('02.21 20 000 fibers suspended at once all finish', function()
    if test.sanitizer == 'thread' then return test.skipped 'ThreadSanitizer takes 8000 fibers at once' end
    local p, f = future.new()
    local fibers, sum = {}, 0
    for i = 1, 20000 do fibers[i] = spawn(function() return f:get() + i end) end
    this_fiber.yield()
    p:set_value(1)
    for i = 1, 20000 do sum = sum + fibers[i]:join() end
    test.eq(sum, 20000 + 20000 * 20001 / 2)
end)

test('02.21 20 000 fibers sleeping at once all finish', function()
    if test.sanitizer == 'thread' then return test.skipped 'ThreadSanitizer takes 8000 fibers at once' end
    local awake = 0
    local fibers = {}
    for i = 1, 20000 do
        fibers[i] = spawn(function()
            time.sleep(0.01)
            awake = awake + 1
        end)
    end
    for i = 1, 20000 do fibers[i]:join() end
    test.eq(awake, 20000)
end)

test('02.21 infinite recursion is an error that pcall catches', function()
    local recursions = {
        plain = function() local function f() return 1 + f() end f() end,
        gsub = function() local function f() return (('x'):gsub('x', f)) end f() end,
        sort = function()
            local function f() table.sort({ 1, 2 }, function() f() return false end) end
            f()
        end,
        tostring = function()
            local t = setmetatable({}, { __tostring = function(self) return '<' .. tostring(self) .. '>' end })
            return tostring(t)
        end,
        pcall = function() local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f() end,
        coroutine = function() local function f() coroutine.wrap(f)() end f() end,
        load = function() local function f() load(function() f() return nil end) end f() error('overflow', 0) end,
    }
    for name, f in pairs(recursions) do
        local ok, e = spawn(function() return pcall(f) end):join()
        test.eq(ok, false, name)
        test.ok(type(e) == 'string' and (e:find 'overflow' or e:find 'error in error handling'), name .. ': ' .. tostring(e))
        -- Unwinding the larger stack of main takes ThreadSanitizer half a minute.
        if name ~= 'coroutine' or test.sanitizer ~= 'thread' then
            test.eq(pcall(f), false, name .. ' in main')
        end
    end
end)

test.done()

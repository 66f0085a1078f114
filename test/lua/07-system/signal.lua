-- Signal sets and dispositions (07 §6), with signals that the process sends itself.
local test = require 'test'
local system = require 'system'
local time = require 'time'
local generic = require 'generic_error'
local asio_error = require 'asio_error'
local ffi = require 'ffi'
local signal = system.signal
local new = signal.set.new
local USR1, USR2, HUP = signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP

ffi.cdef [[
int kill(int pid, int signo);
int getpid(void);
int getppid(void);
int fork(void);
int waitpid(int pid, int *status, int options);
void _exit(int status);
int pipe(int ends[2]);
long read(int fd, void *buffer, size_t size);
int close(int fd);
int usleep(unsigned us);
]]
local C = ffi.C

local function invalid(position) return { code = 22, category = 'generic', arg = position } end
local os_invalid = { code = 22, category = 'system' }
local function is_interrupted(e) return e.code == 13 and tostring(e.category) == 'emilua.core' end
local function no_arg(e) return e.arg == nil end

-- Fibers that wait on `set`: each yields its signal number, or its error.
local function waiters(set, n)
    local fibers = {}
    for i = 1, n do fibers[i] = spawn(function() return select(2, pcall(set.wait, set)) end) end
    this_fiber.yield()
    return fibers
end

-- Nothing arrives on the set any more.
local function nothing_queued(set)
    local waiter = waiters(set, 1)[1]
    time.sleep(0.02)
    waiter:interrupt()
    test.ok(is_interrupted(waiter:join()))
end

test('07.2 the metatable and the members of a set', function()
    local set = new()
    test.eq(getmetatable(set), 'system.signal.set')
    test.match(tostring(set), '^userdata: 0x')
    test.eq(type(set), 'userdata')
    for _, key in ipairs { 'nope', 1, {} } do
        test.raises_code(function() return set[key] end, 8, 'emilua.core', { index = 2 })
    end
    test.raises_string(function() set.x = 1 end)
    test.ok(new() ~= new())
end)

test('07.36 constants', function()
    local values = { HUP = 1, INT = 2, QUIT = 3, ILL = 4, TRAP = 5, ABRT = 6, BUS = 7, FPE = 8, KILL = 9, USR1 = 10,
        SEGV = 11, USR2 = 12, PIPE = 13, ALRM = 14, TERM = 15, CHLD = 17, CONT = 18, STOP = 19, TSTP = 20, TTIN = 21,
        TTOU = 22, URG = 23, XCPU = 24, XFSZ = 25, VTALRM = 26, PROF = 27, WINCH = 28, IO = 29, SYS = 31 }
    for name, value in pairs(values) do test.eq(signal['SIG' .. name], value, name) end
    test.eq(signal.SIGFOO, nil)
    test.eq(type(signal), 'table')
    test.eq(getmetatable(signal), nil)
    test.eq(getmetatable(signal.set), nil)
    test.ok(rawequal(system.signal, signal) and rawequal(system.signal.set, signal.set))
end)

test('07.37 arguments of new', function()
    for _, bad in ipairs { 'x', '10', true, {} } do
        test.error(function() new(bad) end, invalid(1))
        test.error(function() new(2, bad) end, invalid(2))
    end
    test.error(function() new(nil) end, invalid(1))
    for _, bad in ipairs { 9, 19, 0, -1, 1000, 65, 32, 33, 2 ^ 32 + USR1, 1e300, 0 / 0 } do
        test.error(function() new(bad) end, { code = 22, category = 'system', arg = 1 })
        test.error(function() new(USR1, HUP, bad) end, { code = 22, category = 'system', arg = 3 })
    end
    -- Nothing stays registered.
    signal.default(USR1)
    signal.default(HUP)
    test.eq(getmetatable(new(USR1, USR1, 64, 10.9)), 'system.signal.set')
end)

test('07.37 arguments of the methods', function()
    local set = new()
    for _, name in ipairs { 'add', 'remove', 'clear', 'cancel', 'wait' } do
        test.error(function() set[name](nil, USR1) end, invalid(1))
        test.error(function() set[name]({}, USR1) end, invalid(1))
        test.error(function() set[name](byte_span.new(1), USR1) end, invalid(1))
    end
    for _, name in ipairs { 'add', 'remove' } do
        for _, bad in ipairs { '10', true, {} } do
            test.error(function() set[name](set, bad) end, invalid(2))
        end
        test.error(function() set[name](set) end, invalid(2))
        for _, bad in ipairs { 1000, 65, -1, 2 ^ 40 } do
            test.error(function() set[name](set, bad) end, os_invalid, no_arg)
        end
        test.eq(select('#', set[name](set, USR1)), 0)
    end
    for _, bad in ipairs { 0, 9, 19, 32, 33 } do test.error(function() set:add(bad) end, os_invalid, no_arg) end
    set:remove(9)
    test.eq(select('#', set:clear()), 0)
    test.eq(select('#', set:cancel()), 0)
end)

test('07.38 the queue is taken in ascending order', function()
    local set = new(USR1, USR2)
    for _, signo in ipairs { USR2, USR1, USR2 } do signal.raise(signo) end
    test.eq({ set:wait(), set:wait(), set:wait() }, { 10, 12, 12 })
    for _, signo in ipairs { USR2, USR1, USR2 } do signal.raise(signo) end
    time.sleep(0.02)
    test.eq({ set:wait(), set:wait(), set:wait() }, { 10, 12, 12 })
    nothing_queued(set)
end)

test('07.38 a fiber that waits gets what comes first', function()
    local set = new(USR1, USR2)
    for _ = 1, 20 do
        local waiter = waiters(set, 1)[1]
        signal.raise(USR2)
        signal.raise(USR1)
        test.eq({ waiter:join(), set:wait() }, { 12, 10 })
    end
end)

test('07.39 every raise counts', function()
    local set = new(USR1)
    for _ = 1, 5 do signal.raise(USR1) end
    for _ = 1, 5 do test.eq(set:wait(), 10) end
    nothing_queued(set)
    -- More than any buffer holds.
    for _ = 1, 100000 do signal.raise(USR1) end
    for _ = 1, 100000 do set:wait() end
    nothing_queued(set)
end)

test('07.38 raise returns first', function()
    local set = new(USR1)
    local woken = false
    local waiter = spawn(function() set:wait() woken = true end)
    this_fiber.yield()
    signal.raise(USR1)
    time.sleep(0) -- may let the waiter run
    woken = false
    this_fiber.forbid_suspend()
    signal.raise(USR1)
    test.eq(woken, false)
    this_fiber.allow_suspend()
    waiter:join()
    test.eq(set:wait(), USR1)
end)

test('07.40 sets are independent', function()
    local sets = { new(USR1), new(USR1, USR2), new(USR2) }
    signal.raise(USR1)
    test.eq({ sets[1]:wait(), sets[2]:wait() }, { 10, 10 })
    for _, set in ipairs(sets) do nothing_queued(set) end
    -- One has a waiter, the other a queue.
    local waiter = waiters(sets[1], 1)[1]
    signal.raise(USR1)
    test.eq(waiter:join(), 10)
    test.eq(sets[2]:wait(), 10)
    nothing_queued(sets[1])
end)

test('07.41 all waiters complete', function()
    local set = new(USR1, USR2)
    local both = waiters(set, 2)
    signal.raise(USR2)
    test.eq({ both[1]:join(), both[2]:join() }, { 12, 12 })
    nothing_queued(set)
end)

test('07.42 cancel', function()
    local set = new(USR1)
    set:cancel()
    local both = waiters(set, 2)
    set:cancel()
    for _, fiber in ipairs(both) do
        local e = fiber:join()
        test.eq(e, asio_error.basic.operation_aborted)
        test.eq(e, generic.ECANCELED)
        test.eq(e:togeneric(), generic.ECANCELED)
        test.eq(tostring(e), 'Operation canceled')
    end
    signal.raise(USR1)
    set:cancel() -- keeps the queue
    test.eq(set:wait(), 10)
    -- What arrived before is delivered.
    local waiter = waiters(set, 1)[1]
    signal.raise(USR1)
    set:cancel()
    test.eq(waiter:join(), 10)
end)

test('07.43 remove', function()
    local set, other = new(USR1, USR2), new(USR1)
    signal.raise(USR1)
    signal.raise(USR2)
    set:remove(USR1)
    test.eq(set:wait(), 12)
    test.eq(other:wait(), 10)
    set:remove(USR1)
    set:remove(HUP)
    test.error(function() set:remove(1000) end, os_invalid)
    nothing_queued(set)
    -- What was discarded does not come back.
    set:add(USR1)
    signal.raise(USR1)
    set:remove(USR1)
    set:add(USR1)
    nothing_queued(set)
    nothing_queued(new(USR1))
end)

test('07.44 add', function()
    local set = new()
    local waiter = waiters(set, 1)[1]
    set:add(USR1)
    signal.raise(USR1)
    test.eq(waiter:join(), 10)
    set:add(USR1)
    signal.raise(USR1)
    test.eq(set:wait(), 10)
    nothing_queued(set)
    set:add(64)
    signal.raise(64)
    test.eq(set:wait(), 64)
end)

test('07.45 clear leaves waiters', function()
    local set = new(USR1, USR2)
    local waiter = waiters(set, 1)[1]
    set:clear()
    set:clear()
    time.sleep(0.01)
    set:add(USR2)
    signal.raise(USR2)
    test.eq(waiter:join(), 12)
    local keeper = new(USR1)
    set:add(USR1)
    signal.raise(USR1)
    set:clear()
    set:add(USR1)
    nothing_queued(set)
    test.eq(keeper:wait(), 10)
end)

test('07.46 interruption', function()
    local set = new(USR1)
    local both = waiters(set, 2)
    both[1]:interrupt()
    test.ok(is_interrupted(both[1]:join()))
    signal.raise(USR1)
    test.eq(both[2]:join(), 10)
    nothing_queued(set)
    -- A pending interruption: nothing is taken.
    signal.raise(USR1)
    local fiber
    fiber = spawn(function()
        fiber:interrupt()
        set:wait()
    end)
    fiber:join()
    test.ok(fiber.interruption_caught)
    test.eq(set:wait(), 10)
    -- A signal that was first is delivered; the interruption shows later.
    local signo
    fiber = spawn(function()
        signo = set:wait()
        time.sleep(10)
    end)
    this_fiber.yield()
    signal.raise(USR1)
    fiber:interrupt()
    fiber:join()
    test.eq(signo, 10)
    test.ok(fiber.interruption_caught)
    -- Disabled.
    fiber = spawn(function()
        this_fiber.disable_interruption()
        return set:wait()
    end)
    this_fiber.yield()
    fiber:interrupt()
    time.sleep(0.01)
    signal.raise(USR1)
    test.eq(fiber:join(), 10)
end)

test('07.47 the signals of sets have no other disposition', function()
    collectgarbage()
    local set = new(USR1)
    for _, name in ipairs { 'ignore', 'default' } do
        test.error(function() signal[name](USR1) end, { code = 1, category = 'generic' }, no_arg)
        set:remove(USR1)
        test.eq(select('#', signal[name](USR1)), 0)
        set:add(USR1)
    end
    test.error(function() signal.ignore(USR1) end, generic.EPERM)
    set:clear()
    signal.ignore(USR1)
    signal.raise(USR1)
    signal.default(USR1)
end)

test('07.47 arguments of ignore and default', function()
    collectgarbage()
    for _, name in ipairs { 'ignore', 'default' } do
        for _, bad in ipairs { 9, 19, 0, -1, 1000, 65, 32, 2 ^ 32 + USR1 } do
            test.error(function() signal[name](bad) end, os_invalid, no_arg)
        end
        for _, bad in ipairs { 'x', {}, true } do
            test.raises_string(function() signal[name](bad) end, 'bad argument #1')
        end
        test.raises_string(function() signal[name]() end, 'bad argument #1')
        signal[name] '10'
        signal[name](USR1 + 0.5)
    end
end)

test('07.47 a set that is garbage counts until it is collected', function()
    do local set = new(USR2) end
    collectgarbage()
    collectgarbage()
    signal.ignore(USR2)
    signal.default(USR2)
end)

test('07.50 a set with a waiter survives collection', function()
    local waiter = spawn(function() return new(USR1):wait() end)
    this_fiber.yield()
    for _ = 1, 3 do collectgarbage() end
    signal.raise(USR1)
    test.eq(waiter:join(), 10)
end)

test('07.51 wait in a forbid-suspend block', function()
    local set = new(USR1)
    signal.raise(USR1)
    this_fiber.forbid_suspend()
    local ok, e = pcall(set.wait, set)
    this_fiber.allow_suspend()
    test.eq({ ok, e.code, tostring(e.category) }, { false, 12, 'emilua.core' })
    test.eq(tostring(e), 'EPERM within a forbid-suspend block')
    test.eq(set:wait(), 10)
end)

test('07.51 wait everywhere that Lua code runs', function()
    local set = new(USR1)
    local function wait()
        signal.raise(USR1)
        return tostring(set:wait())
    end
    test.eq(('x'):gsub('x', wait), '10')
    test.eq(setmetatable({}, { __index = wait }).x, '10')
    test.eq(coroutine.wrap(wait)(), '10')
    test.eq(select(2, pcall(wait)), '10')
    table.sort({ 2, 1 }, function(a, b) wait() return a < b end)
end)

test('07.52 raise', function()
    for _, bad in ipairs { 1000, -1, 65, 32, 2 ^ 32 } do
        local e = test.raises_code(function() signal.raise(bad) end, 18, 'emilua.core', { ret = -1 })
        test.eq(tostring(e), 'std::raise() failed')
    end
    test.eq(select('#', signal.raise(0)), 0)
    signal.raise(signal.SIGCHLD)
    for _, bad in ipairs { 'x', {} } do test.raises_string(function() signal.raise(bad) end, 'bad argument #1') end
    test.raises_string(function() signal.raise() end, 'bad argument #1')
end)

test('07.55 a signal from kill(2)', function()
    local set = new(USR1)
    local waiter = waiters(set, 1)[1]
    system.kill(system.getpid(), USR1)
    test.eq(waiter:join(), 10)
end)

-- A blocking read of ours in the main fiber, and a child that sends a signal before it writes nothing and ends.
test('07.37 system calls go on after a handled signal', function()
    local set = new(USR1)
    local ends = ffi.new 'int[2]'
    C.pipe(ends)
    local child = C.fork()
    if child == 0 then
        for _ = 1, 5 do
            C.usleep(10000)
            C.kill(C.getppid(), USR1)
        end
        C._exit(0)
    end
    C.close(ends[1])
    test.eq(tonumber(C.read(ends[0], ffi.new 'char[1]', 1)), 0) -- not -1 (EINTR)
    C.close(ends[0])
    local status = ffi.new 'int[1]'
    C.waitpid(child, status, 0)
    test.eq(status[0], 0)
    test.eq(set:wait(), 10)
end)

test.done()

-- Subprocess objects.
local pipe = require 'pipe'
local system = require 'system'
local test = require 'test'
local time = require 'time'
local helpers = require 'helpers'
local p = require './_processes'

local case = p.case

local EINVAL, EBUSY, ESRCH, ECHILD = 22, 16, 3, 10

local function shell(script) return system.spawn { program = 'sh', arguments = { 'sh', '-c', script } } end

local function ended(child) return p.state_of(child.pid) == 'Z' end

case('07.1 unknown keys raise, assignments too; its type is "subprocess"', function()
    local child = shell 'exit 0'
    test.eq(getmetatable(child), 'subprocess')
    test.raises_code(function() return child.nope end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() return child[1] end, 8, 'emilua.core', { index = 2 })
    test.raises_string(function() child.pid = 1 end)
    test.match(tostring(child), '^userdata: 0x')
    child:wait()
end)

case('07.100 pid, exit_code, exit_signal before and after wait', function()
    local child = shell 'exit 3'
    test.eq(type(child.pid), 'number')
    for _, member in ipairs { 'exit_code', 'exit_signal' } do
        local e = test.raises_code(function() return child[member] end, EINVAL, 'generic')
        test.eq(e.arg, nil)
        test.eq(e.message, "wait() hasn't returned yet")
    end
    test.eq(select('#', child:wait()), 0)
    test.eq(child.pid, nil)
    test.eq(child.exit_code, 3)
    test.eq(child.exit_signal, nil)
    child = shell 'kill -9 $$'
    child:wait()
    test.eq(child.exit_code, 137)
    test.eq(child.exit_signal, 9)
    child = shell 'exit 255'
    child:wait()
    test.eq(child.exit_code, 255)
end)

case('07.101 a child that ended is still there until it was waited for', function()
    local child = shell 'exit 5'
    helpers.eventually(function() return ended(child) end)
    test.eq(type(child.pid), 'number')
    child:kill(0)
    child:kill(15)
    test.raises_code(function() return child.exit_code end, EINVAL, 'generic')
    child:wait()
    test.eq(child.exit_code, 5)
end)

case('07.102 one fiber waits at a time', function()
    local child = shell 'exec sleep 1000'
    local waiter = spawn(function()
        child:wait()
        return child.exit_signal
    end)
    this_fiber.yield()
    local e = test.raises_code(function() child:wait() end, EBUSY, 'generic')
    test.eq(e.arg, nil)
    child:kill(9)
    test.eq(waiter:join(), 9)
    test.raises_code(function() child:wait() end, ECHILD, 'generic')
end)

case('07.103 an interrupted wait leaves the child as it is', function()
    local child = shell 'exec sleep 1000'
    local waiter = spawn(function() child:wait() end)
    this_fiber.yield()
    waiter:interrupt()
    waiter:join()
    test.eq(waiter.interruption_caught, true)
    child:kill(0)
    test.eq(type(child.pid), 'number')
    local again = spawn(function() child:wait() end)
    this_fiber.yield()
    child:kill(15)
    again:join()
    test.eq(child.exit_code, 143)
end)

case('07.103 wait is an interruption point, also for a child that has ended', function()
    local child = shell 'exit 1'
    helpers.eventually(function() return ended(child) end)
    local f = spawn(function() child:wait() end)
    f:interrupt()
    f:join()
    test.eq(f.interruption_caught, true)
    test.eq(type(child.pid), 'number')
    local careless = spawn(function()
        this_fiber.disable_interruption()
        child:wait()
        this_fiber.restore_interruption()
    end)
    careless:interrupt()
    careless:join()
    test.eq(child.exit_code, 1)
end)

case('07.104 kill: arguments and states', function()
    local child = shell 'exec sleep 1000'
    test.raises_string(function() child:kill('15') end, 'bad argument')
    test.raises_string(function() child:kill() end, 'bad argument')
    test.raises_string(function() child.kill(1, '15') end, 'bad argument')
    test.raises_code(function() child:kill(1000) end, EINVAL, 'system')
    for _, signo in ipairs { -1, 2 ^ 32 + 9, -2 ^ 32 + 9 } do
        test.raises_code(function() child:kill(signo) end, EINVAL, 'system')
    end
    test.eq(select('#', child:kill(0)), 0)
    child:kill(9.9)
    child:wait()
    test.eq(child.exit_signal, 9)
    test.raises_code(function() child:kill(9) end, ESRCH, 'generic')
    test.raises_code(function() child:kill(0) end, ESRCH, 'generic')
    test.raises_code(function() child:kill(1000) end, ESRCH, 'generic')
end)

case('07.104 wrong self', function()
    local child = shell 'exit 0'
    for _, f in ipairs { child.wait, child.kill, child.cap_get } do
        for _, wrong in ipairs { 1, {}, byte_span.new(1), 'x' } do
            test.raises_code(function() f(wrong, 1) end, EINVAL, 'generic', { arg = 1 })
        end
        test.raises_code(function() f(nil, 1) end, EINVAL, 'generic', { arg = 1 })
    end
    child:wait()
end)

case('07.104 cap_get', function()
    local child = p.sleeper()
    test.eq(getmetatable(child:cap_get()), 'linux_capabilities')
    test.eq(tostring(child:cap_get()), tostring(system.cap_get_proc()))
    child:kill(9)
    child:wait()
    test.raises_code(function() child:cap_get() end, ESRCH, 'generic')
    if not p.is_root then return end
    child = p.sleeper { ruid = 1000, euid = 1000 }
    test.eq(tostring(child:cap_get()), '=')
    child:kill(9)
    child:wait()
end)

case('07.105 stopping does not complete wait', function()
    local child = shell 'exec sleep 1000'
    local done = false
    local waiter = spawn(function()
        child:wait()
        done = true
    end)
    child:kill(19)
    helpers.eventually(function() return p.state_of(child.pid) == 'T' end)
    time.sleep(0.05)
    test.eq(done, false)
    child:kill(18)
    child:kill(15)
    waiter:join()
    test.eq(child.exit_code, 143)
    test.eq(child.exit_signal, 15)
end)

-- Another process gets the end of the child first, and keeps it. Returns what makes it let go; nil if it may not trace.
local function trace(child)
    local reader, writer = pipe.pair()
    local lifeline_end, lifeline = pipe.pair()
    local stdin, stdout = lifeline_end:release(), writer:release()
    local tracer = system.spawn { program = 'python3', environment = system.environment, stdin = stdin, stdout = stdout,
        stderr = 'share', arguments = { 'python3', '-c', ([[
import ctypes, os, sys
PTRACE_SEIZE = 0x4206
seized = ctypes.CDLL(None).ptrace(ctypes.c_long(PTRACE_SEIZE), ctypes.c_long(%d), None, None) == 0
os.write(1, b'1' if seized else b'0')
sys.stdin.read()]]):format(child.pid) } }
    stdin:close()
    stdout:close()
    local function let_go()
        lifeline:close()
        tracer:wait()
    end
    local answer = byte_span.new(1)
    reader:read_some(answer)
    reader:close()
    if tostring(answer) == '1' then return let_go end
    let_go()
end

case('07.103 wait for a traced child whose tracer has not seen its end yet', function()
    local child = p.sleeper()
    local let_go = trace(child)
    child:kill(9)
    helpers.eventually(function() return ended(child) end)
    local waiter = spawn(function() child:wait() end)
    time.sleep(0.05)
    test.eq(type(child.pid), 'number')
    waiter:interrupt()
    waiter:join()
    test.eq(waiter.interruption_caught, true)
    waiter = spawn(function() child:wait() end)
    time.sleep(0.05)
    if let_go then let_go() end
    waiter:join()
    test.eq(child.exit_signal, 9)
end)

case('07.106 a collected handle of a traced child', function()
    local let_go = trace(p.sleeper { signal_on_gcreaper = 9 })
    for _ = 1, 2 do collectgarbage() end
    time.sleep(0.05)
    if let_go then let_go() end
    helpers.eventually(function() return p.children() == 'none' end)
end)

case('07.106 a collected handle: SIGTERM, and the child is reaped', function()
    local pid = p.sleeper().pid
    collectgarbage()
    collectgarbage()
    helpers.eventually(function() return p.children() == 'none' end)
    test.eq(p.state_of(pid), nil)
end)

case('07.106 a collected handle: the signal asked for, or none', function()
    for signo, expected in pairs { [10] = 'USR1\n', [0] = 'end\n', [1000] = 'end\n', [-5] = 'end\n' } do
        local reader, writer = pipe.pair()
        writer = writer:release()
        system.spawn { program = 'sh', stdout = writer, signal_on_gcreaper = signo, environment = system.environment,
            arguments = { 'sh', '-c', 'trap "echo USR1; exit" USR1; trap "echo TERM; exit" TERM; echo ready; ' ..
                'until [ -e "$0" ]; do sleep 0.01; done; echo end', 'collected' .. signo } }
        writer:close()
        local buffer = byte_span.new(6)
        test.eq(reader:read_some(buffer), 6)
        collectgarbage()
        collectgarbage()
        p.write_file('collected' .. signo, '')
        test.eq(helpers.drain(reader), expected)
    end
    helpers.eventually(function() return p.children() == 'none' end)
end)

case('07.106 a hundred collected handles', function()
    for _ = 1, 100 do p.sleeper() end
    collectgarbage()
    collectgarbage()
    helpers.eventually(function() return p.children() == 'none' end)
end)

case('07.108 a fiber in wait keeps the handle', function()
    local status
    local f = spawn(function()
        local child = shell 'sleep 0.2; exit 4'
        local weak = setmetatable({ child }, { __mode = 'v' })
        child:wait()
        status = weak[1].exit_code
    end)
    for _ = 1, 10 do
        collectgarbage()
        time.sleep(0.01)
    end
    f:join()
    test.eq(status, 4)
    local waiter = spawn(function() shell('sleep 0.2; exit 4'):wait() end)
    for _ = 1, 10 do
        collectgarbage()
        time.sleep(0.01)
    end
    waiter:join()
    test.eq(waiter.interruption_caught, false)
end)

case('07.109 SIGCHLD in a signal set is observed, and wait gets the status', function()
    local set = system.signal.set.new(system.signal.SIGCHLD)
    local seen
    local observer = spawn(function() seen = set:wait() end)
    local child = shell 'exit 6'
    observer:join()
    child:wait()
    test.eq(seen, system.signal.SIGCHLD)
    test.eq(child.exit_code, 6)
    child = shell 'exit 7'
    child:wait()
    test.eq(set:wait(), system.signal.SIGCHLD)
    test.eq(child.exit_code, 7)
    set:remove(system.signal.SIGCHLD)
end)

case('07.110 the status was thrown away: ECHILD, no status', function()
    local SIGCHLD, SIG_IGN = 17, p.ffi.cast('void*', 1)
    p.C.signal(SIGCHLD, SIG_IGN)
    local child = shell 'exit 3'
    local ok, e = pcall(child.wait, child)
    -- A failing spawn and a collected handle are not bothered.
    local spawned = pcall(system.spawn, { program = '/nonexistent' })
    p.sleeper()
    collectgarbage()
    collectgarbage()
    helpers.eventually(function() return p.children() == 'none' end)
    p.C.signal(SIGCHLD, nil)
    test.eq(ok, false)
    test.eq(e.code, ECHILD)
    test.eq(tostring(e.category), 'system')
    test.eq(spawned, false)
    test.eq(child.pid, nil)
    test.raises_code(function() return child.exit_code end, EINVAL, 'generic')
    test.raises_code(function() return child.exit_signal end, EINVAL, 'generic')
    test.raises_code(function() child:wait() end, ECHILD, 'generic')
    test.raises_code(function() child:kill(0) end, ESRCH, 'generic')
end)

case('07.110 reaped by foreign code', function()
    local child = shell 'exit 3'
    helpers.eventually(function() return ended(child) end)
    local P_PID, WEXITED = 1, 4
    test.eq(p.C.waitid(P_PID, child.pid, p.ffi.new('int[32]'), WEXITED), 0)
    test.raises_code(function() child:wait() end, ECHILD, 'system')
    test.eq(child.pid, nil)
end)

case('07.100 many at once, in any order', function()
    local children, fibers = {}, {}
    for i = 1, 50 do children[i] = shell('exit ' .. i) end
    for i = 50, 1, -1 do
        fibers[i] = spawn(function()
            children[i]:wait()
            return children[i].exit_code
        end)
    end
    for i = 1, 50 do test.eq(fibers[i]:join(), i) end
end)

test.done()

-- system.spawn: the descriptors of the child, and of the parent afterwards.
local filesystem = require 'filesystem'
local pipe = require 'pipe'
local system = require 'system'
local test = require 'test'
local helpers = require 'helpers'
local p = require './_processes'

local case = p.case

-- The numbers that are open in a child.
local function numbers(opts)
    local script = 'n=0; while [ $n -le 60 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n + 1)); done'
    return (p.sh(script, opts):gsub('%s+', ' '):gsub(' $', ''))
end

case('07.81 without stdin there is nothing to read, without stdout nobody to write to', function()
    test.eq(p.run { program = 'cat', arguments = { 'cat' } }, '')
    local child = system.spawn { program = 'sh', arguments = { 'sh', '-c', 'echo x; echo y' },
        environment = system.environment }
    child:wait()
    test.eq(child.exit_signal, 13)
    child = system.spawn { program = 'sh', arguments = { 'sh', '-c', 'echo x >&2; echo y >&2' } }
    child:wait()
    test.eq(child.exit_signal, 13)
end)

case('07.82 the child has exactly 0, 1, 2 and what was asked for', function()
    local fds = {}
    for i = 1, 30 do fds[i] = p.open('/dev/null') end
    test.eq(numbers {}, '0 1 2')
    test.eq(numbers { extra_fds = { [3] = fds[1] } }, '0 1 2 3')
    test.eq(numbers { extra_fds = { [9] = fds[1], [5] = fds[30] } }, '0 1 2 5 9')
    test.eq(numbers { stdin = 'share', extra_fds = { [3] = fds[1], [4] = fds[1], [5] = fds[2], [6] = fds[3],
        [7] = fds[4], [8] = fds[5], [9] = fds[30] } }, '0 1 2 3 4 5 6 7 8 9')
    for _, fd in ipairs(fds) do fd:close() end
end)

case('07.82 descriptors without close-on-exec are not inherited either', function()
    local leaked = p.C.open('/dev/null', p.O_RDONLY) -- by a C library
    test.eq(numbers {}, '0 1 2')
    p.C.close(leaked)
end)

local function two_pipes()
    local r1, w1 = pipe.pair()
    local r2, w2 = pipe.pair()
    w1, w2 = w1:release(), w2:release()
    return r1, w1, r2, w2
end

case('07.83 descriptors may change places', function()
    local r1, w1, r2, high = two_pipes()
    local low = r1:release()
    r1 = pipe.read_stream.new(low:dup())
    low:close()
    local w2 = high:dup() -- where the first was
    high:close()
    local a, b = helpers.number(w1), helpers.number(w2)
    test.ok(a < 10 and b < 10, 'descriptors are low enough to be in the way: ' .. a .. ', ' .. b)
    local child = system.spawn { program = 'sh', arguments = { 'sh', '-c', ('echo to-a >&%d; echo to-b >&%d'):format(a, b) },
        extra_fds = { [a] = w2, [b] = w1 }, stderr = 'share' }
    w1:close() w2:close()
    test.eq(helpers.drain(r1), 'to-b\n')
    test.eq(helpers.drain(r2), 'to-a\n')
    child:wait()
end)

case('07.83 other numbers than those of the parent', function()
    local r1, w1, r2, w2 = two_pipes()
    local child = system.spawn { program = 'sh', arguments = { 'sh', '-c', 'echo three >&3; echo four >&4' },
        extra_fds = { [3] = w2, [4] = w1 }, stderr = 'share' }
    w1:close() w2:close()
    test.eq(helpers.drain(r1), 'four\n')
    test.eq(helpers.drain(r2), 'three\n')
    child:wait()
end)

case('07.83 keys outside of 3 to 9 are ignored', function()
    local fd = p.open('/dev/null')
    test.eq(numbers { extra_fds = { [0] = fd, [2] = fd, [10] = fd, x = fd, [3.5] = 'y' } }, '0 1 2')
    test.eq(numbers { extra_fds = { [2] = 'nonsense', [10] = 'nonsense' } }, '0 1 2')
    fd:close()
end)

case('07.83 a descriptor for several numbers, the standard ones included', function()
    local reader, writer = pipe.pair()
    writer = writer:release()
    local child = system.spawn { program = 'sh', arguments = { 'sh', '-c', 'echo 1; echo 2 >&2; echo 7 >&7' },
        stdout = writer, stderr = writer, extra_fds = { [7] = writer } }
    writer:close()
    child:wait()
    test.eq(helpers.drain(reader), '1\n2\n7\n')
end)

case('07.83 standard streams of the parent as extra descriptors, and changed places', function()
    local out, err = system.out:dup(), system.err:dup()
    local text = p.sh('readlink /proc/self/fd/3 /proc/self/fd/4', { extra_fds = { [3] = err, [4] = out },
        stderr = out, environment = system.environment })
    test.ok(#text > 0)
    out:close() err:close()
end)

case('07.84 descriptors of the parent are as they were', function()
    local reader, writer = pipe.pair()
    local fd = writer:release()
    local before = helpers.number(fd)
    for _ = 1, 3 do
        local child = system.spawn { program = 'sh', arguments = { 'sh', '-c', 'echo x' }, stdout = fd,
            extra_fds = { [5] = fd } }
        child:wait()
    end
    test.eq(helpers.number(fd), before)
    writer = pipe.write_stream.new(fd)
    require('stream').write_all(writer, 'y\n')
    writer:close()
    test.eq(helpers.drain(reader), 'x\nx\nx\ny\n')
end)

case('07.84 inherited descriptors are not in non-blocking mode', function()
    local text = p.sh('grep flags /proc/self/fdinfo/1', { environment = system.environment })
    test.eq(tonumber(text:match '(%d+)%s*$', 8) % 4096, 1)
end)

case('07.97 failures leave no process and no descriptor', function()
    local null = p.open('/dev/null')
    local failing = {
        { program = 'no-such-program' },
        { program = 'true', arguments = { 'true', ('x'):rep(1000000) } },
        { program = '/' },
        { program = 'true', working_directory = filesystem.path.new('/nonexistent') },
        { program = 'true', start_new_session = true, process_group = 0 },
        { program = 'true', setns_net = null },
        { program = 'true', landlock_restrict_self = null },
        { program = 'true', pdeathsig = 1000 },
        { program = 'true', start_new_session = true, set_ctty = null },
        { program = 'true', process_group = 0, foreground = null },
        { program = 'true', seccomp_set_mode_filter = byte_span.new(8) },
        { program = 'true', environment = { x = 1 } },
        { program = 'true', stdin = 'x' },
        { program = null },
    }
    collectgarbage()
    local before = test.fds()
    for _ = 1, 3 do
        for _, opts in ipairs(failing) do
            test.ok(not pcall(system.spawn, opts))
            test.eq(p.children(), 'none')
        end
    end
    test.eq(test.fds(), before)
    null:close()
end)

case('07.97 no descriptor left for the child: the error tells, nothing leaks', function()
    local before = test.fds()
    local ok, e = helpers.without_free_descriptors(function() return system.spawn { program = 'true' } end)
    test.eq(ok, false)
    test.eq(e.code, 24)
    test.eq(tostring(e.category), 'system')
    test.ok(e.step == 'clone' or e.step == 'stdin', e.step)
    test.eq(test.fds(), before)
end)

case('07.98 spawn works where suspension is forbidden', function()
    this_fiber.forbid_suspend()
    local ok, child = pcall(system.spawn, { program = 'true' })
    local waited, e = pcall(child.wait, child)
    this_fiber.allow_suspend()
    test.eq(ok, true)
    test.eq(waited, false)
    test.eq(e.code, 12)
    child:wait()
    test.eq(child.exit_code, 0)
end)

test.done()

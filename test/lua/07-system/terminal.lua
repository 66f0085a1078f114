-- Terminals of children (07 §12): serial_port.ptypair and system.spawn.
local test = require 'test'
local system = require 'system'
local serial_port = require 'serial_port'
local helpers = require 'helpers'
local generic = require 'generic_error'

local function is_hung_up(e) return e == generic.EIO and tostring(e.category) == 'system' end

-- What comes out of the master until `pattern` is in it.
local function expect(master, pattern)
    local buffer, text = byte_span.new(1000), ''
    while not text:find(pattern) do text = text .. tostring(buffer:slice(1, master:read_some(buffer))) end
    return text
end

local function on_terminal(script)
    local master, slave = serial_port.ptypair()
    local child = system.spawn{
        program = 'sh', arguments = { 'sh', '-c', script }, environment = system.environment,
        stdin = slave, stdout = slave, stderr = slave, start_new_session = true, set_ctty = slave,
    }
    slave:close()
    return master, child
end

test('07.90 a child with set_ctty can open /dev/tty', function()
    local master, child = on_terminal 'echo to-tty >/dev/tty; read line </dev/tty; echo "got $line"; tty'
    expect(master, 'to%-tty\r\n')
    master:write_some(byte_span.append 'a line\n')
    test.match(expect(master, 'pts'), 'got a line\r\n/dev/pts/%d+')
    child:wait()
    test.eq(child.exit_code, 0)
    master:close()
end)

test('07.90 the master reads EIO after all slaves closed', function()
    local master, child = on_terminal 'echo last words'
    expect(master, 'last words\r\n')
    for _ = 1, 3 do test.error(function() master:read_some(byte_span.new(1)) end, is_hung_up) end
    child:wait()
    master:close()
end)

test('07.90 without set_ctty there is no /dev/tty', function()
    local master, slave = serial_port.ptypair()
    local child = system.spawn{
        program = 'sh', arguments = { 'sh', '-c', '(: </dev/tty) 2>/dev/null || echo none' },
        stdin = slave, stdout = slave, stderr = slave, start_new_session = true,
    }
    slave:close()
    test.match(expect(master, '\n'), 'none')
    child:wait()
    master:close()
end)

test('07.90 keys send signals', function()
    local master, child = on_terminal 'echo ready; exec sleep 100'
    expect(master, 'ready')
    master:write_some(byte_span.append '\3')
    child:wait()
    test.eq({ child.exit_code, child.exit_signal }, { 130, 2 })
    master:close()
end)

test('07.90 closing the master hangs up', function()
    local master, child = on_terminal 'echo ready; exec sleep 100'
    expect(master, 'ready')
    master:close()
    child:wait()
    test.eq(child.exit_signal, system.signal.SIGHUP)
end)

test('07.90 an interactive shell', function()
    local master, slave = serial_port.ptypair()
    local sh = system.spawn{
        program = 'sh', arguments = { 'sh', '-i' }, environment = { PS1 = '> ', PATH = system.environment.PATH },
        stdin = slave, stdout = slave, stderr = slave, start_new_session = true, set_ctty = slave,
    }
    slave:close()
    expect(master, '> ')
    -- Before that the shell, or the child that it is yet, ignores the keys.
    local function job_runs()
        local group = master:tcgetpgrp()
        return group ~= sh.pid and helpers.read_file('/proc/' .. group .. '/comm') == 'sleep\n'
    end
    master:write_some(byte_span.append 'sleep 100\n')
    helpers.eventually(job_runs)
    master:write_some(byte_span.append '\26')
    expect(master, '[Ss]topped')
    master:write_some(byte_span.append 'fg\n')
    expect(master, 'sleep 100\r\n')
    helpers.eventually(job_runs)
    master:write_some(byte_span.append '\3')
    master:write_some(byte_span.append 'echo $((6 * 7)); exit 3\n')
    expect(master, '42\r\n')
    sh:wait()
    test.eq(sh.exit_code, 3)
    master:close()
end)

test('07.109 SIGCHLD in a set, and wait gets the status', function()
    local set = system.signal.set.new(system.signal.SIGCHLD)
    local child = system.spawn{ program = 'sh', arguments = { 'sh', '-c', 'exit 3' } }
    test.eq(set:wait(), system.signal.SIGCHLD)
    child:wait()
    test.eq(child.exit_code, 3)
    set:clear()
end)

test('07.85 children get default dispositions and an empty mask', function()
    local signal = system.signal
    signal.ignore(signal.SIGUSR2)
    local set = signal.set.new(signal.SIGUSR1, signal.SIGTERM)
    local master, child = on_terminal 'cat /proc/self/status; echo .'
    test.match(expect(master, '\n%.'), 'SigBlk:%s+0+%s+SigIgn:%s+0+%s+SigCgt:%s+0+%s')
    child:wait()
    set:clear()
    signal.default(signal.SIGUSR2)
    master:close()
end)

test.done()

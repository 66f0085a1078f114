-- system.spawn: controlling terminal and foreground group.
local pipe = require 'pipe'
local serial_port = require 'serial_port'
local system = require 'system'
local test = require 'test'
local helpers = require 'helpers'
local p = require './_processes'

local case, fails, refuses = p.case, p.fails, p.refuses

local ENOTTY = 25

case('07.89 set_ctty and foreground need their conditions, and exclude each other', function()
    local master, slave = serial_port.ptypair()
    refuses({ set_ctty = slave }, 'set_ctty')
    refuses({ set_ctty = slave, start_new_session = false }, 'set_ctty')
    refuses({ foreground = slave }, 'foreground')
    refuses({ foreground = 'stdin', process_group = 0 }, 'foreground')
    refuses({ foreground = 'stdin', process_group = 0, stdin = slave }, 'foreground')
    refuses({ foreground = 'stdin', stdin = 'share' }, 'foreground')
    refuses({ foreground = 'stdout', process_group = 0, stdin = 'share' }, 'foreground')
    refuses({ foreground = 'terminal', process_group = 0, stdin = 'share' }, 'foreground')
    refuses({ start_new_session = true, set_ctty = slave, process_group = 0, foreground = slave }, 'set_ctty/foreground')
    slave:close()
    master:close()
end)

case('07.89 on a pipe: ENOTTY', function()
    local reader, writer = pipe.pair()
    local fd = reader:release()
    fails({ start_new_session = true, set_ctty = fd }, ENOTTY, 'set_ctty')
    fails({ process_group = 0, foreground = fd }, ENOTTY, 'foreground')
    fd:close()
    writer:close()
end)

case('07.90 a child with set_ctty can open /dev/tty', function()
    local master, slave = serial_port.ptypair()
    local child = system.spawn { program = 'sh', arguments = { 'sh', '-c', 'echo to-tty >/dev/tty' }, stdin = slave,
        stdout = slave, stderr = slave, start_new_session = true, set_ctty = slave }
    slave:close()
    child:wait()
    test.eq(child.exit_code, 0)
    test.eq(helpers.drain(master), 'to-tty\r\n')
    -- Without it there is no such terminal.
    test.match(p.sh('(: </dev/tty) 2>/dev/null || echo none', { start_new_session = true }), 'none')
end)

case('07.90 a terminal of another session is not given away', function()
    local master, slave = serial_port.ptypair()
    local owner = p.sleeper { start_new_session = true, set_ctty = slave }
    local EPERM = 1
    if not p.is_root then -- root may steal it, if it asks for that
        fails({ start_new_session = true, set_ctty = slave }, EPERM, 'set_ctty')
    end
    owner:kill(9)
    owner:wait()
    slave:close()
    master:close()
end)

test.done()

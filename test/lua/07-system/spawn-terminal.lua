-- system.spawn: controlling terminal and foreground group.
local pipe = require 'pipe'
local system = require 'system'
local test = require 'test'
local p = require './_processes'

local case = p.case

local function refuses(opts, arg)
    opts.program = 'true'
    test.raises_code(function() system.spawn(opts) end, 22, 'generic', { arg = arg })
end

local ENOTTY = 25

case('07.89 set_ctty and foreground need their conditions, and exclude each other', function()
    local master, slave = p.terminal()
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
    p.C.close(master)
end)

case('07.89 on a pipe: ENOTTY', function()
    local reader, writer = pipe.pair()
    local fd = reader:release()
    test.raises_code(function() system.spawn { program = 'true', start_new_session = true, set_ctty = fd } end, ENOTTY,
        'system', { step = 'set_ctty' })
    test.raises_code(function() system.spawn { program = 'true', process_group = 0, foreground = fd } end, ENOTTY, 'system',
        { step = 'foreground' })
    fd:close()
    writer:close()
end)

case('07.90 a child with set_ctty can open /dev/tty', function()
    local master, slave = p.terminal()
    local child = system.spawn { program = 'sh', arguments = { 'sh', '-c', 'echo to-tty >/dev/tty' }, stdin = slave,
        stdout = slave, stderr = slave, start_new_session = true, set_ctty = slave }
    slave:close()
    child:wait()
    test.eq(child.exit_code, 0)
    local buffer = p.ffi.new('char[100]')
    test.eq(p.ffi.string(buffer, p.C.read(master, buffer, 100)), 'to-tty\r\n')
    p.C.close(master)
    -- Without it there is no such terminal.
    test.match(p.sh('(: </dev/tty) 2>/dev/null || echo none', { start_new_session = true }), 'none')
end)

case('07.90 a terminal of another session is not given away', function()
    local master, slave = p.terminal()
    local owner = p.sleeper { start_new_session = true, set_ctty = slave }
    local EPERM = 1
    if not p.is_root then -- root may steal it, if it asks for that
        test.raises_code(function() system.spawn { program = 'true', start_new_session = true, set_ctty = slave } end, EPERM,
            'system', { step = 'set_ctty' })
    end
    owner:kill(9)
    owner:wait()
    slave:close()
    p.C.close(master)
end)

test.done()

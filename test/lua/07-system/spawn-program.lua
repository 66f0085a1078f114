-- system.spawn: program, arguments, environment, and what happens when they are bad.
--@ env PATH=/usr/bin:/bin
local filesystem = require 'filesystem'
local generic_error = require 'generic_error'
local system = require 'system'
local test = require 'test'
local helpers = require 'helpers'
local p = require './_processes'

local path, case, fails, refuses = filesystem.path, p.case, p.fails, p.refuses

local ENOENT, E2BIG, ENOEXEC, EACCES, ENOTDIR = 2, 7, 8, 13, 20

case('07.76 spawn() and spawn("ls") are Lua errors', function()
    test.raises_string(function() system.spawn() end, 'bad argument')
    test.raises_string(function() system.spawn('ls') end, 'bad argument')
end)

case('07.76 spawn{} and a wrong type of every option report its name', function()
    refuses({}, 'program')
    local wrong = {
        program = { 1, true, {}, byte_span.new(1) },
        signal_on_gcreaper = { '15', {}, true, 0 / 0, 1e300 },
        arguments = { 'x', 1, { 1 }, { 'a', {} }, { 'a\0b' } },
        environment = { 'x', { 'x' }, { a = 1 }, { [true] = 'x' }, { a = 'x\0' }, { ['a\0'] = 'x' } },
        stdin = { 'x', '', 0, true, {}, byte_span.new(1) },
        stdout = { 'x', 1, {} },
        stderr = { 'stdout', 2, {} },
        extra_fds = { 'x', 1, { [3] = 'share' }, { [9] = 1 } },
        scheduler = { 'batch', 1 },
        start_new_session = { 1, 'true' },
        set_ctty = { 'stdin', 0, true },
        process_group = { '0', true, 1e10 },
        foreground = { 'x', 0, true },
        ruid = { '0', -2, 2 ^ 32, 2 ^ 32 - 1, 0 / 0, true },
        euid = { '0', -2, 2 ^ 32 },
        rgid = { '0', {} },
        egid = { '0', {} },
        extra_groups = { 1, 'x', { 'x' }, { 1, '2' }, { -1 }, { 2 ^ 32 } },
        set_no_new_privs = { 1, 'true' },
        seccomp_set_mode_filter = { 'x', 1, byte_span.new(0), byte_span.new(7) },
        landlock_restrict_self = { 1, 'x', true },
        umask = { '18', true },
        working_directory = { '/', 1 },
        pdeathsig = { '9', true },
        setns_user = { 1, 'x' },
        setns_mount = { 1, 'x' },
        setns_uts = { 1, 'x' },
        setns_ipc = { 1, 'x' },
        setns_net = { 1, 'x' },
    }
    for option, values in pairs(wrong) do
        for _, value in ipairs(values) do
            refuses({ [option] = value }, option)
        end
    end
end)

case('07.76 a closed descriptor is reported by the name of its option', function()
    local fd = p.open('/dev/null')
    fd:close()
    for _, option in ipairs { 'program', 'stdin', 'stdout', 'stderr', 'landlock_restrict_self', 'working_directory',
        'setns_user', 'setns_mount', 'setns_uts', 'setns_ipc', 'setns_net' } do
        refuses({ [option] = fd }, option)
    end
    refuses({ program = 'true', extra_fds = { [4] = fd } }, 'extra_fds')
    refuses({ program = 'true', start_new_session = true, set_ctty = fd }, 'set_ctty')
    refuses({ program = 'true', process_group = 0, foreground = fd }, 'foreground')
end)

case('07.76 a descriptor that is being sent is busy', function()
    local unix = require 'unix'
    local a, b = unix.seqpacket_socket.pair()
    local buffer = byte_span.new(200000)
    -- Fill the socket, so that the next send stays pending.
    local filler = helpers.fill(function() a:send(buffer) end)
    local fd = p.open('/dev/null')
    local sender = spawn(function() a:send_with_fds(byte_span.append('x'), { fd }) end)
    this_fiber.yield()
    local e = test.raises_code(function() system.spawn { program = 'true', stdin = fd } end, 16, 'generic',
        { arg = 'stdin' })
    test.raises_code(function() system.spawn { program = fd } end, 16, 'generic', { arg = 'program' })
    test.raises_code(function() system.spawn { program = 'true', extra_fds = { [3] = fd } } end, 16, 'generic',
        { arg = 'extra_fds' })
    sender:interrupt() filler:interrupt()
    pcall(sender.join, sender) pcall(filler.join, filler)
    a:close() b:close() fd:close()
end)

case('07.76 the first bad option in the order of validation is reported', function()
    local order = { 'program', 'signal_on_gcreaper', 'arguments', 'environment', 'stdin', 'stdout', 'stderr', 'extra_fds',
        'scheduler', 'start_new_session', 'set_ctty', 'process_group', 'foreground', 'ruid', 'euid', 'rgid', 'egid',
        'extra_groups', 'set_no_new_privs', 'seccomp_set_mode_filter', 'landlock_restrict_self', 'umask',
        'working_directory', 'pdeathsig', 'setns_user', 'setns_mount', 'setns_uts', 'setns_ipc', 'setns_net' }
    local opts = {}
    for _, option in ipairs(order) do opts[option] = byte_span.new(0) end
    for _, option in ipairs(order) do
        refuses(opts, option)
        opts[option] = option == 'program' and 'true' or nil
    end
end)

case('07.76 options are read by indexing, once; lists are raw up to the first nil', function()
    local reads = {}
    local opts = setmetatable({}, { __index = function(_, key)
        reads[key] = (reads[key] or 0) + 1
        return ({ program = 'true', scheduler = setmetatable({}, { __index = { policy = 'batch' } }) })[key]
    end })
    local child = system.spawn(opts)
    child:wait()
    test.eq(child.exit_code, 0)
    for key, n in pairs(reads) do test.eq(n, 1, key) end
    local list = setmetatable({ 'printf', '%s,', 'a', 'b', nil, 'd' }, { __index = function() return 'x' end })
    test.eq(p.run { program = 'printf', arguments = list }, 'a,b,')
    -- An option that closes a descriptor while options are read.
    local fd = p.open('/dev/null')
    refuses(setmetatable({ program = 'true', stdin = fd }, { __index = function(_, key)
        if key == 'setns_net' then fd:close() end
    end }), 'stdin')
end)

case('07.76 extra arguments and unknown options are ignored', function()
    local child = system.spawn({ program = 'true', nonsense = 1, pd_daemon = 7 }, 'x', {})
    child:wait()
    test.eq(child.exit_code, 0)
end)

case('07.77 a name is looked up on the PATH of this process', function()
    test.eq(p.run { program = 'echo', arguments = { 'echo', 'x' }, environment = { PATH = '/nonexistent' } }, 'x\n')
    fails({ program = 'no-such-program' }, ENOENT, 'exec')
    fails({ program = '' }, ENOENT, 'exec')
    fails({ program = '/' }, EACCES, 'exec')
    fails({ program = '/bin/sh/x' }, ENOTDIR, 'exec')
    test.eq(select(2, pcall(system.spawn, { program = '/nonexistent' })), generic_error.ENOENT)
end)

case('07.77 a file that is not executable: EACCES; a broken interpreter line: ENOENT', function()
    p.write_file('plain', '#!/bin/sh\n', 420)
    fails({ program = './plain' }, EACCES, 'exec')
    fails({ program = path.new('plain') }, EACCES, 'exec')
    p.write_file('broken', '#!/no/such/interpreter\n', 493)
    fails({ program = './broken' }, ENOENT, 'exec')
    fails({ program = path.new('broken') }, ENOENT, 'exec')
end)

case('07.78 a path is not searched for; it is relative to the new directory', function()
    fails({ program = path.new('true') }, ENOENT, 'exec')
    p.C.mkdir('sub', 493)
    p.write_file('sub/tool', '#!/bin/sh\necho found\n', 493)
    fails({ program = path.new('tool') }, ENOENT, 'exec')
    test.eq(p.run { program = path.new('tool'), arguments = { 'tool' }, working_directory = path.new('sub') }, 'found\n')
    test.eq(p.run { program = './tool', arguments = { 'tool' }, working_directory = path.new('sub') }, 'found\n')
    refuses({ program = path.new('a\0b') }, 'program')
    refuses({ program = 'a\0b' }, 'program')
end)

case('07.79 a script without #! runs through the shell only by a string', function()
    p.write_file('script', 'echo "$# $1 $2"\n', 493)
    test.eq(p.run { program = './script', arguments = { 'whatever', 'a', 'b c' } }, '2 a b c\n')
    test.eq(p.run { program = './script' }, '0  \n')
    fails({ program = path.new('script') }, ENOEXEC, 'exec')
end)

case('07.80 a descriptor of a program runs it, whatever its number', function()
    local pipe = require 'pipe'
    local reader, writer = pipe.pair()
    writer = writer:release()
    for _, target in ipairs { 3, 5, 9 } do
        -- The program's descriptor has a number that the child uses for something else.
        local n = p.C.open('/bin/echo', p.O_RDONLY)
        local program = helpers.descriptor(n)
        local extra = {}
        for i = 3, 9 do extra[i] = writer end
        local child = system.spawn { program = program, arguments = { 'echo', 'x' }, stdout = writer, extra_fds = extra }
        child:wait()
        test.eq(child.exit_code, 0)
        test.ok(helpers.number(program) > 0)
        program:close()
    end
    writer:close()
    test.eq(helpers.drain(reader), 'x\nx\nx\n')
end)

case('07.80 a descriptor of a script: ENOENT; of a directory: EACCES', function()
    p.write_file('with-line', '#!/bin/sh\n', 493)
    local fd = p.open('with-line')
    fails({ program = fd }, ENOENT, 'exec')
    fd:close()
    local directory = p.open('/')
    fails({ program = directory }, EACCES, 'exec')
    directory:close()
end)

case('07.81 without environment there is none; = in a name is not checked', function()
    test.eq(p.run { program = 'env', arguments = { 'env' } }, '')
    test.eq(p.run { program = 'env', arguments = { 'env' }, environment = { A = 'b' } }, 'A=b\n')
    test.eq(p.run { program = 'env', arguments = { 'env' }, environment = { ['A=x'] = 'b' } }, 'A=x=b\n')
    test.eq(p.sh('echo "$LONG" | wc -c', { environment = { PATH = '/bin:/usr/bin', LONG = ('x'):rep(50000) } }), '50001\n')
end)

case('07.81 without arguments argv is empty', function()
    local text = p.run { program = '/bin/cat', arguments = { 'cat', '/proc/self/cmdline' } }
    test.eq(text, 'cat\0/proc/self/cmdline\0')
    local child = system.spawn { program = 'true' }
    child:wait()
    test.eq(child.exit_code, 0)
end)

case('07.99 arguments that are too long: E2BIG; with a null byte: EINVAL', function()
    fails({ program = 'true', arguments = { 'true', ('x'):rep(1000000) } }, E2BIG, 'exec')
    refuses({ program = 'true', arguments = { 'true', 'a\0b' } }, 'arguments')
    local many = {}
    for i = 1, 100 do many[i] = ('x'):rep(1000) end
    table.insert(many, 1, 'printf')
    table.insert(many, 2, '%s')
    test.eq(#p.run { program = 'printf', arguments = many }, 100000)
end)

case('07.77 a vanished working directory', function()
    p.C.mkdir('gone', 493)
    local fd = p.open('gone', p.O_DIRECTORY)
    p.C.rmdir('gone')
    fails({ program = 'true', working_directory = path.new('gone') }, ENOENT, 'chdir')
    -- By descriptor it can be entered, but nothing is in it.
    fails({ program = path.new('x'), working_directory = fd }, ENOENT, 'exec')
    fd:close()
end)

test.done()

-- The recipes of the tutorial doc/tutorial/sandbox.adoc. recipes-as-user.lua runs them once more.
--@ need userns landlock seccomp tty cmd:ip
local inbox = require 'inbox'
local serial_port = require 'serial_port'
local stream = require 'stream'
local system = require 'system'
local test = require 'test'
local unix = require 'unix'
local helpers = require 'helpers'
local s = require './_sandbox'

local kinds = { 'pid', 'mount', 'net', 'uts', 'ipc' }
local function all_namespaces()
    local options = { newns_user = true }
    for _, kind in ipairs(kinds) do options['newns_' .. kind] = true end
    return options
end

local WHO = s.probe .. [[
    local system = require 'system'
    print(slurp('/proc/self/status'):match('\nUid:\t(%d+)') .. ' ' .. slurp('/proc/self/uid_map'))
]]

test('03.78 R1 a user namespace, self-mapped', function()
    local map = s.output(WHO, s.MAP, { newns_user = true })
    test.match(map, '^0%s+0%s+' .. (s.is_root and '0' or '%d+') .. '%s+1\n\n$')
    test.eq(s.output(WHO, '', { newns_user = true }), '65534 \n')
    test.match(s.output(s.probe .. [[ print(slurp('/proc/self/status')) ]], s.MAP .. "C.cap_set_proc('=')",
        { newns_user = true }), 'CapEff:\t0+\n')
end)

test('03.78 R2 a map that the host writes', function()
    local uid, gid = s.MAP:match("uid_map.-'0 (%d+) 1"), s.MAP:match("gid_map.-'0 (%d+) 1")
    local channel, socket, reader = s.spawn_synced(WHO, [[
        send_with_fd(arg, 'u', C.open('/proc/self/uid_map', C.O_WRONLY))
        C.write(C.open('/proc/self/setgroups', C.O_WRONLY), 'deny')
        send_with_fd(arg, 'g', C.open('/proc/self/gid_map', C.O_WRONLY))
        if C.read(arg, 1) ~= '!' then error('host gave up') end
    ]], { newns_user = true })
    s.fill(s.take_fd(socket), ('0 %d 1\n'):format(uid))
    s.fill(s.take_fd(socket), ('0 %d 1\n'):format(gid))
    socket:send(byte_span.append('!'))
    socket:close()
    test.match(helpers.drain(reader), '^0%s+0%s+' .. uid .. '%s+1\n\n$')
    channel:close()
end)

test('03.78 R4 a network namespace with loopback up', function()
    local channel, socket, reader = s.spawn_synced([[
        local ip = require 'ip'
        local acceptor = ip.tcp.acceptor.new()
        local address = ip.address.new('127.0.0.1')
        acceptor:open('v4')
        acceptor:bind(address, 4000)
        acceptor:listen()
        local client = ip.tcp.socket.new()
        client:connect(address, 4000)
        print(acceptor:accept().remote_address, #ip.host_name() > 0)
    ]], s.MAP .. [[
        send_with_fd(arg, '.', C.open('/proc/self/ns/user', C.O_RDONLY))
        send_with_fd(arg, '.', C.open('/proc/self/ns/net', C.O_RDONLY))
        C.read(arg, 1)
    ]], { newns_user = true, newns_net = true })
    local userns, netns = s.take_fd(socket), s.take_fd(socket)
    local ip = system.spawn{ program = 'ip', arguments = { 'ip', 'link', 'set', 'dev', 'lo', 'up' },
        environment = system.environment, stderr = 'share', setns_user = userns, setns_net = netns }
    ip:wait()
    test.eq(ip.exit_code, 0)
    userns:close()
    netns:close()
    socket:close()
    test.eq(helpers.drain(reader), '127.0.0.1\ttrue\n')
    channel:close()
end)

test('03.78 R5 a PID namespace', function()
    local channel, reader = s.start([[
        local system = require 'system'
        print(system.getpid(), system.getppid())
        require('inbox'):receive()
    ]], s.MAP, { newns_user = true, newns_pid = true })
    test.ok(channel.child_pid > 2)
    channel:send('go on')
    test.eq(helpers.drain(reader), '2\t1\n')

    local channel, reader = s.start([[ require('inbox'):receive() ]], s.MAP, { newns_user = true, newns_pid = true })
    channel:kill()
    test.eq(helpers.drain(reader), '')
end)

test('03.78 a session of its own keeps a signal to the group inside', function()
    local code = [[
        local ffi = require 'ffi'
        ffi.cdef 'int kill(int, int);'
        ffi.C.kill(0, 9)
    ]]
    test.eq(s.output(code, s.MAP .. 'C.setsid()', { newns_user = true, newns_pid = true }), '')
end)

test('03.78 R6 a full container', function()
    local options, out = s.actor('', all_namespaces())
    local mine, theirs = unix.seqpacket_socket.pair()
    theirs = theirs:release()
    options.init = { arg = theirs, script = s.MAP .. [[
        C.mount(nil, '/', nil, bit.bor(C.MS_PRIVATE, C.MS_REC))
        C.mount('tmpfs', '/mnt', 'tmpfs', 0, 'mode=0755')
        C.mkdir('/mnt/old', mode(7, 0, 0))
        C.mkdir('/mnt/proc', mode(5, 5, 5))
        C.mount('proc', '/mnt/proc', 'proc', bit.bor(C.MS_NOSUID, C.MS_NODEV, C.MS_NOEXEC))
        C.chdir('/mnt') C.pivot_root('.', 'old') C.chroot('.') C.chdir('/')
        C.umount2('/old', C.MNT_DETACH)
        send_with_fd(arg, '.', C.open('/app.lua', bit.bor(C.O_WRONLY, C.O_CREAT, C.O_EXCL), mode(6, 0, 0)))
        C.read(arg, 1)
        C.sethostname('box') C.setdomainname('box.example')
        C.cap_set_proc('=') set_no_new_privs()
    ]] }
    local channel = spawn_vm{ module = '/app.lua', subprocess = options }
    options.stdout:close()
    theirs:close()
    s.fill(s.take_fd(mine), s.probe .. [[
        local host = require('inbox'):receive()
        local ffi, system = require 'ffi', require 'system'
        ffi.cdef[=[
            struct dirent { uint64_t ino; int64_t off; unsigned short reclen; unsigned char type; char name[256]; };
            void* opendir(const char*);
            struct dirent* readdir(void*);
            int closedir(void*);
        ]=]
        local function list(path)
            local names, dir = {}, ffi.C.opendir(path)
            while true do
                local entry = ffi.C.readdir(dir)
                if entry == nil then break end
                local name = ffi.string(entry.name)
                if name:sub(1, 1) ~= '.' then names[#names + 1] = name end
            end
            ffi.C.closedir(dir)
            table.sort(names)
            return names
        end
        local processes = {}
        for _, name in ipairs(list '/proc') do if tonumber(name) then processes[#processes + 1] = name end end
        local status = slurp '/proc/self/status'
        host:send{
            host_name = require('ip').host_name(),
            domain = slurp('/proc/sys/kernel/domainname'),
            pid = system.getpid(),
            root = table.concat(list '/', ' '),
            old = #list '/old',
            processes = table.concat(processes, ' '),
            interfaces = slurp('/proc/net/dev'):gsub('[^\n]+\n', '', 2):gsub(':.-\n', ' '),
            uid = status:match('\nUid:\t(%d+)'),
            capabilities = status:match('\nCapPrm:\t(%x+)'),
            no_new_privs = status:match('\nNoNewPrivs:\t(%d)'),
        }
    ]])
    mine:close()
    channel:send(inbox)
    local inside = inbox:receive()
    -- PID 1, the actor, and its fork server.
    test.eq(inside, { host_name = 'box', domain = 'box.example\n', pid = 2, root = 'app.lua old proc', old = 0,
        processes = '1 2 3', interfaces = '    lo ', uid = '0', capabilities = ('0'):rep(16), no_new_privs = '1' })
    test.eq(helpers.drain(out), '')
    channel:close()
    test.raises_code(function() inbox:receive() end, 16, 'emilua.core') -- nobody has our address any more
end)

local LANDLOCK = [[
    local all = {'execute','write_file','read_file','read_dir','remove_dir','remove_file','make_char','make_dir','make_reg','make_sock','make_fifo','make_block','make_sym'}
    local abi = C.landlock_create_ruleset(nil, {'version'})
    if abi >= 2 then all[#all + 1] = 'refer' end
    if abi >= 3 then all[#all + 1] = 'truncate' end
    local rules = C.landlock_create_ruleset{ handled_access_fs = all }
    if '%s' ~= '' then
        C.landlock_add_rule(rules, 'path_beneath', {
            parent_fd = C.open('%s', bit.bor(C.O_PATH, C.O_DIRECTORY)), allowed_access = {'read_file', 'read_dir'} })
    end
    set_no_new_privs()
    C.landlock_restrict_self(rules)
]]

test('03.78 03.60 R7 Landlock only', function()
    if test.sanitizer then return test.skipped 'its leak check needs /proc' end
    local script = LANDLOCK:format(s.directory, s.directory)
    test.eq(s.output(s.probe .. ([[
        print(slurp('/etc/passwd'), try('open', '/etc', 0), try('mkdir', '/tmp/never', 448))
        print(#slurp('%s') > 0)
    ]]):format(s.module), script), 'errno 13\t13\t13\ntrue\n')
end)

local function u16(n) return string.char(n % 256, math.floor(n / 256) % 256) end
local function ins(code, jt, jf, k) return u16(code) .. string.char(jt, jf) .. u16(k % 65536) .. u16(math.floor(k / 65536)) end
local function deny(nrs)
    local p = { ins(0x20, 0, 0, 4), ins(0x15, 1, 0, 0xC000003E), ins(0x06, 0, 0, 0x80000000), ins(0x20, 0, 0, 0) }
    for i, nr in ipairs(nrs) do p[#p + 1] = ins(0x15, #nrs - i + 1, 0, nr) end
    p[#p + 1] = ins(0x06, 0, 0, 0x7FFF0000); p[#p + 1] = ins(0x06, 0, 0, 0x00050001)
    return table.concat(p)
end

test('03.78 03.61 R8 seccomp only', function()
    local code = s.probe .. [[ print(try('mkdir', '/nowhere/x', 448), #slurp('/proc/self/status') > 0) ]]
    test.eq(s.output(code), '2\ttrue\n')
    test.eq(s.output(code, ('set_no_new_privs() C.seccomp_set_mode_filter(%q)'):format(deny{ 83 })), '1\ttrue\n')
    -- The same through a descriptor.
    local channel, socket, reader = s.spawn_synced(code, [[
        set_no_new_privs() C.seccomp_set_mode_filter(C.read(arg, 4096))
    ]])
    socket:send(byte_span.append(deny{ 83 }))
    test.eq(helpers.drain(reader), '1\ttrue\n')
    socket:close()
    channel:close()
end)

test('03.78 R9 joining existing namespaces', function()
    local NAMES = s.probe .. [[
        ffi.cdef 'long readlink(const char*, char*, size_t);'
        local buffer = ffi.new('char[100]')
        local function namespace(kind)
            return ffi.string(buffer, ffi.C.readlink('/proc/self/ns/' .. kind, buffer, 100))
        end
        require('inbox'):receive()
        print(namespace 'user' .. ' ' .. namespace 'uts' .. ' ' .. require('ip').host_name())
    ]]
    local owner, owner_socket, owner_out = s.spawn_synced(NAMES, s.MAP .. [[
        send_with_fd(arg, 'user', C.open('/proc/self/ns/user', C.O_RDONLY))
        send_with_fd(arg, 'uts', C.open('/proc/self/ns/uts', C.O_RDONLY))
        C.sethostname('shared')
    ]], { newns_user = true, newns_uts = true })
    local joiner, joiner_socket, joiner_out = s.spawn_synced(NAMES, [[
        local kinds = { user = C.CLONE_NEWUSER, uts = C.CLONE_NEWUTS }
        for i = 1, 2 do local name, fd = receive_with_fd(arg, 8); C.setns(fd, kinds[name]) end
        C.read(arg, 1)
    ]])
    local buffer = byte_span.new(8)
    for _ = 1, 2 do
        local n, fds = owner_socket:receive_with_fds(buffer, 1)
        joiner_socket:send_with_fds(buffer:slice(1, n), fds)
        fds[1]:close()
    end
    -- The name is set by now: the owner's end of the socket is gone when its script has ended.
    test.raises_code(function() owner_socket:receive(buffer) end, 2, 'asio.misc')
    joiner_socket:close()
    owner:send('go on')
    joiner:send('go on')
    local seen = helpers.drain(owner_out)
    test.match(seen, '^user:%[%d+%] uts:%[%d+%] shared\n$')
    test.eq(helpers.drain(joiner_out), seen)
    owner_socket:close()
    owner:close()
    joiner:close()
end)

test('03.78 03.59 R10 another program', function()
    local function run(script, options)
        local reader
        options, reader = s.actor('', options)
        options.init = { script = script }
        local channel = spawn_vm{ subprocess = options }
        options.stdout:close()
        return channel, reader
    end
    local channel, reader = run(s.MAP .. [[ C.execve('/bin/sh', {'sh', '-c', 'exec id -u'}, {PATH = '/bin:/usr/bin'}) ]],
        { newns_user = true })
    test.eq(helpers.drain(reader), '0\n')
    -- EPIPE or ECONNRESET: the inbox was closed by exec.
    local e = test.throws(function() for _ = 1, 2 do channel:send(1) end end)
    test.ok(e.code == 32 or e.code == 104)
    channel:close()

    channel, reader = run(s.MAP .. [[
        C.fexecve(C.open('/bin/sh', bit.bor(C.O_PATH, C.O_CLOEXEC)), {'tool', '-c', 'echo $$ $0 $A; read x'}, {A = 'a b'})
    ]], { newns_user = true, newns_pid = true })
    test.eq(helpers.drain(reader), '1 tool a b\n')
    channel:close()

    channel, reader = run([[ C.execve('/bin/sleep', {'sleep', '60'}) ]])
    test.ok(channel.child_pid > 1)
    channel:kill()
    test.eq(helpers.drain(reader), '')
end)

test('03.78 R11 a controlling terminal', function()
    local CODE = [[
        local system = require 'system'
        local ffi = require 'ffi'
        ffi.cdef 'int open(const char*, int, ...); int isatty(int);'
        local pid = system.getpid()
        print(pid, system.getsid(0), ffi.C.isatty(0), ffi.C.open('/dev/tty', 2) >= 0)
    ]]
    local master, slave = serial_port.ptypair()
    local channel = spawn_vm{ module = s.module, subprocess = { stdin = slave, stdout = slave, stderr = slave,
        newns_user = true, newns_pid = true, environment = { CODE = CODE },
        init = { script = "C.setsid() C.open('/proc/self/fd/0', C.O_RDWR)" } } }
    slave:close()
    local line = stream.scanner.new{ stream = master }:get_line()
    test.match(tostring(line), '^2\t1\t1\ttrue')
    channel:close()
    master:close()

    -- Without a terminal of its own it is cut off.
    test.eq(s.output([[
        local ffi = require 'ffi'
        ffi.cdef 'int open(const char*, int, ...);'
        print(ffi.C.open('/dev/tty', 2), ffi.errno())
    ]], 'C.setsid()'), '-1\t6\n')
end)

test.done()

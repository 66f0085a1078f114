#!/usr/bin/env emilua
-- Runs a command in a container, as bwrap or `docker run --rm` do: emilua box.lua COMMAND [ARG]...
-- Read-only root with the host's /usr, an own /tmp, /proc, /dev, hostname, no network, limits; the status is the command's.
--@ need userns cmd:busybox !sanitizer
--@ test 03.78 R14 the command's output and status
--@ run $EMILUA $FILE busybox sh -c 'hostname; id -u; echo one two; exit 3'
--@ status 3
--@ stdout box
--@ stdout 0
--@ stdout one two
--@ test 03.78 R14 the root is read-only, /tmp isn't, and there are no processes and networks but its own
--@ run $EMILUA $FILE busybox sh -c 'busybox touch /x; echo y >/tmp/y; busybox cat /tmp/y; test -d /proc/3 -a ! -e /proc/9; echo $?; busybox ls /sys/class/net /root' 2>&1
--@ status 1
--@ stdout touch: /x: Read-only file system
--@ stdout y
--@ stdout 0
--@ stdout ls: /sys/class/net: No such file or directory
--@ stdout ls: /root: No such file or directory
--@ test 03.78 R14 limits
--@ run $EMILUA $FILE busybox sh -c 'ulimit -n; while :; do :; done'
--@ status 137
--@ stdout 64
--@ test 03.78 R14 standard input; no command
--@ run echo hello | $EMILUA $FILE busybox cat; $EMILUA $FILE
--@ status 2
--@ stdout hello
--@ stderr usage: box.lua COMMAND [ARG]...
--@ test 03.78 R14 nothing is left when the host is killed
--@ run ($EMILUA $FILE busybox sh -c 'echo started; exec busybox sleep 100' & sleep 0.5; kill -9 $!) 2>/dev/null | cat
--@ stdout started
--@ test 03.78 R14 a command that isn't there
--@ run $EMILUA $FILE nonsense
--@ status 127
--@ stderr nonsense: No such file or directory
local inbox = require 'inbox'
local stream = require 'stream'
local system = require 'system'

local function say(text) stream.write_all(system.err, text .. '\n') end

-- tag::guest[]
-- Inside: process 2 of the container, without any rights, starts the command and tells how it ended.
if _CONTEXT == 'worker' then
    local host = inbox:receive()
    -- Nobody can send any more when the host was killed: end, and so end the container.
    local watcher = spawn(function()
        pcall(inbox.receive, inbox)
        system.exit(1, { force = 2 })
    end)
    local arguments = {}
    for i = 1, tonumber(system.environment.COUNT) do arguments[i] = system.environment['ARG' .. i] end
    local ok, child = pcall(system.spawn, {
        program = arguments[1], arguments = arguments,
        environment = { PATH = '/usr/bin:/bin', HOME = '/tmp', TERM = system.environment.TERM },
        stdin = 'share', stdout = 'share', stderr = 'share',
    })
    if ok then
        child:wait()
    else
        say(arguments[1] .. ': ' .. tostring(child))
    end
    host:send(ok and child.exit_code or 127)
    watcher:interrupt()
    return
end
-- end::guest[]

-- tag::host[]
local _, euid = system.getresuid()
local _, egid = system.getresgid()
local SCRIPT = ([[
    C.write(C.open('/proc/self/setgroups', C.O_WRONLY), 'deny')
    C.write(C.open('/proc/self/uid_map', C.O_WRONLY), '0 %d 1\n')
    C.write(C.open('/proc/self/gid_map', C.O_WRONLY), '0 %d 1\n')

    local NEW, SAFE = '/mnt', bit.bor(C.MS_NOSUID, C.MS_NODEV)
    C.mount(nil, '/', nil, bit.bor(C.MS_PRIVATE, C.MS_REC))
    C.mount('tmpfs', NEW, 'tmpfs', SAFE, 'mode=0755,size=1m')
    for _, name in ipairs{ 'dev', 'old', 'proc', 'tmp', 'usr' } do C.mkdir(NEW .. '/' .. name, mode(7, 5, 5)) end
    C.mount('proc', NEW .. '/proc', 'proc', bit.bor(SAFE, C.MS_NOEXEC))
    C.mount('tmpfs', NEW .. '/tmp', 'tmpfs', SAFE, 'mode=1777,size=16m')

    -- A file is bound onto a file. O_RDONLY: what is open for writing keeps the root from becoming read-only.
    local function bind_file(from, to)
        C.open(to, bit.bor(C.O_RDONLY, C.O_CREAT, C.O_CLOEXEC), mode(6, 6, 6))
        C.mount(from, to, nil, C.MS_BIND)
    end
    for _, name in ipairs{ 'null', 'zero', 'urandom' } do bind_file('/dev/' .. name, NEW .. '/dev/' .. name) end
    bind_file(%q, NEW .. '/app.lua')

    -- First bound, then made read-only: two steps for the kernel.
    C.mount('/usr', NEW .. '/usr', nil, C.MS_BIND)
    C.mount(nil, NEW .. '/usr', nil, bit.bor(C.MS_REMOUNT, C.MS_BIND, C.MS_RDONLY, SAFE))
    for _, name in ipairs{ 'bin', 'lib', 'lib64' } do C.symlink('usr/' .. name, NEW .. '/' .. name) end

    C.chdir(NEW)
    C.pivot_root('.', 'old')
    C.chroot('.')
    C.chdir('/')
    C.umount2('/old', C.MNT_DETACH)
    C.mount(nil, '/', nil, bit.bor(C.MS_REMOUNT, C.MS_BIND, C.MS_RDONLY, SAFE))
    C.sethostname('box')

    local ffi = require 'ffi'
    ffi.cdef 'struct rlimit { unsigned long soft, hard; }; int setrlimit(int, const struct rlimit *);'
    local RLIMIT_CPU, RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_AS = 0, 4, 7, 9
    local function limit(what, n) assert(ffi.C.setrlimit(what, ffi.new('struct rlimit', n, n)) == 0) end
    limit(RLIMIT_CPU, 1)                        -- seconds of each process
    limit(RLIMIT_CORE, 0)
    limit(RLIMIT_NOFILE, 64)
    limit(RLIMIT_AS, 1024 * 1024 * 1024)        -- bytes of each process

    C.setsid()                                  -- no way to the terminal's input
    C.cap_set_proc('=')
    set_no_new_privs()
]]):format(euid, egid, tostring(_FILE))

local environment = { COUNT = tostring(#system.arguments - 2), TERM = system.environment.TERM }
for i = 3, #system.arguments do environment['ARG' .. i - 2] = system.arguments[i] end
if environment.COUNT == '0' then
    say('usage: box.lua COMMAND [ARG]...')
    system.exit(2)
end

local container = spawn_vm{ module = '/app.lua', subprocess = {
    environment = environment, stdin = 'share', stdout = 'share', stderr = 'share',
    newns_user = true, newns_pid = true, newns_mount = true,
    newns_net = true, newns_uts = true, newns_ipc = true,
    init = { script = SCRIPT },
} }
container:send(inbox)
local stop = system.signal.set.new(system.signal.SIGINT, system.signal.SIGTERM)
spawn(function()
    local signo = stop:wait()
    container:kill()                            -- everything inside
    system.exit(128 + signo)
end):detach()
local ok, status = pcall(inbox.receive, inbox)
system.exit(ok and status or 1)                 -- not ok: it died, and has said why
-- end::host[]

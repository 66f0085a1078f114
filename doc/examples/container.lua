-- A container: a shell with files, processes, users and network of its own, on a terminal of its own.
--@ test 03.78 R12 a container with a shell
--@ need userns tty cmd:busybox
--@ stdout box
--@ stdout 0
--@ stdout bin old proc
--@ stdout 1 sh
--@ stdout lo
local serial_port = require 'serial_port'
local stream = require 'stream'
local system = require 'system'

-- tag::code[]
local _, euid = system.getresuid()
local _, egid = system.getresgid()
local SCRIPT = ([[
    C.write(C.open('/proc/self/setgroups', C.O_WRONLY), 'deny')
    C.write(C.open('/proc/self/uid_map', C.O_WRONLY), '0 %d 1\n')
    C.write(C.open('/proc/self/gid_map', C.O_WRONLY), '0 %d 1\n')

    -- The new root: a file system in memory, /proc, and one program of the host under the names that it knows.
    C.mount(nil, '/', nil, bit.bor(C.MS_PRIVATE, C.MS_REC))
    C.mount('tmpfs', '/mnt', 'tmpfs', bit.bor(C.MS_NOSUID, C.MS_NODEV), 'mode=0755,size=16m')
    for _, name in ipairs{ 'bin', 'old', 'proc' } do C.mkdir('/mnt/' .. name, mode(7, 5, 5)) end
    C.mount('proc', '/mnt/proc', 'proc', bit.bor(C.MS_NOSUID, C.MS_NODEV, C.MS_NOEXEC))
    C.open('/mnt/bin/busybox', bit.bor(C.O_WRONLY, C.O_CREAT, C.O_CLOEXEC), mode(7, 5, 5))
    C.mount('/usr/bin/busybox', '/mnt/bin/busybox', nil, C.MS_BIND)
    for name in ('sh ls cat ps id hostname stty'):gmatch '%%S+' do C.symlink('busybox', '/mnt/bin/' .. name) end
    C.chdir('/mnt')
    C.pivot_root('.', 'old')
    C.chroot('.')
    C.chdir('/')
    C.umount2('/old', C.MNT_DETACH)

    -- The first terminal that a session leader opens is the one that controls it.
    C.setsid()
    C.open('/proc/self/fd/0', bit.bor(C.O_RDWR, C.O_CLOEXEC))

    C.sethostname('box')
    set_no_new_privs()
    C.execve('/bin/sh', {'sh'}, {PATH = '/bin', PS1 = '', TERM = 'dumb'})
]]):format(euid, egid)

local master, slave = serial_port.ptypair()
local shell = spawn_vm{ subprocess = {
    stdin = slave, stdout = slave, stderr = slave,
    newns_user = true, newns_pid = true, newns_mount = true,
    newns_net = true, newns_uts = true, newns_ipc = true,
    init = { script = SCRIPT },
} }
slave:close()
-- end::code[]

-- What somebody types; the terminal's echo is off first, and what comes before `begin` isn't shown.
stream.write_all(master, byte_span.append(table.concat({
    'stty -echo; echo be""gin',
    'hostname; id -u; echo $(ls /)',
    'ps -o pid,comm | while read pid name; do case $pid in 1) echo $pid $name;; esac; done',
    'cat /proc/net/dev | while read name rest; do case $name in *:) echo ${name%:};; esac; done',
    'exit', '',
}, '\n')))

-- A terminal whose last slave has gone raises EIO.
local buffer, parts = byte_span.new(4096), {}
while true do
    local ok, n = pcall(master.read_some, master, buffer)
    if not ok then break end
    parts[#parts + 1] = tostring(buffer:slice(1, n))
end
local text = table.concat(parts):gsub('\r', ''):gsub('^.*begin\n', '')
print((text:gsub('\n$', '')))

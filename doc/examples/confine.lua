-- A program that confines itself: from the middle on it can write below ./spool only, start no program, and listen nowhere.
--@ need landlock:4
--@ test 07.73 the example confine.lua
--@ file spool/old
--| something
--@ file secret
--| something
--@ stdout spool/old	may be written
--@ stdout secret	Permission denied
--@ stdout port 0	Permission denied
--@ stdout chroot	Operation not permitted
--@ stdout worker	Permission denied
local filesystem = require 'filesystem'
local inbox = require 'inbox'
local ip = require 'ip'
local system = require 'system'
local ffi = require 'ffi'

ffi.cdef 'int open(const char*, int, ...); int close(int); char* strerror(int);'
local O_WRONLY = 1

local function try_to_write(path)
    local fd = ffi.C.open(path, O_WRONLY)
    if fd < 0 then return ffi.string(ffi.C.strerror(ffi.errno())) end
    ffi.C.close(fd)
    return 'may be written'
end

if _CONTEXT == 'worker' then
    inbox:receive():send(try_to_write 'secret')
    return
end

-- A directory as a file_descriptor: any that is open for reading will do.
local function open_directory(path)
    local O_PATH = 0x200000
    local fd = ffi.C.open(path, O_PATH)
    assert(fd >= 0, path)
    local reader, writer = require('pipe').pair()
    writer:close()
    ffi.cdef 'int dup2(int, int);'
    local owner = reader:release()
    ffi.C.dup2(fd, tonumber(tostring(owner):match '%d+'))
    ffi.C.close(fd)
    return owner
end

local rules = system.landlock_create_ruleset {
    handled_access_fs = { 'execute', 'write_file', 'make_reg', 'make_dir', 'make_sym', 'remove_file', 'remove_dir' },
    handled_access_net = { 'bind_tcp' },
}
local spool = open_directory 'spool'
system.landlock_add_rule(rules, 'path_beneath', {
    allowed_access = { 'write_file', 'make_reg', 'remove_file' },
    parent_fd = spool,
})
spool:close()

system.cap_init():set_proc()            -- nothing is left of root's rights
system.set_no_new_privs()               -- nor can any be gained
system.landlock_restrict_self(rules)
rules:close()

print('spool/old', try_to_write 'spool/old')
print('secret', try_to_write 'secret')

local acceptor = ip.tcp.acceptor.new()
acceptor:open('v4')
print('port 0', select(2, pcall(acceptor.bind, acceptor, ip.address.loopback_v4(), 0)))
print('chroot', select(2, pcall(filesystem.chroot, filesystem.path.new 'spool')))

local worker = spawn_vm { module = '.', inherit_context = false }    -- VMs share the process: confined, too
worker:send(inbox)
print('worker', inbox:receive())

-- A child has the program's memory until it executes its program. Whoever may trace it could read and change that.
-- The search for this program takes long: a thousand times the same place, behind many symbolic links.
--@ run mkdir d; far=$(printf 'd/../%.0s' $(seq 700))
--@ run for i in $(seq 30); do ln -s "${far}link$((i + 1))" link$i; done
--@ run PATH=$(printf 'link1:%.0s' $(seq 1000)) exec $EMILUA $FILE
local ffi = require 'ffi'
local inbox = require 'inbox'
local system = require 'system'

ffi.cdef 'int open(const char*, int, ...); int close(int); long pread(int, void*, size_t, long);'
local O_RDWR = 2

local buffer = ffi.new 'char[65536]'
local function children(pid)
    local fd = ffi.C.open(('/proc/%d/task/%d/children'):format(pid, pid), 0)
    local size = ffi.C.pread(fd, buffer, 65536, 0)
    ffi.C.close(fd)
    return ffi.string(buffer, size)
end

if _CONTEXT == 'worker' then
    -- Has all rights in the user namespace that the child joins, and waits for it.
    local host = inbox:receive()
    local opened, tries = 0, 0
    host.reply:send 'waiting'
    while tries < 2000 do
        for pid in children(host.pid):gmatch '%d+' do
            if pid ~= host.fork_server then
                tries = tries + 1
                local memory = ffi.C.open('/proc/' .. pid .. '/mem', O_RDWR)
                if memory >= 0 then
                    opened = opened + 1
                    ffi.C.close(memory)
                end
            end
        end
    end
    host.reply:send(opened)
    return
end

local test = require 'test'
local unix = require 'unix'

test('07.94 the rights of its user namespace are not enough to trace the child', function()
    local _, uid = system.getresuid()
    local _, gid = system.getresgid()
    local fork_server = children(system.getpid()):match '%d+'
    local mine, theirs = unix.seqpacket_socket.pair()
    theirs = theirs:release()
    local ok, spy = pcall(spawn_vm, { module = tostring(_FILE), subprocess = {
        newns_user = true, stderr = 'share',
        init = { arg = theirs, script = ([[
            C.write(C.open('/proc/self/setgroups', C.O_WRONLY), 'deny')
            C.write(C.open('/proc/self/uid_map', C.O_WRONLY), '0 %d 1\n')
            C.write(C.open('/proc/self/gid_map', C.O_WRONLY), '0 %d 1\n')
            send_with_fd(arg, '.', C.open('/proc/self/ns/user', C.O_RDONLY))
        ]]):format(uid, gid) },
    } })
    theirs:close()
    if not ok then return test.skipped(tostring(spy)) end
    local _, namespaces = mine:receive_with_fds(byte_span.new(1), 1)
    spy:send{ pid = system.getpid(), fork_server = fork_server, reply = inbox }
    test.eq(inbox:receive(), 'waiting')

    local opened
    local answer = spawn(function() opened = inbox:receive() end)
    while not opened do
        test.error(function() system.spawn{ program = 'no-such-program', setns_user = namespaces[1] } end)
        this_fiber.yield()
    end
    answer:join()
    test.eq(opened, 0)
    namespaces[1]:close()
    mine:close()
    spy:close()
    inbox:close()
end)

test.done()

-- Runs plugins that nobody trusts, many at once: text of any size goes in, text comes out, or the deadline ends it.
--@ need userns
--@ test 03.78 R15 data of any size in both directions, errors, deadlines; plugins find nothing to spoil
--@ stdout upper: HELLO, WORLD
--@ stdout long: 1000000 bytes
--@ stdout wrong: plugin:1: boom
--@ stdout endless: no answer in 0.5 s
--@ stdout spy: No such file or directory
local pipe, stream, system = require 'pipe', require 'stream', require 'system'

-- All that comes, up to `limit` bytes and perhaps a few more.
local function read_to_end(input, limit)
    local parts, size, buffer = {}, 0, byte_span.new(65536)
    while size < limit do
        local ok, n = pcall(input.read_some, input, buffer)
        if not ok then break end
        parts[#parts + 1] = tostring(buffer:slice(1, n))
        size = size + n
    end
    return table.concat(parts)
end

-- tag::guest[]
-- The program of the sandbox, whose only file it is.
local GUEST = [[
    local pipe, stream = require 'pipe', require 'stream'

    local function read_to_end(fd)
        local input, parts, buffer = pipe.read_stream.new(fd), {}, byte_span.new(65536)
        while true do
            local ok, n = pcall(input.read_some, input, buffer)
            if not ok then return table.concat(parts) end
            parts[#parts + 1] = tostring(buffer:slice(1, n))
        end
    end

    local job = require('inbox'):receive()
    local plugin, result = loadstring(read_to_end(job.source), '=plugin')
    local ok = plugin ~= nil
    if ok then ok, result = pcall(plugin, read_to_end(job.input)) end
    stream.write_all(pipe.write_stream.new(job.output), (ok and '+' or '-') .. tostring(result))
]]
-- end::guest[]

-- tag::host[]
local time = require 'time'

-- The new root is empty but for the guest.
local _, euid = system.getresuid()
local _, egid = system.getresgid()
local SCRIPT = ([[
    C.write(C.open('/proc/self/setgroups', C.O_WRONLY), 'deny')
    C.write(C.open('/proc/self/uid_map', C.O_WRONLY), '0 %d 1\n')
    C.write(C.open('/proc/self/gid_map', C.O_WRONLY), '0 %d 1\n')
    C.mount(nil, '/', nil, bit.bor(C.MS_PRIVATE, C.MS_REC))
    C.mount('tmpfs', '/mnt', 'tmpfs', bit.bor(C.MS_NOSUID, C.MS_NODEV), 'mode=0755,size=1m')
    C.mkdir('/mnt/old', mode(7, 0, 0))
    write_all(C.open('/mnt/guest.lua', bit.bor(C.O_WRONLY, C.O_CREAT), mode(4, 0, 0)), %q)
    C.chdir('/mnt')
    C.pivot_root('.', 'old')
    C.chroot('.')
    C.chdir('/')
    C.umount2('/old', C.MNT_DETACH)
    C.setsid()
    C.cap_set_proc('=')
    set_no_new_privs()
]]):format(euid, egid, GUEST)

-- Writes in a fiber of its own: the other side may read late or never, then it raises EPIPE when it is gone.
local function feed(writer, text)
    spawn(function()
        pcall(stream.write_all, writer, text)
        writer:close()
    end):detach()
end

-- Returns the plugin's result, or nil and why there is none.
local function run(source, text, seconds)
    local actor = spawn_vm{ module = '/guest.lua', subprocess = {
        newns_user = true, newns_pid = true, newns_mount = true,
        newns_net = true, newns_uts = true, newns_ipc = true,
        init = { script = SCRIPT },
    } }
    -- Messages to processes are small. What is larger goes through pipes, whose ends travel in the message.
    local source_reader, source_writer = pipe.pair()
    local text_reader, text_writer = pipe.pair()
    local reader, result_writer = pipe.pair()
    local job = { source = source_reader:release(), input = text_reader:release(), output = result_writer:release() }
    actor:send(job)
    for _, fd in pairs(job) do fd:close() end           -- the actor has its copies
    feed(source_writer, source)
    feed(text_writer, text)

    local late = false
    local watchdog = spawn(function()
        time.sleep(seconds)
        late = true
        actor:kill()                                    -- ends the pipes, too
    end)
    local answer = read_to_end(reader, 2 ^ 24)          -- who is hostile may answer without end
    watchdog:interrupt()
    watchdog:join()
    pcall(actor.kill, actor)
    if late then return nil, ('no answer in %g s'):format(seconds) end
    if answer:sub(1, 1) == '+' then return answer:sub(2) end
    return nil, answer == '' and 'it died' or answer:sub(2)
end
-- end::host[]

local plugins = {
    { 'upper', 'return (...):upper()', 'Hello, world' },
    { 'long', 'return #(...) .. " bytes"', ('x'):rep(1000000) },
    { 'wrong', 'error "boom"', '' },
    { 'endless', 'while true do end', '', 0.5 },
    { 'spy', [[local ffi = require 'ffi' ffi.cdef 'int open(const char*, int); char* strerror(int);'
        return ffi.C.open('/etc/passwd', 0) < 0 and ffi.string(ffi.C.strerror(ffi.errno()))]], '' },
}
local runs = {}
for i, plugin in ipairs(plugins) do
    runs[i] = spawn(function()
        local result, reason = run(plugin[2], plugin[3], plugin[4] or 10)
        return plugin[1] .. ': ' .. (result or reason)
    end)
end
for _, fiber in ipairs(runs) do print(fiber:join()) end

-- Runs plugins that nobody trusts, many at once: text of any size goes in, text comes out, or the deadline ends it.
--@ need userns landlock
--@ test 03.78 R15 data of any size in both directions, errors, deadlines; plugins find nothing to spoil
--@ stdout upper: HELLO, WORLD
--@ stdout long: 1000000 bytes
--@ stdout wrong: plugin:1: boom
--@ stdout endless: no answer in 0.5 s
--@ stdout spy: Permission denied
local pipe, stream = require 'pipe', require 'stream'

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
if _CONTEXT == 'worker' then
    local job = require('inbox'):receive()
    local input, output = pipe.read_stream.new(job.input), pipe.write_stream.new(job.output)
    local source = read_to_end(pipe.read_stream.new(job.source), math.huge)
    local plugin, result = loadstring(source, '=plugin')
    local ok = plugin ~= nil
    if ok then ok, result = pcall(plugin, read_to_end(input, math.huge)) end
    stream.write_all(output, (ok and '+' or '-') .. tostring(result))
    output:close()
    return
end
-- end::guest[]

-- tag::host[]
local time = require 'time'

local SCRIPT = ([[
    local rights = {
        'execute', 'write_file', 'read_file', 'read_dir', 'remove_dir', 'remove_file', 'make_char',
        'make_dir', 'make_reg', 'make_sock', 'make_fifo', 'make_block', 'make_sym',
    }
    local abi = C.landlock_create_ruleset(nil, {'version'})
    if abi >= 2 then rights[#rights + 1] = 'refer' end
    if abi >= 3 then rights[#rights + 1] = 'truncate' end
    local rules = C.landlock_create_ruleset{ handled_access_fs = rights }
    C.landlock_add_rule(rules, 'path_beneath', {
        parent_fd = C.open(%q, C.O_PATH), allowed_access = { 'read_file' } })
    C.cap_set_proc('=')
    set_no_new_privs()
    C.landlock_restrict_self(rules)
]]):format(tostring(_FILE))

-- Writes in a fiber of its own: the other side may read late or never, then it raises EPIPE when it is gone.
local function feed(writer, text)
    spawn(function()
        pcall(stream.write_all, writer, text)
        writer:close()
    end):detach()
end

-- Returns the plugin's result, or nil and why there is none.
local function run(source, text, seconds)
    local actor = spawn_vm{ module = tostring(_FILE), subprocess = {
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

-- init.script, seen from the host and from the actor. What each function does: test/unit/init_script_calls_test.cpp.
local ffi = require 'ffi'
local system = require 'system'
local test = require 'test'
local time = require 'time'
local unix = require 'unix'
local helpers = require 'helpers'
local s = require './_sandbox'

local eof = 2

local function pair()
    local mine, theirs = unix.seqpacket_socket.pair()
    return mine, theirs:release()
end

test('03.53 arg', function()
    test.eq(s.output('', 'print(arg)'), 'nil\n')
    local mine, theirs = pair()
    test.eq(s.output('', [[
        local fd = io.open('/proc/self/fdinfo/' .. arg):read('*a'):match('flags:%s+(%d+)')
        print(type(arg), arg > 3 and arg % 1 == 0, bit.band(tonumber(fd, 8), C.O_CLOEXEC) ~= 0)
    ]], nil, theirs), 'number\ttrue\ttrue\n')
    -- Still ours, and no copy of it is left.
    local again = unix.seqpacket_socket.new(theirs)
    again:send(byte_span.append('x'))
    test.eq(mine:receive(byte_span.new(1)), 1)
    again:close()
    test.raises_code(function() mine:receive(byte_span.new(1)) end, eof, 'asio.misc')
    mine:close()
end)

test('03.53 the host reads end of file when the script fails', function()
    local mine, theirs = pair()
    local channel, reader = s.start('', "io.write('bye') os.exit(5)", nil, theirs)
    theirs:close()
    test.raises_code(function() mine:receive(byte_span.new(1)) end, eof, 'asio.misc')
    test.eq(helpers.drain(reader), 'bye')
    mine:close()
    channel:close()
end)

test('03.55 write_all on a full pipe finishes with a slow reader', function()
    local channel, reader = s.start([[ print('end') ]], [[
        local n, e = write_all(1, ('0123456789'):rep(30000))
        print(n, e)
    ]])
    time.sleep(0.05)
    local text = helpers.drain(reader)
    test.eq(#text, 300000 + #'300000\t0\nend\n')
    test.match(text, '^0123456789.*0123456789300000\t0\nend\n$')
    channel:close()
end)

test('03.55 the mask that the script sets is that of the actor', function()
    test.eq(s.output([[ local ffi = require 'ffi' ffi.cdef 'int umask(int);' print(ffi.C.umask(0)) ]],
        'print(C.umask(7))'), '18\t0\n7\n')
end)

-- Counts the runs of alternating bytes 0xb1 0x4e in all writable memory. To look for a string one would need it.
local SEARCH = [[
    local ffi = require 'ffi'
    ffi.cdef[=[
        int open(const char*, int, ...);
        long pread(int, void*, size_t, int64_t);
        long read(int, void*, size_t);
        int close(int);
    ]=]
    local function search()
        local maps, fd, chunk = {}, ffi.C.open('/proc/self/maps', 0), ffi.new('char[4096]')
        while true do
            local n = tonumber(ffi.C.read(fd, chunk, 4096))
            if n <= 0 then break end
            maps[#maps + 1] = ffi.string(chunk, n)
        end
        ffi.C.close(fd)
        local memory, size = ffi.C.open('/proc/self/mem', 0), 65536
        local buffer, found = ffi.new('uint8_t[?]', size), 0
        for first, last in table.concat(maps):gmatch('(%x+)%-(%x+) rw') do
            local position, last = tonumber(first, 16), tonumber(last, 16)
            local length = 0
            while position < last do
                local n = tonumber(ffi.C.pread(memory, buffer, math.min(size, last - position), position))
                if n <= 0 then break end
                for i = 0, n - 1 do
                    local wanted = length % 2 == 0 and 0xb1 or 0x4e
                    length = buffer[i] == wanted and length + 1 or 0
                    if length == 32 then found = found + 1 length = 0 end
                end
                position = position + n
            end
        end
        ffi.C.close(memory)
        return found
    end
]]
local secret = ('\177\78'):rep(32)
local SCRIPT = [[
    local secret = C.read(arg, 64)
    local copies = (secret .. 'x'):gsub('x', function(s) return s .. secret end)
    assert(#copies == 64 * 2 + 1 and #receive_with_fd(arg, 64) == 64)
]]

local function found_in(code, script)
    local mine, theirs = pair()
    local channel, reader = s.start(code, script, nil, theirs)
    theirs:close()
    mine:send(byte_span.append(secret))
    mine:send(byte_span.append(secret))
    local text = helpers.drain(reader)
    mine:close()
    channel:close()
    return text
end

-- A sanitizer's shadow memory is too much to search.
if test.sanitizer then
    test.skip("03.57 the script's secrets are not in the actor's memory", 'sanitizer')
else
    test("03.57 the script's secrets are not in the actor's memory", function()
        test.eq(found_in(SEARCH .. [[ print(search()) ]], SCRIPT), '0\n')
        -- The search does find what is there.
        local leak = SCRIPT .. [[
            local ffi = require 'ffi'
            ffi.cdef 'char* strdup(const char*);'
            ffi.C.strdup(secret)
        ]]
        test.match(found_in(SEARCH .. [[ print(search()) ]], leak), '^[1-9]')
    end)

    test('03.57 nor in that of a nested actor', function()
        test.eq(found_in(([[
            local system = require 'system'
            local child = spawn_vm{ module = %q, subprocess = { stdout = 'share', stderr = 'share',
                environment = { CODE = %q } } }
            child:detach()
        ]]):format(s.module, SEARCH .. [[ print(search()) ]]), SCRIPT), '0\n')
    end)
end

test('03.58 what the script opened is closed', function()
    local LIST = [[
        local _, kinds = require('test').fds()
        local names = {}
        for kind, n in pairs(kinds) do names[#names + 1] = n .. ' ' .. kind end
        table.sort(names)
        print(table.concat(names, '\n'))
    ]]
    local function descriptors(script, arg)
        local options, reader = s.actor(LIST)
        options.environment.EMILUA_PATH = system.environment.EMILUA_PATH
        options.init = script and { script = script, arg = arg }
        local channel = spawn_vm{ module = s.module, subprocess = options }
        options.stdout:close()
        local text = helpers.drain(reader)
        channel:close()
        return text
    end
    local mine, theirs = pair()
    local plain = descriptors()
    test.match(plain, 'pipe')
    test.eq(descriptors([[
        C.open('/etc/passwd', C.O_RDONLY)
        C.open('/', bit.bor(C.O_PATH, C.O_CLOEXEC))
        leaked = io.open('/etc/group')
        require('ffi').cdef 'int dup2(int, int);'
        require('ffi').C.dup2(0, 200)
    ]], theirs), plain)
    theirs:close()
    test.raises_code(function() mine:receive(byte_span.new(1)) end, eof, 'asio.misc')
    mine:close()
end)

test('03.38 the script of an actor of an actor finds nothing from 4 up', function()
    -- The actor between has a stderr of its own; the script must not find what kept its creator's.
    local script = 'errexit = false print(C.read(4, 0))'
    test.eq(s.output(([[
        local inbox = require 'inbox'
        local inner = spawn_vm{ module = require('system').arguments[2], subprocess = {
            stdout = 'share', stderr = 'share', init = { script = %q },
            environment = { CODE = "local inbox = require 'inbox' inbox:receive():send(1)" } } }
        inner:send(inbox)
        inbox:receive()
    ]]):format(script), nil, { stderr = system.err:dup() }), 'nil\t9\n')
end)

test('03.59 execve', function()
    local function run(script, options)
        local reader
        options, reader = s.actor('', options)
        options.init = { script = script }
        local channel = spawn_vm{ subprocess = options }
        options.stdout:close()
        local text = helpers.drain(reader)
        channel:close()
        return text
    end
    test.eq(run([[ C.execve('/usr/bin/printf', {'ignored', '%s|', '', 'b c', '\n'}, {A = 'b'}) ]]), '|b c|\n|')
    test.eq(run([[ C.execve('/usr/bin/env', nil, {A = '='}) ]]), 'A==\n')
    -- Without the inbox and what keeps an eye on the start; the last one is of ls.
    test.eq(run([[ C.execve('/bin/ls', {'ls', '/proc/self/fd'}) ]]), '0\n1\n2\n3\n')
    test.eq(run([[
        errexit = false
        print(C.execve('/nowhere', {'x'}))
        io.stdout:flush()
        C.execve('/bin/echo', {'echo', 'after all'})
    ]]), '-1\t2\nafter all\n')
    test.eq(run([[ C.execve('/bin/sh', {'sh', '-c', 'echo $$'}) ]], { newns_user = true, newns_pid = true }), '1\n')
end)

test('an actor goes on after errors that the script has handled', function()
    test.eq(s.output([[ print('actor') ]], [[
        errexit = false
        print(C.chdir('/nowhere'))
        print(pcall(function() return C.nonsense end))
        print(pcall(C.chdir))
    ]]), "-1\t2\nfalse\tkey not found\nfalse\tbad argument #1 to '?' (string expected, got no value)\nactor\n")
end)

test('what the script prints comes out once, before what the actor prints', function()
    for _, options in ipairs{ {}, { newns_user = true, newns_pid = true } } do
        test.eq(s.output([[ print('actor') ]], [[ io.write('script ') print('done') ]], options), 'script done\nactor\n')
    end
end)

test.done()

-- Confinement of this process, which is for good: each case is a process of its own (07 §9).
-- The leak checker of the sanitizers needs /proc, and to trace every thread: Landlock forbids that between domains.
-- ThreadSanitizer has a thread of its own, which blocks every signal: no call can be made on all threads.
--@ need !sanitizer:thread
--@ test 07.73 Landlock holds in every VM and child
--@ need landlock
--@ run $EMILUA $FILE landlock
--@ test 07.73 Landlock needs no_new_privs of those who are not root
--@ need landlock
--@ run $EMILUA $FILE privileges
--@ test 07.73 16 layers, then E2BIG
--@ need landlock
--@ run $EMILUA $FILE layers
--@ test 07.73 confined without access to /proc
--@ need landlock
--@ run $EMILUA $FILE blind
--@ env ASAN_OPTIONS=detect_leaks=0
--@ test 07.73 Landlock: ports
--@ need landlock:4
--@ run $EMILUA $FILE ports
--@ test 07.73 Landlock: signals
--@ need landlock:6
--@ run $EMILUA $FILE signals; exit $?
--@ test 07.73 Landlock: abstract sockets
--@ need landlock:6
--@ run $EMILUA $FILE sockets
--@ test 07.73 no_new_privs on every thread
--@ run $EMILUA $FILE no_new_privs
--@ test 07.74 a filter holds in every VM and child
--@ need seccomp
--@ run $EMILUA $FILE seccomp
--@ test 07.74 what is no filter
--@ need seccomp
--@ run $EMILUA $FILE no_filter
--@ test 07.74 a filter needs no_new_privs of those who are not root
--@ need seccomp
--@ run $EMILUA $FILE filter_privileges
--@ test 07.74 a thread with a filter of its own
--@ need seccomp
--@ run $EMILUA $FILE stray
--@ test 07.73 07.74 while another thread waits in the system with all signals blocked
--@ need landlock seccomp
--@ run $EMILUA $FILE resolver
--@ env ASAN_OPTIONS=detect_leaks=0
--@ test 07.73 changes while threads come and go
--@ need landlock
--@ run $EMILUA $FILE churn

local ffi = require 'ffi'
local ip = require 'ip'
local system = require 'system'
local test = require 'test'
local time = require 'time'
local unix = require 'unix'
local helpers = require 'helpers'
local r = require './_rights'
local C = ffi.C

local refuses = helpers.refuses

local function confine(attr)
    local rules = system.landlock_create_ruleset(attr)
    test.eq(system.landlock_restrict_self(rules), nil)
    rules:close()
end

-- sock_filter instructions, little endian: EPERM for these system calls, all others allowed.
local function u16(n) return string.char(n % 256, math.floor(n / 256) % 256) end
local function instruction(code, jt, jf, k)
    return u16(code) .. string.char(jt, jf) .. u16(k % 65536) .. u16(math.floor(k / 65536))
end
local function deny(numbers)
    local p = { instruction(0x20, 0, 0, 0) }
    for i, number in ipairs(numbers) do p[#p + 1] = instruction(0x15, #numbers - i + 1, 0, number) end
    p[#p + 1] = instruction(0x06, 0, 0, 0x7FFF0000)
    p[#p + 1] = instruction(0x06, 0, 0, 0x00050001)
    return table.concat(p)
end
local mkdir = ({ x64 = { 83, 258 }, arm64 = { 34, 34 } })[jit.arch] -- mkdir, mkdirat

local cases = {}

function cases.landlock()
    C.emilua_test_mkdir('spool', 511)
    C.emilua_test_chmod('spool', 511)
    r.become_nobody()
    local before = r.new_worker()
    test.eq(before:eval 'return r.try_open("early", r.O_WRONLY + r.O_CREAT)', 0)
    local rules = system.landlock_create_ruleset { handled_access_fs = { 'write_file', 'make_reg', 'remove_file' } }
    local spool = r.open('spool', r.O_PATH)
    system.landlock_add_rule(rules, 'path_beneath', { allowed_access = { 'write_file', 'make_reg' }, parent_fd = spool })
    local opened = r.open('early', r.O_WRONLY)
    refuses(function() system.landlock_restrict_self(rules) end, r.EPERM)
    test.eq(r.try_open('early', r.O_WRONLY), 0)
    test.eq(before:eval 'return r.try_open("early", r.O_WRONLY)', 0)

    test.eq(system.set_no_new_privs(), nil)
    system.set_no_new_privs()
    test.eq(system.landlock_restrict_self(rules), nil)
    rules:dup():close()
    rules:close()
    local after = r.new_worker()
    local code = [[
        return r.try_open('early', r.O_RDONLY), r.try_open('early', r.O_WRONLY),
            r.try_open('late', r.O_WRONLY + r.O_CREAT), r.try_open('spool/x', r.O_WRONLY + r.O_CREAT)
    ]]
    local expected = { 0, r.EACCES, r.EACCES, 0 }
    test.eq({ setfenv(loadstring(code), { r = r })() }, expected)
    test.eq({ before:eval(code) }, expected)
    test.eq({ after:eval(code) }, expected)
    assert(r.sh 'true > spool/y')
    assert(not r.sh '(true > late) 2>&-')
    require('pipe').write_stream.new(opened):write_some(byte_span.append 'open is open')
end

function cases.privileges()
    r.become_nobody()
    local rules = system.landlock_create_ruleset { handled_access_fs = { 'make_dir' } }
    for _ = 1, 3 do refuses(function() system.landlock_restrict_self(rules) end, r.EPERM) end
    test.eq(r.try_mkdir 'a', 0)
    system.set_no_new_privs()
    system.landlock_restrict_self(rules)
    test.eq(r.try_mkdir 'b', r.EACCES)
end

function cases.layers()
    local worker = r.new_worker()
    worker:eval ''
    system.set_no_new_privs()
    for _ = 1, 16 do confine { handled_access_fs = { 'make_sym' } } end
    local E2BIG = 7
    for _ = 1, 2 do refuses(function() confine { handled_access_fs = { 'make_dir' } } end, E2BIG) end
    test.eq(worker:eval 'return r.try_mkdir "a"', 0)
    test.eq(worker:eval 'return r.try_mkdir "a"', 17)
end

function cases.blind()
    local worker = r.new_worker()
    worker:eval ''
    system.set_no_new_privs()
    confine { handled_access_fs = { 'read_dir', 'read_file' } }
    test.eq(r.try_open '/proc/self/task', r.EACCES)
    confine { handled_access_fs = { 'make_dir' } }
    system.cap_init():set_proc()
    test.eq(worker:eval 'return r.try_mkdir "a"', r.EACCES)
    test.eq(worker:eval 'return tostring(require("system").cap_get_proc())', '=')
end

function cases.ports()
    local worker = r.new_worker()
    worker:eval ''
    local free = ip.tcp.acceptor.new()
    free:open(ip.address.loopback_v4())
    free:bind(ip.address.loopback_v4(), 0)
    local port = free.local_port
    free:close()
    system.set_no_new_privs()
    local rules = system.landlock_create_ruleset { handled_access_net = { 'bind_tcp', 'connect_tcp' } }
    system.landlock_add_rule(rules, 'net_port', { allowed_access = { 'bind_tcp' }, port = port })
    system.landlock_restrict_self(rules)
    local code = [[
        local ip = require 'ip'
        local function bind(port)
            local a = ip.tcp.acceptor.new()
            a:open(ip.address.loopback_v4())
            local ok, e = pcall(function() a:bind(ip.address.loopback_v4(), port) end)
            a:close()
            return ok and 0 or e.code
        end
        local function connect(port)
            local s = ip.tcp.socket.new()
            local ok, e = pcall(function() s:connect(ip.address.loopback_v4(), port) end)
            s:close()
            return ok and 0 or e.code
        end
        return bind(%d), bind(%d), connect(%d)
    ]]
    code = code:format(port, port == 65535 and 65534 or port + 1, port)
    test.eq({ loadstring(code)() }, { 0, r.EACCES, r.EACCES })
    test.eq({ worker:eval(code) }, { 0, r.EACCES, r.EACCES })
end

function cases.signals()
    local worker = r.new_worker()
    worker:eval ''
    system.kill(system.getppid(), 0)
    system.set_no_new_privs()
    confine { scoped = { 'signal' } }
    refuses(function() system.kill(system.getppid(), 0) end, r.EPERM)
    system.kill(system.getpid(), 0)
    confine { handled_access_fs = { 'make_dir' } } -- threads still reach each other
    test.eq(worker:eval 'return r.try_mkdir "a"', r.EACCES)
end

function cases.sockets()
    local path = require('filesystem').path.new('\0emilua-test-' .. system.getpid())
    local acceptor = unix.stream_acceptor.new()
    acceptor:open()
    acceptor:bind(path)
    acceptor:listen()
    local worker = r.new_worker()
    local code = ([[
        local s = require('unix').stream_socket.new()
        local ok, e = pcall(s.connect, s, require('filesystem').path.new(%q))
        s:close()
        return ok and 0 or e.code
    ]]):format(tostring(path)):gsub('%z', '\\0')
    test.eq(loadstring(code)(), 0)
    test.eq(worker:eval(code), 0)
    system.set_no_new_privs()
    confine { scoped = { 'abstract_unix_socket' } }
    test.eq(loadstring(code)(), r.EPERM)
    test.eq(worker:eval(code), r.EPERM)
end

function cases.no_new_privs()
    local workers = {}
    for i = 1, 3 do
        workers[i] = r.new_worker()
        workers[i]:eval ''
    end
    test.eq(r.of_threads('NoNewPrivs')['1'], nil)
    system.set_no_new_privs()
    system.set_no_new_privs()
    local of = r.of_threads 'NoNewPrivs'
    test.eq(of['0'], nil)
    assert(of['1'] >= 4)
    assert(r.sh 'grep -q "^NoNewPrivs:.1" /proc/self/status')
end

function cases.seccomp()
    r.become_nobody()
    local before = r.new_worker()
    test.eq(before:eval 'return r.try_mkdir "a"', 0)
    system.set_no_new_privs()
    local filter = byte_span.append('x', deny(mkdir)):slice(2) -- at an odd address
    test.eq(system.seccomp_set_mode_filter(filter), nil)
    local after = r.new_worker()
    test.eq(r.try_mkdir 'b', r.EPERM)
    test.eq(before:eval 'return r.try_mkdir "b"', r.EPERM)
    test.eq(after:eval 'return r.try_mkdir "b"', r.EPERM)
    assert(not r.sh 'mkdir b 2>&-')
    system.seccomp_set_mode_filter(filter)
end

function cases.no_filter()
    system.set_no_new_privs()
    local good = deny(mkdir)
    for _, bad in ipairs { byte_span.new(0), byte_span.new(7), byte_span.append(good, '1'), good, false, {} } do
        test.raises_code(function() system.seccomp_set_mode_filter(bad) end, r.EINVAL, 'generic', { arg = 1 })
    end
    test.raises_code(function() system.seccomp_set_mode_filter() end, r.EINVAL, 'generic', { arg = 1 })
    refuses(function() system.seccomp_set_mode_filter(byte_span.new(8)) end, r.EINVAL)       -- does not return
    refuses(function() system.seccomp_set_mode_filter(byte_span.new(8 * 4097)) end, r.EINVAL) -- too long
    refuses(function() system.seccomp_set_mode_filter(byte_span.new(8 * 65537)) end, r.EINVAL)
    test.eq(r.try_mkdir 'a', 0)
end

function cases.filter_privileges()
    r.become_nobody()
    refuses(function() system.seccomp_set_mode_filter(byte_span.append(deny(mkdir))) end, r.EACCES)
    test.eq(r.try_mkdir 'a', 0)
end

function cases.stray()
    system.set_no_new_privs()
    local worker = r.new_worker()
    worker:eval([[
        local ffi = require 'ffi'
        ffi.cdef 'int prctl(int, ...); struct prog { unsigned short n; const char* filter; };'
        local allow = '\6\0\0\0\0\0\255\127'
        local PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
        local p = ffi.new('struct prog', 1, allow)
        assert(ffi.C.prctl(PR_SET_SECCOMP, ffi.cast('unsigned long', SECCOMP_MODE_FILTER), p) == 0)
    ]])
    local e = test.raises_code(function()
        system.seccomp_set_mode_filter(byte_span.append(deny(mkdir)))
    end, r.ESRCH, 'generic')
    test.eq(e.arg, nil)
    test.eq(r.try_mkdir 'a', 0)
end

-- The threads that resolve names block what signals can be blocked.
function cases.resolver()
    pcall(ip.tcp.get_address_info, 'localhost', '80')
    local threads = 0
    for _, n in pairs(r.of_threads 'SigBlk') do threads = threads + n end
    assert(threads > 1)
    system.set_no_new_privs()
    confine { handled_access_fs = { 'make_dir' } }
    system.seccomp_set_mode_filter(byte_span.append(deny(mkdir)))
    test.eq(r.of_threads 'NoNewPrivs', { ['1'] = threads })
    test.eq(r.try_mkdir 'a', r.EPERM)
end

function cases.churn()
    system.set_no_new_privs()
    local going, rounds = true, 0
    local maker = spawn(function()
        while going do
            r.new_worker():close()
            rounds = rounds + 1
            time.sleep(0.001)
        end
    end)
    local worker = r.new_worker()
    worker:eval ''
    for _, right in ipairs { 'make_dir', 'make_sock', 'make_sym', 'make_fifo' } do
        confine { handled_access_fs = { right } }
        for _ = 1, 10 do
            system.set_no_new_privs()
            time.sleep(0.001)
        end
    end
    going = false
    maker:join()
    assert(rounds > 0)
    test.eq(worker:eval 'return r.try_mkdir "a"', r.EACCES)
end

r.run(cases)

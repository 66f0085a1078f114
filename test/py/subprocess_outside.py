# What /proc shows of a program, its fork server and its subprocess actors (03 §8, §10), as root and as an ordinary user.
#@ timeout 240
import errno
import fcntl
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from _program import EMILUA, SANITIZER, case, end, eventually

HERE = Path.cwd()
NOBODY = 65534
ROOT = os.geteuid() == 0
NAMESPACES = {'user': 'user', 'pid': 'pid', 'mount': 'mnt', 'net': 'net', 'uts': 'uts', 'ipc': 'ipc'}
PIPE, CHLD = 1 << signal.SIGPIPE - 1, 1 << signal.SIGCHLD - 1
NEVER_BLOCKED = 1 << signal.SIGKILL - 1 | 1 << signal.SIGSTOP - 1

HOST = '''
local system = require 'system'
local function print(...)      -- at once
    local words = {}
    for i = 1, select('#', ...) do words[i] = tostring((select(i, ...))) end
    require('stream').write_all(system.out, byte_span.append(table.concat(words, '\\t') .. '\\n'))
end
local channels = {}
local function start(options, module) %s end
for i, channel in ipairs { (function() %s end)() } do
    channels[i] = channel
    print(channel.child_pid)
end
print 'ready'
local buffer = byte_span.new(1)
while pcall(system.in_.read_some, system.in_, buffer) do %s end
'''
START = '''
    options.stdout, options.stderr = options.stdout or 'share', options.stderr or 'share'
    local channel = spawn_vm{ module = module or 'actor.lua', subprocess = options }
    channel:send(require 'inbox')
    if not options.silent then require('inbox'):receive() end
    return channel
'''
ACTOR = '''
local inbox = require 'inbox'
local host = inbox:receive()
host:send(1)
inbox:receive()
'''


# ---- What /proc shows

def status(pid):
    return dict(line.split(':\t', 1) for line in Path(f'/proc/{pid}/status').read_text().splitlines() if ':\t' in line)


def signals(pid, kind):
    return int(status(pid)[kind], 16)


def children(pid):
    found = []
    for task in Path(f'/proc/{pid}/task').iterdir():
        found += (task / 'children').read_text().split()
    return [int(child) for child in found]


def fds(pid):
    return {int(fd): os.readlink(f'/proc/{pid}/fd/{fd}') for fd in os.listdir(f'/proc/{pid}/fd')}


def alive(pid):
    try:
        return status(pid)['State'][0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def memory_has(pid, secret):
    for line in Path(f'/proc/{pid}/maps').read_text().splitlines():
        area, mode, *_ = line.split()
        if 'r' not in mode or line.endswith(('[vvar]', '[vvar_vclock]', '[vsyscall]')):
            continue
        start, end = (int(n, 16) for n in area.split('-'))
        with open(f'/proc/{pid}/mem', 'rb', 0) as memory:
            memory.seek(start)
            try:
                while start < end:
                    part = memory.read(min(end - start, 1 << 24))
                    if secret in part:
                        return line
                    start += len(part)
            except OSError:     # a guard page
                pass
    return None


# ---- Programs

class Program:
    """A running program that has spawned actors: `pid`, `server` and `actors` are process ids."""

    def __init__(self, spawn='', *, user=0, start=START, on_input='', arguments=(), env={}, actor=ACTOR, before=None,
                 binary=EMILUA, **options):
        (HERE / 'actor.lua').write_text(actor)
        (HERE / 'host.lua').write_text(HOST % (start, spawn, on_input))
        if user:
            options |= dict(user=user, group=user, extra_groups=[])
        self.errors = (HERE / 'stderr').open('w+')     # not a pipe: detached actors would keep it open
        self.process = subprocess.Popen([binary, 'host.lua', *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, env={'PATH': os.environ['PATH'], **env},
                                        preexec_fn=before, **options)
        self.pid = self.process.pid
        self.actors = []
        for line in self.process.stdout:
            if line == b'ready\n':
                break
            self.actors.append(int(line))
        else:
            raise AssertionError(self.reports())
        self.server = self.server_of(self.pid)

    @staticmethod
    def server_of(pid):
        [server] = children(pid)
        return server

    def reports(self):
        return (HERE / 'stderr').read_text()

    def tell(self):
        self.process.stdin.write(b'.')
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        code = self.process.wait(20)
        errors = self.reports()
        self.errors.close()
        assert code == 0 or kind, (code, errors)
        assert errors == '' or kind, errors
        for pid in [self.server, *self.actors]:
            eventually(lambda: not alive(pid))


# ---- Guarantees of the fork server

def server_forgets(user):
    with Program("return start{}", user=user, arguments=['an-ARGUMENT-of-the-program'],
                 env={'TOKEN': 'a-VARIABLE-of-the-program'}) as p:
        for pid in [p.server, p.actors[0], p.server_of(p.actors[0])]:
            cmdline = Path(f'/proc/{pid}/cmdline').read_bytes()
            assert cmdline.rstrip(b'\0') == EMILUA.encode(), cmdline
            assert not Path(f'/proc/{pid}/environ').read_bytes().strip(b'\0')
            if not SANITIZER:
                for secret in b'an-ARGUMENT-of-the-program', b'a-VARIABLE-of-the-program':
                    assert memory_has(p.pid, secret)
                    assert not memory_has(pid, secret), memory_has(pid, secret)


def server_is_bare(user):
    low, write_end = os.pipe()
    read_end = fcntl.fcntl(low, fcntl.F_DUPFD, 10)      # a descriptor that the program was started with
    os.close(low)
    with Program(user=user, pass_fds=[read_end]) as p:
        assert read_end in fds(p.pid)
        eventually(lambda: len(fds(p.server)) == 4)      # the program did not wait for it
        server = fds(p.server)
        assert set(server) == {0, 1, 2, 3} and server[3].startswith('socket:'), server
        assert {fd: server[fd] for fd in range(3)} == {fd: fds(p.pid)[fd] for fd in range(3)}
        assert status(p.server)['Threads'] == '1'
    os.close(read_end)
    os.close(write_end)


def server_signals(user):
    def before():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    with Program("return start{}", user=user, before=before, start_new_session=True) as p:
        assert signals(p.pid, 'SigIgn') & 1, 'as under nohup'
        assert signals(p.server, 'SigBlk') == 2 ** 64 - 1 & ~NEVER_BLOCKED & ~CHLD
        assert signals(p.server, 'SigIgn') == 0
        assert signals(p.server, 'SigCgt') == CHLD
        for signo in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT:
            os.kill(p.server, signo)
        p.tell()
        time.sleep(0.05)
        assert alive(p.server) and alive(p.actors[0])


def server_reaps(user):
    on_input = "channels[1]:kill() channels[1] = start{} print(channels[1].child_pid)"
    with Program("return start{}", user=user, on_input=on_input) as p:
        for _ in range(5):
            first = p.actors[-1]
            p.tell()
            p.actors.append(int(p.process.stdout.readline()))
            eventually(lambda: not Path(f'/proc/{first}').exists())
        eventually(lambda: children(p.server) == [p.actors[-1]])   # adopted fork servers end, too
        assert children(p.pid) == [p.server]
        assert not int(status(p.pid)['ShdPnd'], 16) & CHLD


def server_never_knows(user):
    if SANITIZER:
        return 'a sanitizer maps terabytes'
    (HERE / 'secret-MODULE.lua').write_text(ACTOR)
    spawn = '''return start({ environment = { A = 'secret-' .. 'VALUE' },
        init = { script = 'local s = "secret-" .. "SCRIPT"; local n = "plain-secret-TEXT"' } }, 'secret-' .. 'MODULE.lua'),
        start{}'''
    with Program(spawn, user=user) as p:
        knows, other = p.actors
        others = [p.server, p.server_of(knows), other, p.server_of(other)]
        assert memory_has(knows, b'secret-MODULE.lua') and memory_has(knows, b'secret-VALUE')
        for pid in others:
            for secret in b'secret-MODULE', b'secret-VALUE', b'secret-TEXT', b'secret-SCRIPT':
                assert not memory_has(pid, secret), (pid, secret, memory_has(pid, secret))
        for secret in b'secret-TEXT', b'secret-SCRIPT':
            assert not memory_has(knows, secret), (secret, memory_has(knows, secret))


def writable(file):
    try:
        file.open('r+b').close()
        return True
    except OSError as e:
        assert e.errno == errno.ETXTBSY, e
        return False


def server_stays(user):
    binary = HERE / 'copy'
    shutil.copy(EMILUA, binary)
    binary.chmod(0o777)
    with Program("local c = start({}, 'sleeper.lua') c:detach() return start{}", user=user, binary=str(binary)) as p:
        [detached] = set(children(p.server)) - set(p.actors)
        server, p.server = p.server, p.actors[0]      # what shall have ended when the program has
    eventually(lambda: children(server) == [detached])      # it has reaped the other and what that left
    assert alive(detached) and alive(server)
    assert not writable(binary)
    os.kill(detached, signal.SIGKILL)
    eventually(lambda: not alive(detached) and not alive(server))
    eventually(lambda: writable(binary))


def server_dies(user):
    on_input = "print(pcall(spawn_vm, { module = 'actor.lua', subprocess = {} }))"
    with Program("return start{}", user=user, on_input=on_input) as p:
        os.kill(p.server, signal.SIGKILL)
        eventually(lambda: not alive(p.actors[0]))     # the parent-death signal
        for _ in range(2):
            p.tell()
            assert p.process.stdout.readline() == b'false\tBroken pipe\n'


def no_server(user):
    (HERE / 'host.lua').write_text('''
        local ok, e = pcall(spawn_vm, { module = 'x.lua', subprocess = {} })
        print(e, e.code, e.category)''')
    done = subprocess.run([EMILUA, 'host.lua'], capture_output=True, text=True, **({'user': user} if user else {}),
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4)))
    assert done.stderr == '<4>Failed to start subprocess-based actor subsystem: Too many open files\n', done
    assert done.stdout == 'No child processes\t10\tgeneric\n' and done.returncode == 0, done


# ---- Guarantees of the child

def child_state(user):
    def before():
        os.umask(0o077)
        for signo in signal.SIGHUP, signal.SIGUSR1:
            signal.signal(signo, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    with Program("return start{}", user=user, before=before) as p:
        pid = p.actors[0]
        for kind, expected in ('SigBlk', 0), ('SigIgn', PIPE), ('SigCgt', 0):
            assert signals(pid, kind) == expected, (kind, status(pid)[kind])
        assert status(p.pid)['Umask'] == '0077' and status(pid)['Umask'] == '0022'
        for line in 'Uid', 'Gid', 'Groups', 'NoNewPrivs', 'Seccomp', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb':
            assert status(pid)[line] == status(p.pid)[line], line
        assert status(pid)['PPid'] == str(p.server)
        assert os.getsid(pid) == os.getsid(p.pid) and os.getpgid(pid) == os.getpgid(p.pid)
        assert os.readlink(f'/proc/{pid}/cwd') == os.readlink(f'/proc/{p.pid}/cwd')
        for ns in NAMESPACES.values():
            assert os.readlink(f'/proc/{pid}/ns/{ns}') == os.readlink(f'/proc/{p.pid}/ns/{ns}'), ns


def child_descriptors(user):
    own = (HERE / 'file-of-the-program').open('w+')
    ours, theirs = socket.socketpair()
    scripts = ["", "init = { script = [[for i = 1, 9 do C.open('/dev/null', 0) C.open('/', C.O_PATH) end]] }"]
    with Program(', '.join(f"(start{{{script}}})" for script in scripts).join(['return ', '']), user=user,
                 pass_fds=[own.fileno(), theirs.fileno()]) as p:
        for pid in p.actors:
            found = fds(pid)
            assert found[0].startswith('pipe:') and found[3].startswith('socket:'), found
            assert found[1] == fds(p.pid)[1] and found[2] == fds(p.pid)[2]
            assert int(re.search(r'flags:\s+(\d+)', Path(f'/proc/{pid}/fdinfo/3').read_text())[1], 8) & os.O_CLOEXEC
            # The host's address; the runtime's own: one to its fork server, and what Asio needs.
            rest = [name for fd, name in found.items() if fd > 3]
            rest = [name for name in rest if not name.startswith(('anon_inode:[event', 'anon_inode:[timerfd'))]
            assert len(rest) == 2 and all(name.startswith('socket:') for name in rest), found
            assert not set(fds(p.pid).values()) & set(rest), found
            assert set(fds(p.server_of(pid))) == {0, 1, 2, 3}
    for each in own, ours, theirs:
        each.close()


def child_default_stdio(user):
    spawn = "return start{ stdin = 'share' }, start{ stderr = require('system').err:dup() }"
    with Program(spawn, user=user) as p:
        shared, given = p.actors
        assert fds(shared)[0] == fds(p.pid)[0]
        assert fds(given)[2] == fds(p.pid)[2]
        assert fds(given)[0].startswith('pipe:')


def namespaces(user, kinds):
    flags = ' '.join(f'newns_{kind} = true,' for kind in kinds)
    spawn = f"return start{{ {flags} }}"
    with Program(spawn, user=user) as p:
        pid = p.actors[0]
        if 'pid' in kinds:
            [inner] = children(pid)
            assert status(inner)['NSpid'].split() == [str(inner), '2'], status(inner)
            assert status(inner)['PPid'] == str(pid)
            assert fds(pid) == {}, fds(pid)
            assert not Path(f'/proc/{pid}/environ').read_bytes().strip(b'\0')
        else:
            inner = pid
        for kind, link in NAMESPACES.items():
            same = os.readlink(f'/proc/{inner}/ns/{link}') == os.readlink(f'/proc/{p.pid}/ns/{link}')
            assert same != (kind in kinds), kind


def privilege_needed(user):
    on_input = '''
        local ok, e = pcall(spawn_vm, { module = 'actor.lua', subprocess = { newns_net = true } })
        print(ok, e, e.code, e.category, e.message)'''
    with Program(user=user, on_input=on_input) as p:
        p.tell()
        line = p.process.stdout.readline().decode()
        assert line.startswith('false\tOperation not permitted\t1\tsystem\t'), line
        assert 'newns_user = true' in line, line
        assert children(p.server) == [] and len(fds(p.pid)) <= 9


def nested(user):
    actor = '''
        local inbox = require 'inbox'
        local job = inbox:receive()
        if job.depth == 1 then
            job.reply:send('bottom')
        else
            local map = ([[
                C.write(C.open('/proc/self/setgroups', C.O_WRONLY), 'deny')
                C.write(C.open('/proc/self/uid_map', C.O_WRONLY), '0 %d 1\\n')
                C.write(C.open('/proc/self/gid_map', C.O_WRONLY), '0 %d 1\\n')]]):format(job.id, job.id)
            local child = spawn_vm{ module = tostring(_FILE), subprocess = { stdout = 'share', stderr = 'share',
                newns_user = job.ns, newns_pid = job.ns, init = { script = job.ns and map or '' } } }
            child:send{ depth = job.depth - 1, reply = inbox, ns = job.ns, id = job.ns and 0 or job.id }
            job.reply:send(inbox:receive() .. ' ' .. job.depth)
        end
        job.reply:close()      -- else two would keep each other alive when the one above is killed
        pcall(inbox.receive, inbox)
    '''
    start = '''
        local inbox = require 'inbox'
        local channel = spawn_vm{ module = 'actor.lua', subprocess = { stdout = 'share', stderr = 'share' } }
        channel:send{ depth = 5, reply = inbox, ns = options.ns, id = options.id }
        assert(inbox:receive() == 'bottom 2 3 4 5')
        return channel
    '''
    for ns in 'false', 'true':
        with Program(f"return start{{ ns = {ns}, id = {user} }}", user=user, start=start, actor=actor) as p:
            below, pids = [p.server], []
            while below:
                pids += below
                below = [child for pid in below for child in children(pid)]
            assert len(pids) == (11 if ns == 'false' else 15), len(pids)
        for pid in pids:
            eventually(lambda: not alive(pid))


def limit_descriptors(pid, n, user):
    subprocess.run(['prlimit', f'--pid={pid}', f'--nofile={n}:{n}'], check=True,
                   **(dict(user=user, group=user, extra_groups=[]) if user else {}))


def descriptors_in_flight(user):
    # Another process of the user has as many in its sockets as the fork server, but not the program, may have there.
    if not user and ROOT:
        return 'no such limit for root'
    on_input = "print(pcall(spawn_vm, { module = 'actor.lua', subprocess = {} }))"
    with Program("return start{}", user=user, on_input=on_input) as p:
        limit_descriptors(p.server, 50, user)
        ends = socket.socketpair()
        if (filler := os.fork()) == 0:
            if user:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
            socket.send_fds(ends[0], [b'.'], [0] * 100)
            os._exit(0)
        assert os.waitpid(filler, 0)[1] == 0
        p.tell()
        line = p.process.stdout.readline()
        assert line == b'false\tToo many references: cannot splice\n', line
        for end in ends:
            end.close()
        p.tell()
        line = p.process.stdout.readline()
        assert line.startswith(b'true'), line


def no_room_for_descriptors(user):
    # A script must not run without an argument that it was given.
    on_input = """
        local err = require('system').err:dup()
        spawn_vm{ module = 'actor.lua', subprocess = { stdin = err, stdout = err, stderr = err,
            init = { script = "io.stderr:write('arg is ' .. tostring(arg))", arg = err } } }
        err:close()
    """
    with Program(user=user, on_input=on_input) as p:
        limit_descriptors(p.server, 6, user)
        p.tell()
        eventually(p.reports)
        assert p.reports() == '<3>ipc_actor: receiving descriptors: Too many open files\n', p.reports()
        (HERE / 'stderr').write_text('')


def nothing_is_shared(user):
    # Until an actor with another stderr runs, it and its fork server have a page in common.
    spawn = "return start{ newns_user = true, newns_pid = true, stderr = require('system').err:dup() }"
    with Program(spawn, user=user) as p:
        [inner] = children(p.actors[0])
        for pid in p.actors[0], inner, p.server_of(inner):
            shared = [line for line in Path(f'/proc/{pid}/maps').read_text().splitlines() if line.split()[1][3] == 's']
            assert not shared, (pid, shared)


def pid1_forwards(user):
    for signo in signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGINT:
        with Program("return start{ newns_user = true, newns_pid = true }", user=user) as p:
            [inner] = children(p.actors[0])
            os.kill(p.actors[0], signal.SIGWINCH)      # not forwarded
            os.kill(p.actors[0], signo)
            eventually(lambda: not alive(inner) and not alive(p.actors[0]))


def pid1_reaps(user):
    # The script leaves orphans below process 1 and below the actor; all are reaped while the actor lives.
    script = '''
        local ffi = require 'ffi'
        ffi.cdef 'int fork(void); void _exit(int); int usleep(unsigned);'
        for i = 1, 4 do if ffi.C.fork() == 0 then ffi.C.usleep(20000 * i) ffi.C._exit(0) end end'''
    with Program(f"return start{{ newns_user = true, newns_pid = true, init = {{ script = [[{script}]] }} }}",
                 user=user) as p:
        eventually(lambda: len(children(p.actors[0])) == 1)
        assert alive(children(p.actors[0])[0])


def pid1_dies(user):
    with Program("return start{ newns_user = true, newns_pid = true }", user=user) as p:
        [inner] = children(p.actors[0])
        [server] = children(inner)
        os.kill(p.actors[0], signal.SIGKILL)
        eventually(lambda: not any(alive(pid) for pid in (p.actors[0], inner, server)))


def pid1_status(user):
    on_input = "channels[1]:send 'end'"
    spawn = "return start{ newns_user = true, newns_pid = true }"
    for end, expected in (("require('system').exit(7)", 7), ('', 0), ('_G.kill()', 128 + signal.SIGKILL)):
        with Program(spawn, user=user, on_input=on_input, actor=ACTOR + end) as p:
            [pid] = p.actors
            os.kill(p.server, signal.SIGSTOP)       # it does not reap
            if 'kill' in end:
                os.kill(children(pid)[0], signal.SIGKILL)
            else:
                p.tell()
            eventually(lambda: status(pid)['State'][0] == 'Z')
            got = int(Path(f'/proc/{pid}/stat').read_text().split()[-1])
            os.kill(p.server, signal.SIGCONT)
            assert os.waitstatus_to_exitcode(got) == expected, got


everywhere = {
    '03.36 command line and environment are forgotten': server_forgets,
    '03.36 what an actor was given is known to nobody else': server_never_knows,
    '03.38 the fork server holds 0-2 and its socket, and has one thread': server_is_bare,
    '03.39 signals of the fork server': server_signals,
    '03.39 the fork server reaps': server_reaps,
    '03.43 the fork server stays until its last child has ended': server_stays,
    '03.49 the fork server dies': server_dies,
    '03.49 the fork server cannot be started': no_server,
    '03.37 umask, credentials, session, directory of the child': child_state,
    '03.38 descriptors of the child': child_descriptors,
    '03.40 stdio of the child': child_default_stdio,
    '03.38 an actor shares no memory': nothing_is_shared,
    '03.53 no room for descriptors': no_room_for_descriptors,
    '03.49 too many descriptors in flight': descriptors_in_flight,
    '03.50 five levels of actors': nested,
    '03.48 process 1 forwards five signals': pid1_forwards,
    '03.48 process 1 reaps': pid1_reaps,
    '03.48 process 1 ends as the actor does': pid1_status,
    '03.48 the death of process 1 ends the container': pid1_dies,
}
os.chmod(HERE, 0o755)
(HERE / 'sleeper.lua').write_text('''
    local inbox = require 'inbox'
    inbox:receive():send(1)
    while true do require('time').sleep(100) end
''')
for user in ([0, NOBODY] if ROOT else [0]):
    as_user = ' (as an ordinary user)' if user or not ROOT else ''
    for name, f in everywhere.items():
        case(name + as_user, user)(f)
    for kind in NAMESPACES:
        case(f'03.35 namespace {kind}{as_user}', user, {kind, *(['user'] if as_user else [])})(namespaces)
    case('03.35 all namespaces' + as_user, user, set(NAMESPACES))(namespaces)
    if as_user:
        case('03.35 namespaces need privilege', user)(privilege_needed)
end()

#!/usr/bin/env python3
"""Runs the tests of emilua: unit tests, test/lua, test/py and doc/examples. test/lua/README.md tells how to write one."""
import argparse, collections, concurrent.futures, ctypes, fcntl, functools, json, multiprocessing, os, re, resource
import select, shlex, shutil, signal, socket, struct, subprocess, sys, tempfile, termios, threading, time, traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GRACE = 1.0                 # seconds that what a test started may outlive it
OUTPUT_LIMIT = 16 << 20     # a test that prints for ever must not eat the machine's memory
SANITIZER_FACTOR = 5
ORDINARY_USER = 65534
# What a runner with root's rights runs again as an ordinary user.
RIGHTS_MATTER = 'test/lua/03-actors', 'test/lua/06-filesystem', 'test/lua/07-system', 'doc/examples'
libc = ctypes.CDLL(None, use_errno=True)

Job = collections.namedtuple('Job', 'kind group path name spec only')    # only: count just the items with these names
Item = collections.namedtuple('Item', 'group path name result detail')   # result: 'ok', 'not ok' or 'skip'
Run = collections.namedtuple('Run', 'status out err timed_out leaked')


class BadTest(Exception):
    """The test file itself is wrong."""


# ---- Reading directives

REPLACED = {'run', 'stdin', 'stdout', 'stderr', 'status', 'timeout', 'script', 'tty', 'alone'}   # a case overrides
ADDED = {'env', 'need', 'file', 'stdout~', 'stdout!', 'stderr~', 'stderr!'}                     # a case adds


def parse(path):
    """-> (directives before the first `test`, [directives of each case]); each maps a name to a list of values."""
    common, cases = {}, []
    current, in_head = common, True
    for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
        in_head = in_head and (not line.strip() or line.startswith(('--', '#')))
        where = f'{path.relative_to(ROOT)}:{number}'
        if content := re.match(r'(?:--|#)\|(?: (.*))?$', line):
            if in_head:
                if 'file' not in current:
                    raise BadTest(f'{where}: text without `file`')
                current['file'][-1][1].append(content[1] or '')
            continue
        if not (directive := re.match(r'(?:--|#)@(?: +(\S+)(?: (.*))?)?\s*$', line)):
            continue
        name, text = directive[1], directive[2] or ''
        if not in_head:
            raise BadTest(f'{where}: directive below the leading comment')
        if name == 'test':
            current = {'test': text.strip()}
            cases.append(current)
        elif name in REPLACED or name in ADDED:
            value = text if name in ('stdin', 'stdout', 'stderr') else text.strip()
            current.setdefault(name, []).append((value, []) if name == 'file' else value)
        else:
            raise BadTest(f'{where}: unknown directive `{name}`')
    for case in cases:
        for name, values in common.items():
            if name in ADDED:
                case[name] = values + case.get(name, [])
            else:
                case.setdefault(name, values)
    return common, cases


def unescape(text):
    known = {b'n': b'\n', b'r': b'\r', b't': b'\t', b'0': b'\0', b'e': b'\x1b', b'\\': b'\\'}
    return re.sub(rb'\\(?:x([0-9a-fA-F]{2})|([nrt0e\\]))',
                  lambda m: bytes([int(m[1], 16)]) if m[1] else known[m[2]], text.encode())


def expand(text, variables, quote=str):
    return re.sub(r'\$(?:\{(EMILUA|FILE|DIR|TMP)\}|(EMILUA|FILE|DIR|TMP)\b)',
                  lambda m: quote(variables[m[1] or m[2]]), text)


# ---- What a test may need

def landlock_abi():
    return libc.syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))


def has_io_uring():
    fd = libc.syscall(425, 1, ctypes.create_string_buffer(120))
    return fd >= 0 and os.close(fd) is None


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            return s.bind(('::1', 0)) is None
    except OSError:
        return False


def output_of(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ''


NEEDS = {
    'root': lambda _: os.geteuid() == 0,
    'linux': lambda _: sys.platform == 'linux',
    'freebsd': lambda _: sys.platform.startswith('freebsd'),
    'tty': lambda _: os.path.exists('/dev/ptmx'),
    'userns': lambda _: output_of('unshare', '-Ur', 'echo', 'yes'),
    'landlock': lambda abi: landlock_abi() >= int(abi or 1),
    'seccomp': lambda _: 'Seccomp:' in Path('/proc/self/status').read_text(),
    'io_uring': lambda _: has_io_uring(),
    'ipv6': lambda _: has_ipv6(),
    'cmd': shutil.which,
    'locale': lambda name: name.lower().replace('-', '') in output_of('locale', '-a').lower().split(),
    'sanitizer': lambda name: options.sanitize if not name else options.sanitize == name,
}


@functools.cache
def lacks(need):
    """Why a test with this need can't run here, or None."""
    name, _, argument = need.removeprefix('!').partition(':')
    if name not in NEEDS:
        raise BadTest(f'unknown need `{need}`')
    unwanted = need.startswith('!')
    return None if bool(NEEDS[name](argument)) != unwanted else need[1:] + ' is present' if unwanted else f'no {need}'


# ---- Processes

def descendants():
    """[(pid, what it is)] of all that lives below this process."""
    parents, names = {}, {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                state, parent = Path('/proc', entry, 'stat').read_text(errors='replace').rpartition(')')[2].split()[:2]
                words = Path('/proc', entry, 'cmdline').read_bytes().decode(errors='replace').split('\0')
            except OSError:
                continue
            parents[int(entry)] = int(parent)
            names[int(entry)] = f'{entry} ({state}) {" ".join(words).strip()[:200]}'
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return [(pid, names[pid]) for pid in sorted(found - {os.getpid()})]


def gone(seconds):
    """Reaps; true as soon as nothing is left. Orphans come to this process, a subreaper: no child means no descendant,
    whatever session, environment or namespace it moved to."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.005)
        except ChildProcessError:
            return True


def kill_descendants():
    for _ in range(50):     # what forks faster than we look needs more than one round
        for pid, _ in descendants():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        if gone(0.1):
            return


def open_terminal():
    master, slave = os.openpty()
    mode = termios.tcgetattr(slave)
    mode[3] &= ~termios.ECHO     # the answer, not the question, is what a test compares
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
    return master, slave


def read_all(fd, chunks):
    size = 0
    try:
        while chunk := os.read(fd, 1 << 16):
            size += len(chunk)
            if size <= OUTPUT_LIMIT:
                chunks.append(chunk)
    except OSError:      # EIO: nobody has the terminal open any more
        pass
    os.close(fd)


def execute(command, env, cwd, timeout, stdin=None, tty=False):
    scale = SANITIZER_FACTOR if options.sanitize else 1
    if tty:
        master, slave = open_terminal()
        ends, ours, feed = (slave, slave, slave), [master], os.dup(master)
    else:
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        in_end, feed = os.pipe() if stdin is not None else (os.open('/dev/null', os.O_RDONLY), None)
        ends, ours = (in_end, out_end, err_end), [out, err]
    try:
        process = subprocess.Popen(command, cwd=cwd, env=env, start_new_session=True,
                                   stdin=ends[0], stdout=ends[1], stderr=ends[2],
                                   preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if tty else None)
        for fd in set(ends):
            os.close(fd)
        chunks = [[], []]
        threads = [threading.Thread(target=read_all, args=pair, daemon=True) for pair in zip(ours, chunks)]
        for thread in threads:
            thread.start()
        if feed is not None:
            try:
                os.write(feed, stdin or b'')     # a few lines: they fit into the pipe
            except BrokenPipeError:
                pass
            os.close(feed)
        pidfd = os.pidfd_open(process.pid)
        timed_out = not select.select([pidfd], [], [], timeout * scale)[0]
        os.close(pidfd)
        if timed_out:
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        leaked = [] if timed_out or gone(GRACE * scale) else [what for _, what in descendants()]
    finally:
        kill_descendants()
    for thread in threads:
        thread.join(5)
    out, err = (b''.join(parts).decode(errors='backslashreplace') for parts in chunks)
    return Run(128 - status if status < 0 else status, out.replace('\r\n', '\n') if tty else out, err, timed_out, leaked)


# ---- Judging

def quoted(title, text):
    lines = text.splitlines()
    if len(lines) > 160:
        lines[80:-80] = [f"... {len(lines) - 160} lines ..."]
    return f'{title}:' + ''.join(f'\n  | {line}' for line in lines) if lines else f'{title}: nothing'


def wanted_status(spec):
    text = spec.get('status', ['0'])[-1]
    return 128 + getattr(signal, text.split()[1]) if text.startswith('signal ') else int(text)


def faults(spec, run, variables, streams):
    """What is wrong with the run as a whole: [text]."""
    found = []
    if run.timed_out:
        found.append('timed out')
    elif run.status != wanted_status(spec):
        found.append(f'status: expected {spec.get("status", ["0"])[-1]}, got {run.status}')
    if run.leaked:
        found.append('leaked a process: ' + '; '.join(run.leaked))
    if options.sanitize and re.search(r'ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error: ', run.err + run.out):
        found.append('sanitizer report')
    for name in streams:
        got = getattr(run, {'stdout': 'out', 'stderr': 'err'}[name])
        if name in spec:
            exact = '\n'.join(expand(line, variables) for line in spec[name])
            if got not in (exact, exact + '\n'):
                found.append(quoted(f'{name} differs; expected', exact))
        elif name == 'stderr' and got and not (spec.get('stderr~') or spec.get('stderr!')):
            found.append('stderr: expected nothing')
        for sign, bad in (('~', 'does not match'), ('!', 'must not match')):
            for pattern in spec.get(name + sign, []):
                match = re.search(expand(pattern, variables, re.escape), got, re.DOTALL | re.MULTILINE)
                if bool(match) == (sign == '!'):
                    found.append(f'{name} {bad}: {pattern}')
    return found


def tap_items(out):
    """-> ([(result, name, detail)], number said by `done` or None)"""
    items, done = [], None
    for line in out.splitlines():
        if match := re.match(r'(ok|not ok|skip) (.*)', line):
            items.append([match[1], match[2], ''])
        elif match := re.match(r'done (\d+)$', line):
            done = int(match[1])
        elif line.startswith('    ') and items and items[-1][0] == 'not ok':
            items[-1][2] += line[4:] + '\n'
    return items, done


def gtest_items(out):
    results = {'OK': 'ok', 'FAILED': 'not ok', 'SKIPPED': 'skip'}
    items, text = [], []
    for line in out.splitlines():
        if match := re.match(r'\[ +(OK|FAILED|SKIPPED) +\] ([^\s,]+).*\(\d+ ms\)$', line):
            items.append([results[match[1]], match[2], '\n'.join(text)])
        text = [] if line.startswith('[') else text + [line]
    return items


# ---- A job: runs in a worker process, so that what it leaves behind is known to be its own

def perform(job):
    title = job.name or '(the whole file)'
    tmp = tempfile.mkdtemp(prefix='emilua-test-')
    try:
        if job.kind == 'broken':
            raise BadTest(job.spec['why'])
        if job.kind == 'skipped':
            return [Item(job.group, job.path, title, 'skip', job.spec['why'])]
        reasons = [why for need in ' '.join(job.spec.get('need', [])).split() if (why := lacks(need))]
        results = [(title, 'skip', ', '.join(reasons))] if reasons else perform_in(tmp, job, title)
    except BadTest as error:
        results = [(title, 'not ok', str(error))]
    except Exception:
        results = [(title, 'not ok', traceback.format_exc())]
    if left := clean_up(tmp):
        results = [r for r in results if r[0] != title] + [(title, 'not ok', 'left mounted: ' + ' '.join(left))]
    return [Item(job.group, job.path, *result) for result in results]


def clean_up(tmp):
    # A mount that a test forgot: deleting through it would be a disaster.
    mounts = [line.split()[4] for line in Path('/proc/self/mountinfo').read_text().splitlines()]
    left = [mount for mount in reversed(mounts) if mount.startswith(tmp)]
    for mount in left:
        subprocess.run(['umount', '-l', mount], check=True)
    if not options.keep:
        shutil.rmtree(tmp, ignore_errors=True)
        if os.path.exists(tmp):
            subprocess.run(['chmod', '-R', 'u+rwX', tmp], stderr=subprocess.DEVNULL)
            shutil.rmtree(tmp, ignore_errors=True)
    return left


def python():
    # root's own may be where an ordinary user can't go.
    return sys.executable if os.access(sys.executable, os.X_OK) else shutil.which('python3')


def perform_in(tmp, job, title):
    spec, path = job.spec, ROOT / job.path
    if 'script' in spec:
        path = Path(tmp, spec['script'][-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / job.path, path)
    for name, lines in spec.get('file', []):
        target = Path(tmp, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(''.join(line + '\n' for line in lines))
    variables = {'EMILUA': options.emilua, 'FILE': str(path), 'DIR': str(path.parent), 'TMP': tmp}
    env = {'PATH': os.environ.get('PATH', os.defpath), 'HOME': tmp, 'LANG': 'C.UTF-8',
           'EMILUA_PATH': str(ROOT / 'test/lua/lib'), 'EMILUA_TEST_ONLY': '\n'.join(job.only or ()),
           'EMILUA_TEST_SANITIZER': options.sanitize, 'PYTHON': python(), 'PYTHONDONTWRITEBYTECODE': '1',
           **{k: v for k, v in os.environ.items() if k.endswith('SAN_OPTIONS')}, **variables}
    for setting in spec.get('env', []):
        name, equals, value = setting.partition('=')
        if equals:
            env[name] = expand(value, variables)
        elif name.startswith('-'):
            env.pop(name[1:], None)
        else:
            raise BadTest(f'env `{setting}`: neither NAME=VALUE nor -NAME')

    if job.kind in ('gtest', 'exitcode'):
        filters = ['--gtest_filter=' + ':'.join(f'*{name}*' for name in job.only)] if job.only else []
        command, shown = spec['cmd'] + filters, shlex.join(spec['cmd'])
        env |= spec['unit env']
    else:
        default = 'exec "$PYTHON" "$FILE"' if path.suffix == '.py' else 'exec "$EMILUA" "$FILE"'
        shown = '\n'.join(spec.get('run', [default]))
        command = ['/bin/sh', '-c', shown]
    stdin = unescape(''.join(spec['stdin'])) if 'stdin' in spec else None
    run = execute(command, env, tmp, float(spec.get('timeout', [20])[-1]), stdin, 'tty' in spec)

    context = [quoted('command', shown), f'EMILUA={options.emilua} FILE={path} TMP={tmp}']
    output = [quoted('stdout', run.out), quoted('stderr', run.err)]
    # What some of a file's tests print is not what all of them do.
    streams = {'case': ('stdout', 'stderr'), 'tap': () if job.only else ('stderr',)}.get(job.kind, ())
    found = faults(spec, run, variables, streams)
    if job.kind in ('case', 'exitcode'):
        return [(title, 'not ok' if found else 'ok', '\n'.join(context + found + output) if found else '')]
    if job.kind == 'gtest':
        items = gtest_items(run.out)
        # The binary fails as a whole when one of its tests did: no news.
        if found and found[0].startswith('status: ') and any(result == 'not ok' for result, *_ in items):
            del found[0]
        if not items and not job.only and not found:
            found.append('it ran no test')
    else:
        items, done = tap_items(run.out)
        if done != len(items):
            found.append('it ended without test.done()' if done is None else f'done said {done}, seen {len(items)} tests')
    if job.only:
        items = [i for i in items if any(name in i[1] for name in job.only)]
    results = [(name, result, detail) for result, name, detail in items]
    if found:
        last = [f'last test seen: {items[-1][1]}'] if items else []
        results.append((title, 'not ok', '\n'.join(context + found + last + output)))
    return results


# ---- Collecting

def collect():
    """-> [Job]; of what the command line names, or all."""
    jobs, names = [], options.names

    def add(kind, group, path, name, spec, text=''):
        if not names or any(n in path or n in name for n in names):
            jobs.append(Job(kind, group, path, name, spec, None))
        elif any(n in text for n in names) or kind == 'gtest':
            jobs.append(Job(kind, group, path, name, spec, names))

    tests = Path(options.build or '/nonexistent', 'meson-info/intro-tests.json')
    for test in json.loads(tests.read_text()) if tests.exists() else []:
        spec = {'cmd': test['cmd'], 'unit env': test['env'], 'timeout': [test['timeout'] or 3600]}
        kind = 'gtest' if test['protocol'] == 'gtest' else 'exitcode'
        add(kind, 'unit', 'unit/' + test['name'], test['name'] if kind == 'exitcode' else '', spec)

    for pattern in ('test/lua/*/*.lua', 'test/py/*.py', 'doc/examples/*.lua'):
        for path in sorted(ROOT.glob(pattern)):
            shown = str(path.relative_to(ROOT))
            group = str(path.parent.relative_to(ROOT))
            if path.parent == ROOT / 'test/lua/lib' or path.name.startswith('_'):
                continue
            try:
                text = path.read_text(errors='replace')
                common, cases = parse(path)
                for case in cases:
                    add('case', group, shown, case['test'], case)
                if cases or (not common and group == 'doc/examples'):
                    continue
                if path.suffix == '.lua' and not re.search(r'''require\s*\(?\s*['"]test['"]''', text):
                    raise BadTest("it neither requires 'test' nor has a `--@ test` (helpers: start the name with `_`)")
                add('tap', group, shown, '', common, text)
            except BadTest as error:
                add('broken', group, shown, '', {'why': str(error)})
    return jobs


def start_worker():
    libc.prctl(36, 1, 0, 0, 0)                      # PR_SET_CHILD_SUBREAPER
    libc.prctl(1, signal.SIGTERM, 0, 0, 0)          # PR_SET_PDEATHSIG: a killed runner leaves nothing behind
    # Tests must not depend on how the runner was started (nohup, background job of a shell, umask, core limit).
    for number in signal.valid_signals() - {signal.SIGPIPE}:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: (kill_descendants(), os._exit(1)))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def start_ordinary_worker():
    os.setgroups([])
    os.setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER)
    os.setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER)
    start_worker()


def ordinary_user_is_shut_out():
    """Why the tests can't run as an ordinary user, or None."""
    for command in ([options.emilua, '--version'], ['cat', __file__]):
        done = subprocess.run(command, user=ORDINARY_USER, group=ORDINARY_USER, extra_groups=[], cwd='/',
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            return f'an ordinary user may not run {command[0]} or read {ROOT}'


def rounds(jobs):
    """-> [([Job], number of workers, what starts a worker)]"""
    again = [job._replace(group=job.group + ', as user') for job in jobs if job.group in RIGHTS_MATTER]
    if os.geteuid() != 0 or not again:
        again = []
    elif why := ordinary_user_is_shut_out():
        again = [Job('skipped', 'as user', 'test/run.py', 'all tests as an ordinary user', {'why': why}, None)]
    return [([job for job in part if ('alone' in job.spec) == alone], workers, start)
            for part, start in ((jobs, start_worker), (again, start_ordinary_worker))
            for workers, alone in ((options.jobs, False), (1, True))]


def report(items, totals):
    for item in items:
        totals[item.group][item.result] += 1
        if item.result == 'not ok' or options.verbose:
            detail = item.detail.rstrip().replace('\n', '\n    ')
            where = item.path + ', as user' * item.group.endswith(', as user')
            print(f'{item.result} {where}: {item.name}' + (f'\n    {detail}' if detail else ''), flush=True)


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--emilua', required=True, help='the binary under test')
    parser.add_argument('--build', help='Meson build directory whose unit tests run too')
    parser.add_argument('--sanitize', default='', help='address or thread: how the binary was built')
    parser.add_argument('-j', '--jobs', type=int, default=2)
    parser.add_argument('-v', '--verbose', action='store_true', help='print what passed, too')
    parser.add_argument('-k', '--keep', action='store_true', help='keep the temporary directories')
    parser.add_argument('names', nargs='*', help='parts of file paths or test names')
    options = parser.parse_args()
    options.emilua = os.path.abspath(options.emilua)

    jobs = collect()
    totals = collections.defaultdict(collections.Counter)
    for queue, workers, start in rounds(jobs):
        # Processes, each a subreaper that runs one test at a time. (A multiprocessing.Pool would wait for ever for a
        # worker that got killed.)
        with concurrent.futures.ProcessPoolExecutor(
                workers, multiprocessing.get_context('fork'), start) as pool:
            try:
                for done in concurrent.futures.as_completed([pool.submit(perform, job) for job in queue]):
                    report(done.result(), totals)
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    for group, count in sorted(totals.items()):
        print(f'{group:<32} {count["ok"]:5} passed {count["not ok"]:4} failed {count["skip"]:4} skipped')
    total = sum(totals.values(), collections.Counter())
    if not total:
        print('no test was found' + ''.join(f' with {name}' for name in options.names))
    print(f'{total["ok"]} passed, {total["not ok"]} failed' + (f', {total["skip"]} skipped' if total['skip'] else ''))
    return 1 if total['not ok'] or not total else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

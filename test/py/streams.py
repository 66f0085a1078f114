# Standard streams that only another program can set up: terminals, sockets, foreign flags and owners (07 §4).
import fcntl
import functools
import os
import pty
import signal
import socket
import subprocess
import termios
import time

import _program
from _program import case, end, finish

PRELUDE = '''
local system, stream, time = require 'system', require 'stream', require 'time'
local buffer = byte_span.new(100000)
local function read() return tostring(buffer:slice(1, system.in_:read_some(buffer))) end
local function write(text) stream.write_all(system.out, text) end
local function note(text) stream.write_all(system.err, text .. '\\n') end
'''
start = functools.partial(_program.start, prelude=PRELUDE, text=False)


def is_nonblocking(fd):
    return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK)


def set_nonblocking(fd):
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)


def terminal(raw=True):
    master, slave = pty.openpty()
    mode = termios.tcgetattr(slave)
    mode[3] &= ~termios.ECHO
    if raw:
        mode[1] &= ~termios.OPOST
        mode[3] &= ~termios.ICANON
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    return master, slave


def read_exactly(fd, size):
    data = b''
    while len(data) < size:
        more = os.read(fd, size - len(data))
        assert more, data
        data += more
    return data


ECHO_UNTIL_KILLED = '''
spawn(function() while true do write(read()) end end):detach()
'''


def flags_while_it_runs(theirs_in, theirs_out, ours_in, ours_out):
    process = start(ECHO_UNTIL_KILLED, stdin=theirs_in, stdout=theirs_out)
    try:
        for text in (b'a', b'b'):
            os.write(ours_in, text)
            assert read_exactly(ours_out, 1) == text
            time.sleep(0.02) # until it waits again
            assert not is_nonblocking(theirs_in) and not is_nonblocking(theirs_out)
    finally:
        process.kill()
        process.wait()
    assert not is_nonblocking(theirs_in) and not is_nonblocking(theirs_out)
    for fd in {theirs_in, theirs_out, ours_in, ours_out}:
        os.close(fd)


@case('07.16 O_NONBLOCK is never set: pipes')
def _():
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    flags_while_it_runs(theirs_in, theirs_out, ours_in, ours_out)


@case('07.16 O_NONBLOCK is never set: a terminal')
def _():
    master, slave = terminal()
    flags_while_it_runs(slave, slave, master, master)


@case('07.16 O_NONBLOCK is never set: a socket')
def _():
    a, b = socket.socketpair()
    theirs, ours = a.detach(), b.detach()
    flags_while_it_runs(theirs, theirs, ours, ours)


@case('07.16 O_NONBLOCK is never set: the master of a terminal, which would be another one if opened again')
def _():
    master, slave = terminal()
    flags_while_it_runs(master, master, slave, slave)


@case('07.16 flags after exit, a panic, abort and with force')
def _():
    for text, status in (('system.exit(3)', 3), ('error "x"', 1), ('system.exit(0, {force = "abort"})', -signal.SIGABRT),
                         ('system.exit(5, {force = 2})', 5), ('system.signal.raise(9)', -signal.SIGKILL)):
        master, slave = terminal()
        os.write(master, b'x')
        process = start('read() write "x"\nspawn(read):detach() this_fiber.yield()\n' + text,
                        stdin=slave, stdout=slave, stderr=subprocess.DEVNULL)
        finish(process, status)
        assert not is_nonblocking(slave)
        os.close(master)
        os.close(slave)


@case('07.16 a description that is non-blocking already')
def _():
    for kind in ('pipe', 'terminal', 'socket'):
        if kind == 'pipe':
            ours, theirs = os.pipe()
        elif kind == 'terminal':
            ours, theirs = terminal()
        else:
            a, b = socket.socketpair()
            ours, theirs = a.detach(), b.detach()
        set_nonblocking(theirs)
        process = start('write(("x"):rep(300000)) note "written"', stdout=theirs, stderr=subprocess.PIPE)
        time.sleep(0.1)
        assert read_exactly(ours, 300000) == b'x' * 300000
        finish(process)
        assert is_nonblocking(theirs)
        os.close(ours)
        os.close(theirs)


@case('07.17 print loses nothing when somebody made stdout non-blocking')
def _():
    for ours, theirs in (os.pipe(), terminal()):
        set_nonblocking(theirs)
        process = start('local line = ("x"):rep(99) for _ = 1, 3000 do print(line) end', stdout=theirs)
        time.sleep(0.2)
        got = b''
        while len(got) < 300000:
            got += os.read(ours, 5000)
        assert got == (b'x' * 99 + b'\n') * 3000
        finish(process)
        os.close(ours)
        os.close(theirs)


@case('07.17 a panic reaches a full stderr that is non-blocking')
def _():
    ours, theirs = os.pipe()
    set_nonblocking(theirs)
    try:
        while True:
            os.write(theirs, b'.' * 4096)
    except BlockingIOError:
        pass
    process = start('error "oops"', stderr=theirs)
    os.close(theirs)
    time.sleep(0.3)
    got = b''
    while chunk := os.read(ours, 65536):
        got += chunk
    os.close(ours)
    assert b'oops' in got, got[-200:]
    finish(process, 1)


@case('07.17 print is line-buffered on a terminal, block-buffered elsewhere')
def _():
    master, slave = terminal()
    reader, writer = os.pipe()
    for ours, theirs, expected in ((master, slave, b'first\n'), (reader, writer, b'')):
        process = start('print "first" note "printed" read() print "second"', stdin=subprocess.PIPE, stdout=theirs,
                        stderr=subprocess.PIPE)
        assert process.stderr.readline() == b'printed\n'
        set_nonblocking(ours)
        try:
            got = os.read(ours, 100)
        except BlockingIOError:
            got = b''
        assert got == expected, got
        process.stdin.write(b'x')
        finish(process)
        os.set_blocking(ours, True)
        rest = b'first\nsecond\n'[len(got):]
        assert read_exactly(ours, len(rest)) == rest
    for fd in (master, slave, reader, writer):
        os.close(fd)


@case('07.8 a terminal: lines, the end of file key, and more after it')
def _():
    master, slave = terminal(raw=False)
    process = start('''
        for _ = 1, 3 do
            local ok, text = pcall(read)
            write(tostring(text):gsub('\\n', '') .. ';')
        end
        local fiber = spawn(function() read() end)
        time.sleep(0.05)
        fiber:interrupt()
        fiber:join()
        note 'interrupted'
        write(read())
    ''', stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(master, b'one\n')
    assert read_exactly(process.stdout.fileno(), 4) == b'one;'
    os.write(master, b'\x04')
    assert read_exactly(process.stdout.fileno(), 12) == b'End of file;'
    os.write(master, b'two\n')
    assert read_exactly(process.stdout.fileno(), 4) == b'two;'
    assert process.stderr.readline() == b'interrupted\n'
    os.write(master, b'three\n')
    assert finish(process) == b'three\n'
    os.close(master)
    os.close(slave)


@case('07.9 a hung-up terminal')
def _():
    master, slave = terminal()
    process = start('''
        note 'blocked'
        local _, before = pcall(read)
        note(tostring(before))
        local _, after = pcall(read)
        note(tostring(after))
        local _, e = pcall(write, 'x')
        assert(e.code == 5 and tostring(e.category) == 'system')
        note(tostring(e))
        assert(system.in_:isatty() == false)
    ''', stdin=slave, stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    assert process.stderr.readline() == b'blocked\n'
    time.sleep(0.05)
    os.close(master)
    lines = process.stderr.read().splitlines()
    finish(process)
    assert lines[0] in (b'End of file', b'Input/output error') and lines[1] in (b'End of file', b'Input/output error')
    assert lines[2] == b'Input/output error', lines


def as_nobody(text, **options):
    os.chmod('.', 0o755)
    return start(text, user=65534, group=65534, extra_groups=[], **options)


def check_transfers_without_reopening(theirs_in, theirs_out, ours_in, ours_out):
    process = as_nobody('''
        local blocked = spawn(function() read() end)
        local ticks, writing = 0, false
        local ticker = spawn(function()
            while true do
                time.sleep(0.005)
                ticks = ticks + 1
                if writing and ticks == 4 then note 'the writer stops nobody' end
            end
        end)
        while ticks < 4 do time.sleep(0.005) end
        blocked:interrupt()
        blocked:join()
        note 'ready'
        write(read())
        ticks, writing = 0, true
        write(('0123456789\\n'):rep(20000))
        ticker:interrupt()
        ticker:join()
    ''', stdin=theirs_in, stdout=theirs_out, stderr=subprocess.PIPE)
    assert process.stderr.readline() == b'ready\n', process.stderr.read()
    os.write(ours_in, b'abc')
    assert read_exactly(ours_out, 3) == b'abc'
    assert process.stderr.readline() == b'the writer stops nobody\n'
    assert read_exactly(ours_out, 220000) == b'0123456789\n' * 20000
    finish(process)
    assert not is_nonblocking(theirs_in) and not is_nonblocking(theirs_out)
    for fd in {theirs_in, theirs_out, ours_in, ours_out}:
        os.close(fd)


@case('07.16 pipes of another user, which cannot be opened again')
def _():
    if os.geteuid() != 0:
        return 'no root'
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    check_transfers_without_reopening(theirs_in, theirs_out, ours_in, ours_out)


@case('07.16 a terminal of another user, as after su')
def _():
    if os.geteuid() != 0:
        return 'no root'
    master, slave = terminal()
    check_transfers_without_reopening(slave, slave, master, master)


@case('07.16 a socket')
def _():
    if os.geteuid() != 0:
        return 'no root'
    a, b = socket.socketpair()
    theirs, ours = a.detach(), b.detach()
    check_transfers_without_reopening(theirs, theirs, ours, ours)


@case('07.9 no descriptor of the runtime gets the number of a closed stream, even without /dev')
def _():
    if os.geteuid() != 0:
        return 'no root'
    # A mount namespace of its own, where /dev is empty.
    process = start('''
        for _, name in ipairs { 'in_', 'out' } do assert(system[name]:isatty() == false) end
        assert(not pcall(read) and not pcall(write, 'x'))
        local fd = system.err:dup()
        assert(tonumber(tostring(fd):match '%d+') > 2)
        note 'ran'
    ''', 'unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /dev && exec "$0" "$@" <&- >&-', stderr=subprocess.PIPE)
    err = process.stderr.read()
    if b'unshare failed' in err:
        process.wait()
        return 'no mount namespaces'
    assert err == b'ran\n', err
    finish(process)


end()

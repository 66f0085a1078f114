# The job control of doc/examples/shell.lua, driven through a terminal (07 §12).
#@ timeout 60
#@ need tty
import fcntl
import os
import re
import select
import subprocess
import termios
import time
from pathlib import Path

import _program
from _program import EMILUA, end, eventually

SHELL = Path(__file__).resolve().parent.parent.parent / 'doc/examples/shell.lua'


def case(name):
    def run(f):
        shell = Shell()
        try:
            f(shell)
            shell.end()
        except Exception as error:
            shell.process.kill()
            raise AssertionError(f'seen: {shell.all!r}') from error
    return lambda f: _program.case(name, f)(run)


class Shell:
    def __init__(self):
        self.master, slave = os.openpty()
        mode = termios.tcgetattr(slave)
        mode[1] &= ~termios.OPOST
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        self.seen = self.all = ''
        self.process = subprocess.Popen([EMILUA, SHELL], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.expect(r'\$ ')

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, seconds=10):
        """Waits for the pattern; what was before and in it is seen. Returns the match."""
        deadline = time.monotonic() + seconds
        while not (match := re.search(pattern, self.seen)):
            ready = select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]
            assert ready, f'expected {pattern!r}, got {self.seen!r}'
            text = os.read(self.master, 4096).decode()
            self.seen += text
            self.all += text
        self.seen = self.seen[match.end():]
        return match

    def run(self, command, answer=''):
        self.type(command + '\n')
        self.expect(r'\A' + answer + r'\$ ')

    def foreground(self):
        return os.tcgetpgrp(self.master)

    def members(self, group):
        """{pid: state} of the processes of a group."""
        found = {}
        for entry in os.listdir('/proc'):
            if entry.isdigit():
                try:
                    fields = Path('/proc', entry, 'stat').read_text().rpartition(')')[2].split()
                except OSError:
                    continue
                if int(fields[2]) == group:
                    found[int(entry)] = fields[0]
        return found

    def end(self):
        if self.process.poll() is None:
            self.type('exit\n')
        assert self.process.wait(20) == 0
        os.close(self.master)


@case('07.91 a pipeline of three programs')
def _(shell):
    shell.run('echo hello | tr a-z A-Z | tr L _', 'HE__O\n')
    shell.run('true')


@case('07.91 a job is in the foreground while it runs, and the shell afterwards')
def _(shell):
    assert shell.foreground() == shell.process.pid
    shell.type('sleep 100 | cat | cat\n')
    eventually(lambda: shell.foreground() != shell.process.pid)
    group = shell.foreground()
    eventually(lambda: len(shell.members(group)) == 3)
    shell.type('\x03')
    shell.expect(r'\$ ')
    assert shell.foreground() == shell.process.pid
    eventually(lambda: not shell.members(group))


@case('07.91 ctrl-C at the prompt ends nothing')
def _(shell):
    shell.type('\x03')
    shell.type('\x1a')
    shell.type('\x1c')
    shell.run('echo alive', '(\\$ )*alive\n')


@case('07.91 ctrl-Z, bg, fg')
def _(shell):
    shell.type('sleep 100 | cat | cat\n')
    eventually(lambda: shell.foreground() != shell.process.pid)
    group = shell.foreground()
    eventually(lambda: len(shell.members(group)) == 3)
    shell.type('\x1a')
    shell.expect(r'\n\[1\] stopped  sleep 100 \| cat \| cat\n\$ ')
    assert shell.foreground() == shell.process.pid
    eventually(lambda: set(shell.members(group).values()) == {'T'})
    shell.run('jobs', r'\[1\] stopped  sleep 100 \| cat \| cat\n')
    shell.run('echo still here', 'still here\n')
    shell.run('bg')
    eventually(lambda: set(shell.members(group).values()) == {'S'})
    shell.run('jobs', r'\[1\] running  sleep 100 \| cat \| cat\n')
    shell.type('fg 1\n')
    shell.expect('sleep 100 .*\n')
    eventually(lambda: shell.foreground() == group)
    shell.type('\x1a')
    shell.expect(r'\n\[1\] stopped .*\n\$ ')
    shell.type('fg\n')
    shell.expect('sleep 100 .*\n')
    eventually(lambda: set(shell.members(group).values()) == {'S'})
    shell.type('\x03')
    shell.expect(r'\$ ')
    shell.run('jobs')
    assert not shell.members(group)


@case('07.91 a background job')
def _(shell):
    group = None
    shell.type('sleep 100 | cat &\n')
    group = int(shell.expect(r'\A\[1\] (\d+)\n\$ ')[1])
    assert shell.foreground() == shell.process.pid
    shell.type('\x03')      # goes to the foreground group, which is the shell's
    shell.run('echo prompt', '(\\$ )*prompt\n')
    assert len(shell.members(group)) == 2
    os.killpg(group, 15)
    eventually(lambda: not shell.members(group))
    time.sleep(0.05)
    shell.run('true', r'(\[1\] done  sleep 100 \| cat\n)?')


@case('07.91 a background job that reads the terminal is stopped')
def _(shell):
    shell.type('cat &\n')
    group = int(shell.expect(r'\A\[1\] (\d+)\n\$ ')[1])
    eventually(lambda: set(shell.members(group).values()) == {'T'})
    time.sleep(0.05)
    shell.run('true', r'(\[1\] stopped  cat\n)?')
    shell.type('fg\n')
    shell.expect('cat\n')
    eventually(lambda: shell.foreground() == group)
    shell.type('to cat\n')
    shell.expect('to cat\n')
    shell.type('\x04')
    shell.expect(r'\$ ')


@case('07.91 programs that cannot be started')
def _(shell):
    shell.run('no-such-program', 'no-such-program: No such file or directory\n')
    assert shell.foreground() == shell.process.pid
    shell.run('echo x | no-such-program', 'no-such-program: No such file or directory\n')
    shell.run('no-such-program | cat', 'no-such-program: No such file or directory\n')
    shell.run('fg', 'no such job\n')
    shell.run('bg 7', 'no such job\n')
    shell.run('')
    shell.run('|')
    shell.run('&', '.*')
    shell.run('echo alive', '[^$]*alive\n')


@case('07.91 exit ends stopped jobs')
def _(shell):
    shell.type('sleep 100\n')
    eventually(lambda: shell.foreground() != shell.process.pid)
    group = shell.foreground()
    eventually(lambda: 'sleep' in Path(f'/proc/{group}/comm').read_text())
    shell.type('\x1a')
    shell.expect(r'stopped  sleep 100\n\$ ')
    shell.end()
    assert not shell.members(group)
    shell.end = lambda: None


@case('07.91 the end of file key ends the shell')
def _(shell):
    shell.type('\x04')
    assert shell.process.wait(20) == 0


end()

# What the tests in Python share: cases, and programs of ours that they start.
import os
import subprocess
import time
import traceback

EMILUA = os.environ['EMILUA']
SANITIZER = os.environ['EMILUA_TEST_SANITIZER']
SLOW = 5 if SANITIZER else 1
count = 0


def case(name, *arguments):
    """Runs the function at once, with these arguments; a string that it returns says why the case is skipped."""
    def run(f):
        global count
        count += 1
        try:
            reason = f(*arguments)
            print(f'skip {name}: {reason}' if reason else f'ok {name}', flush=True)
        except Exception:
            print(f'not ok {name}\n    ' + traceback.format_exc().strip().replace('\n', '\n    '), flush=True)
    return run


def eventually(condition, seconds=20):
    deadline = time.monotonic() + seconds * SLOW
    while not condition():
        assert time.monotonic() < deadline, 'it did not happen'
        time.sleep(0.005)


def start(source, *command, prelude='', **options):
    """The Lua program `source` behind a prelude; in front of it what `command` runs it with."""
    with open('script.lua', 'w') as f:
        f.write(prelude + source)
    return subprocess.Popen([*command, EMILUA, 'script.lua'], **({'stdout': subprocess.PIPE, 'text': True} | options))


def finish(process, status=0, seconds=10):
    """-> what it has written."""
    out, err = process.communicate(timeout=seconds * SLOW)
    assert process.returncode == status, (process.returncode, out, err)
    return out


def end():
    """To be called last: the runner wants to know that no case is missing."""
    print('done', count)

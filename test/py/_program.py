# What tests with foreign peers share: cases, and programs of ours that they start.
import os
import subprocess
import traceback

EMILUA = os.environ['EMILUA']
count = 0


def case(name):
    """Runs the function at once; a string that it returns says why the case is skipped."""
    def run(f):
        global count
        count += 1
        try:
            reason = f()
            print(f'skip {name}: {reason}' if reason else f'ok {name}', flush=True)
        except Exception:
            print(f'not ok {name}\n    ' + traceback.format_exc().strip().replace('\n', '\n    '), flush=True)
    return run


def start(text, *command, **options):
    """The Lua program `text`, in front of it what `command` runs it with."""
    with open('script.lua', 'w') as f:
        f.write(text)
    return subprocess.Popen([*command, EMILUA, 'script.lua'], stdout=subprocess.PIPE, text=True, **options)


def finish(process, status=0, seconds=10):
    """-> what it has written."""
    out = process.communicate(timeout=seconds)[0]
    assert process.returncode == status, process.returncode
    return out


def end():
    """To be called last: the runner wants to know that no case is missing."""
    print('done', count)

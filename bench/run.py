#!/usr/bin/env python3
"""Runs the benchmarks of this directory (those named, or all) and prints ratios. See README.md."""
import os
import resource
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EMILUA = os.environ.get('EMILUA') or str(HERE.parent / 'build-release' / 'emilua')
BUILD = Path(EMILUA).resolve().parent / 'bench'
US = 'emilua'

# benchmark: {metric: {peer: greatest ratio}}. The peer US stands for a limit of our own value.
TARGETS = {
    'spawn_join': {'spawn and join': {'luajit': 2}},
    'yield': {'round trip': {'luajit': 2}},
    'pcall': {'call': {'luajit': 10}},
    'start': {'whole process': {'luajit': 3, 'node': 1}},
    'byte_loop': {'sum': {'luajit': 2}, 'fill': {'luajit': 2}},
    'ping_pong': {'1 connections': {'luv': 1, 'cqueues': 1, 'node': 1},
                  '64 connections': {'epoll': 1.6, 'luv': 1, 'cqueues': 1, 'node': 1},
                  '1000 connections': {'luv': 1, 'cqueues': 1, 'node': 1}},
    'bulk': {'64 KiB': {'luv': 1, 'cqueues': 1, 'node': 1}},
    'sleepers': {'memory': {US: 6.0}},
    'million': {},
    'scanner': {'line': {'luajit': 0.33}, 'line, fields at colons': {'gawk': 1}, 'line, fields at blanks': {'gawk': 1}},
    'sync': {'mutex hand-over': {'luajit': 4}, 'condition variable hand-over': {'luajit': 4}},
    'actor_ping_pong': {'one thread': {'luajit': 45}},
    'ipc_ping_pong': {'round trip': {'seqpacket': 2}, 'one way': {'seqpacket': 2}},
    'actor_fan_in': {},
    'actor_table': {},
    'actor_spawn': {'time': {'c': 2}, 'memory': {'c': 2}},
    'subprocess_spawn': {'plain': {'bwrap': 0.35}, 'six namespaces': {'bwrap': 0.7}},
    'process': {'spawn and wait': {'c': 1.5}, 'spawn and wait with 1 GiB': {'c': 1.5}},
}
REPETITIONS = 5
OTHER_REPETITIONS = {'start': 25, 'million': 1}
MEMORY_NEEDED = {'million': 7 << 30, 'process': 2 << 30}


def command(program):
    """The command that runs a contestant's program, and what must be installed for it."""
    peer = program.stem
    if program.suffix == '.c':
        binary = BUILD / program.parent.name / peer
        return [str(binary)], shutil.which('cc') and compile_c(program, binary)
    if program.suffix == '.sh':
        return ['sh', str(program)], shutil.which(peer)
    if program.suffix == '.js':
        return ['node', str(program)], shutil.which('node')
    if program.suffix == '.awk':
        return ['gawk', '-b', '-f', str(program)], shutil.which('gawk')
    if program.suffix == '.erl':
        return ['escript', str(program)], shutil.which('escript')
    if program.suffix == '.py':
        return ['python3', str(program)], shutil.which('python3')
    if peer == US:
        return [EMILUA, str(program)], True
    library = [] if peer == 'luajit' else ['-l', peer]
    return ['luajit', str(program)], shutil.which('luajit') and \
        subprocess.run(['luajit', *library, '-e', ''], capture_output=True).returncode == 0


def compile_c(program, binary):
    binary.parent.mkdir(parents=True, exist_ok=True)
    luajit = subprocess.run(['pkg-config', '--cflags', '--libs', 'luajit'], capture_output=True, text=True, check=True)
    subprocess.run(['cc', '-O2', '-I', HERE / 'lib', program, '-o', binary, *luajit.stdout.split()], check=True)
    return True


def run(argv):
    """{metric: (value, unit)} as the program prints them; if it prints none, the CPU time of the whole process."""
    environment = dict(os.environ, EMILUA_PATH=str(HERE / 'lib'), LUA_PATH=f'{HERE}/lib/?.lua;;')
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f'{" ".join(argv)}: status {process.returncode}')
    lines = [line.split('\t') for line in output.splitlines() if '\t' in line]
    return {metric: (float(value), unit) for metric, value, unit in lines} or \
        {'whole process': ((usage.ru_utime + usage.ru_stime) * 1000, 'ms')}


def spread(values):
    return f'{statistics.median(values):.4g} ({min(values):.4g} - {max(values):.4g})'


def verdict(values, limit):
    if limit is None:
        return ''
    missed = statistics.median(values) > limit
    return f', target <= {limit}: ' + ('MISSED' if missed else 'met')


def benchmark(name):
    print(f'\n{name}: {(HERE / name / (US + ".lua")).read_text().splitlines()[0].strip("- ")}')
    needed, available = MEMORY_NEEDED.get(name, 0), os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    if available < needed:
        print(f'  skipped: needs {needed >> 30} GiB of free memory')
        return
    contestants = {}
    for program in sorted((HERE / name).iterdir()):
        argv, installed = command(program)
        if installed:
            contestants[program.stem] = argv
        else:
            print(f'  {program.stem}: skipped, not installed')
    # One after another, again and again: what else the machine does hits all of them.
    rounds = [{peer: run(argv) for peer, argv in contestants.items()}
              for _ in range(OTHER_REPETITIONS.get(name, REPETITIONS))]
    for metric, (_, unit) in rounds[0][US].items():
        targets = TARGETS[name].get(metric, {})
        ours = [r[US][metric][0] for r in rounds]
        print(f'  {metric}: {spread(ours)} {unit}{verdict(ours, targets.get(US))}')
        for peer in contestants:
            if peer != US and metric in rounds[0][peer]:
                ratios = [r[US][metric][0] / r[peer][metric][0] for r in rounds]
                print(f'    / {peer}: {spread(ratios)}{verdict(ratios, targets.get(peer))}')


def main():
    names = sys.argv[1:] or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        sys.exit(f'unknown benchmark {", ".join(unknown)}; there are {", ".join(TARGETS)}')
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)) # for 1000 connections
    for name in names:
        benchmark(name)
        sys.stdout.flush()


if __name__ == '__main__':
    main()

# The work of emilua.lua with subprocess.
import subprocess
import time

AT_ONCE = 100


def spawn_and_wait(count):
    for _ in range(count):
        subprocess.Popen(['/bin/true'], env={}).wait()


def collect(count):
    for _ in range(0, count, AT_ONCE):
        children = [subprocess.Popen(['/bin/echo', 'line'], env={}, stdout=subprocess.PIPE) for _ in range(AT_ONCE)]
        for child in children:
            child.communicate()


def cost(metric, count, f):
    f(count // 10)
    start = time.perf_counter_ns()
    f(count)
    print(f'{metric}\t{(time.perf_counter_ns() - start) / count:.6g}\tns')


cost('spawn and wait', 1000, spawn_and_wait)
cost('child of 100 with its output', 1000, collect)
memory = bytearray(b'x') * 2 ** 30
cost('spawn and wait with 1 GiB', 1000, spawn_and_wait)

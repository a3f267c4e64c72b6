# SPDX-License-Identifier: MIT
"""One thread, DEPTH (5 or more) Python frames deep, that calls short functions as fast as it can: a stack reader's worst case.

    bench_depth.py --report FD [--counter FILE] DEPTH

Says ready, then works until it is killed. There is no second thread that waits for the end, so that the process has one
stack to read. The innermost loop calls a function of a few assignments, 25 to 80 ns a call. A thousand times a second or so
it writes three 64-bit numbers to FILE (shared memory): how often it did, when by the monotonic clock (ns), and the first
again. Runs on Python 3.8+.
"""
import mmap
import os
import struct
import sys
import time

CALLS = 10000  # a unit of work: under a millisecond


def leaf():
    a = b = c = 1
    return a, b, c


def unit():
    for _ in range(CALLS):
        leaf()


def work(memory):
    done = 0
    while True:
        unit()
        done += 1
        memory[:24] = struct.pack("<QQQ", done, time.monotonic_ns(), done)


def descend(left, memory):
    if left:
        descend(left - 1, memory)
    else:
        work(memory)


def counter_memory(arguments):
    if "--counter" not in arguments:
        return bytearray(24)
    with open(arguments[arguments.index("--counter") + 1], "r+b") as file:
        return mmap.mmap(file.fileno(), 24)


def main(arguments):
    depth = int(arguments[-1])
    sys.setrecursionlimit(depth + 1000)
    memory = counter_memory(arguments)
    os.write(int(arguments[arguments.index("--report") + 1]), b'"ready"\n')
    descend(depth - 5, memory)  # <module>, main, descend, work, unit; `leaf` comes and goes


if __name__ == "__main__":
    main(sys.argv[1:])

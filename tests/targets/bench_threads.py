# SPDX-License-Identifier: MIT
"""THREADS threads about 20 Python frames deep; BUSY of them call short functions, the others wait for a lock or sleep.

    bench_threads.py --report FD [--counter FILE] THREADS BUSY

Says ready when every thread is where it stays. The main thread is one of the busy ones, and counts as bench_depth.py does.
Works until it is killed. Runs on Python 3.8+.
"""
import os
import sys
import threading
import time

from bench_depth import counter_memory, descend, work

DEPTH = 15  # with what is above and below it, about 20 frames
for_ever = threading.Lock()


def wait_inside(left, asleep):
    if left:
        wait_inside(left - 1, asleep)
    elif asleep:
        time.sleep(1e6)
    else:
        for_ever.acquire()


def wait(number, arrived):
    arrived.release()
    wait_inside(DEPTH, number % 2)


def keep_busy(arrived):
    arrived.release()
    descend(DEPTH, bytearray(24))


def start(threads, busy):
    arrived = threading.Semaphore(0)
    for_ever.acquire()
    threading.stack_size(256 * 1024)
    for number in range(threads - busy):
        threading.Thread(target=wait, args=(number, arrived), daemon=True).start()
    for _ in range(busy - 1):
        threading.Thread(target=keep_busy, args=(arrived,), daemon=True).start()
    for _ in range(threads - 1):
        arrived.acquire()
    time.sleep(0.2)  # a thread that has arrived still has to go down to where it stays


def main(arguments):
    threads, busy = (int(word) for word in arguments[-2:])
    memory = counter_memory(arguments)
    start(threads, busy)
    os.write(int(arguments[arguments.index("--report") + 1]), b'"ready"\n')
    descend(DEPTH, memory)


if __name__ == "__main__":
    main(sys.argv[1:])

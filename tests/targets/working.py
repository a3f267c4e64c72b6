# SPDX-License-Identifier: MIT
"""A process that works, and can be told to end in several ways.

    working.py --report FD [--counter FILE]

Three threads count in Python; each count is a 64-bit number in FILE (shared memory), where a test sees it grow. One byte on
standard input says what to do: `x` exit with status 7, `k` die by SIGKILL, `p` exec another Python, `s` exec sleep; its
end: exit with 0. Runs on Python 2.7 and 3.
"""
import mmap
import os
import signal
import struct
import sys
import threading

THREADS = 3


def work(memory, number):
    count = 0
    while True:
        for _ in range(1000):
            count += 1
        memory[8 * number:8 * number + 8] = struct.pack("<Q", count)


def obey():
    order = os.read(0, 1)
    if order == b"x":
        os._exit(7)
    elif order == b"k":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order == b"p":
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)"])
    elif order == b"s":
        os.execv("/bin/sleep", ["sleep", "600"])
    os._exit(0)


def main():
    memory = bytearray(8 * THREADS)
    if "--counter" in sys.argv:
        with open(sys.argv[sys.argv.index("--counter") + 1], "r+b") as file:
            memory = mmap.mmap(file.fileno(), 8 * THREADS)
    for number in range(THREADS):
        thread = threading.Thread(target=work, args=(memory, number))
        thread.daemon = True
        thread.start()
    os.write(int(sys.argv[sys.argv.index("--report") + 1]), b'"ready"\n')
    obey()


if __name__ == "__main__":
    main()

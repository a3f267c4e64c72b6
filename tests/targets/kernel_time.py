# SPDX-License-Identifier: MIT
"""Runs half of its time in system calls, which compute and do not wait, and half in Python, some 0.5 ms each in turn.

    kernel_time.py --report FD

Says that it is ready, and runs until it is killed. Runs on Python 3.
"""
import os
import sys

RANDOM = os.open("/dev/urandom", os.O_RDONLY)


def in_kernel():
    os.read(RANDOM, 200000)


def in_python():
    total = 0
    for number in range(15000):
        total += number


os.write(int(sys.argv[sys.argv.index("--report") + 1]), b'"ready"\n')
while True:
    in_kernel()
    in_python()

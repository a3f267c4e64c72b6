# SPDX-License-Identifier: MIT
"""Waits 0.1 ms (and what the kernel adds) in turn with 0.05 ms of Python, and says which share of its CPU time each had.

    brief_waits.py SECONDS

For docs/accuracy.md. Runs on Python 3.7 and later.
"""
import sys
import time


def wait():
    time.sleep(0.0001)


def compute():
    total = 0
    for number in range(1500):
        total += number


waited = computed = 0
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    begin = time.thread_time_ns()
    wait()
    between = time.thread_time_ns()
    compute()
    waited += between - begin
    computed += time.thread_time_ns() - between
print("wait %.3f, compute %.3f of CPU time" % (waited / (waited + computed), computed / (waited + computed)))

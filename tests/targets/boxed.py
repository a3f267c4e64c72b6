# SPDX-License-Identifier: MIT
"""Stands in a known place, and runs in another thread. With built-in modules only, for interpreters that can load no others.

    boxed.py --report FD [--for SECONDS]

Says who it is and its first thread's stack, innermost first, in one line of JSON. Ends with status 7 when its input is
closed, or after a time.
"""
import sys
import threading
import time

import posix


def spin():
    total = 0
    while True:
        total += 1


def option(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def report():
    stack, frame = [], sys._getframe(1)
    while frame is not None:
        stack.append('["%s", %d]' % (frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    line = '{"pid": %d, "tid": %d, "stack": [%s]}\n' % (posix.getpid(), threading.get_native_id(), ", ".join(stack))
    posix.write(int(option("--report")), line.encode())


def innermost():
    report(); time.sleep(float(option("--for"))) if option("--for") else posix.read(0, 1)  # one line: it stands where it says


def middle():
    innermost()


threading.Thread(target=spin, name="spinner", daemon=True).start()
middle()
posix._exit(7)

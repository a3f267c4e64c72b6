# SPDX-License-Identifier: MIT
"""Runs Python code and code of another language in turn, LEVELS deep; then that works.

native_languages.py --report FD cpp|rust|cython LIBRARY THREADS gil|nogil LEVELS MILLISECONDS
Ends when standard input closes.
"""
from __future__ import print_function

import ctypes
import json
import os
import sys
import threading

language, library_path, threads, mode, levels, milliseconds = sys.argv[3:9]
milliseconds = int(milliseconds)
if language == "cython":
    sys.path.insert(0, os.path.dirname(library_path))
    import native_cython
    call, work_in_it = native_cython.descend, native_cython.run
else:
    library = (ctypes.CDLL if mode == "nogil" else ctypes.PyDLL)(library_path)
    call, work_in_it = getattr(library, language + "_call"), getattr(library, language + "_work")


def innermost():
    return work_in_it(milliseconds)


def step(level):
    return from_c(level)


def from_c(level):
    if level == 0:
        return innermost()
    return call(callback, level)


if language == "cython":
    callback = step
else:
    callback = (ctypes.CFUNCTYPE if mode == "nogil" else ctypes.PYFUNCTYPE)(ctypes.c_int, ctypes.c_int)(step)


def work():
    begin.wait()
    while True:
        step(int(levels))


begin = threading.Event()  # 2.7 lets a thread that computes keep the GIL: ready is said before
for _ in range(int(threads)):
    thread = threading.Thread(target=work)
    thread.daemon = True
    thread.start()
os.write(int(sys.argv[2]), json.dumps({"ready": True}).encode() + b"\n")
begin.set()
sys.stdin.read()
os._exit(0)

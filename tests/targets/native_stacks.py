# SPDX-License-Identifier: MIT
"""Runs C code and Python code in turn: Python calls C, which calls Python back, LEVELS deep, and at last C works.

native_stacks.py --report FD LIBRARY THREADS gil|nogil LEVELS MILLISECONDS
With `nogil` the GIL is released while C works. Ends when standard input closes.
"""
from __future__ import print_function

import ctypes
import json
import os
import sys
import threading

library_path, threads, mode, levels, milliseconds = sys.argv[3:8]
library = (ctypes.CDLL if mode == "nogil" else ctypes.PyDLL)(library_path)
CALLBACK = (ctypes.CFUNCTYPE if mode == "nogil" else ctypes.PYFUNCTYPE)(ctypes.c_int, ctypes.c_int)
milliseconds = int(milliseconds)


def innermost():
    return library.native_deep(milliseconds)


def step(level):
    return from_c(level)


def from_c(level):
    if level == 0:
        return innermost()
    return library.native_call(callback, level)


callback = CALLBACK(step)


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

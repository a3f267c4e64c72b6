# SPDX-License-Identifier: MIT
"""Does the same short piece of work again and again, LEVELS turns of Python and C deep, and says how often it has done it.

native_rate.py --report FD LIBRARY LEVELS
Each line of standard input is answered by "COUNT SECONDS" on standard output: pieces so far, and the monotonic time. Ends
when standard input closes.
"""
import ctypes
import json
import os
import sys
import threading
import time

library_path, levels = sys.argv[3:5]
library = ctypes.PyDLL(library_path)
count = 0


def piece():
    total = 0
    for number in range(200):
        total += number
    return total


def step(level):
    global count
    if level > 0:
        return library.native_call(callback, level)
    while True:
        piece()
        count += 1


callback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_int)(step)
thread = threading.Thread(target=step, args=(int(levels),))
thread.daemon = True
thread.start()
os.write(int(sys.argv[2]), json.dumps({"ready": True}).encode() + b"\n")
for _ in iter(sys.stdin.readline, ""):
    sys.stdout.write("%d %.9f\n" % (count, time.monotonic()))
    sys.stdout.flush()
os._exit(0)

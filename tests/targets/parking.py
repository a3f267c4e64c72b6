# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Threads that stand still in known places, and what the program itself knows of their stacks.

A thread calls `park()` where it is to stand. When each thread has arrived (one byte each in a pipe, so nothing is
polled), `describe_threads` says what the interpreter says of every stack. Runs on Python 2.7 and 3.
"""
import ctypes
import json
import os
import platform
import sys
import threading

ARRIVALS_OUT, ARRIVALS_IN = os.pipe()
GATE = threading.Lock()
GATE.acquire()
OS_THREAD = {}  # ident -> OS thread id
GETTID = {"x86_64": 186, "aarch64": 178, "riscv64": 178}.get(platform.machine())
LIBC = ctypes.CDLL(None)

threading.stack_size(512 * 1024)


def park():
    os.write(ARRIVALS_IN, b"x"); GATE.acquire()  # one line, so that arriving and standing are the same place


def wait_for_arrivals(count):
    while count > 0:
        count -= len(os.read(ARRIVALS_OUT, count))


def os_thread_id():
    if hasattr(threading, "get_native_id"):
        return threading.get_native_id()
    return LIBC.syscall(GETTID) if GETTID else 0


def note_thread():
    """Remembers the calling thread's OS id for the report."""
    ident = threading.current_thread().ident
    OS_THREAD[ident] = os.getpid() if isinstance(threading.current_thread(), threading._MainThread) else os_thread_id()


def text(value):
    return value if isinstance(value, type(u"")) else value.decode("utf-8")


def describe_frames(frame):
    """The stack from `frame` outwards as [name, file, line], innermost first; names are qualified where there are such."""
    frames = []
    while frame is not None:
        code = frame.f_code
        frames.append([text(getattr(code, "co_qualname", code.co_name)), text(code.co_filename), frame.f_lineno])
        frame = frame.f_back
    return frames


def describe_threads(extra, own_frame):
    """The report line: every thread's ident, OS thread id, name and frames. The calling thread's begin with `own_frame`."""
    names = dict((thread.ident, thread.name) for thread in threading.enumerate())
    own = threading.current_thread().ident
    threads = []
    for ident, frame in sys._current_frames().items():
        frame = own_frame if ident == own else frame
        threads.append({"ident": ident, "tid": OS_THREAD.get(ident, 0), "name": names.get(ident),
                        "frames": describe_frames(frame)})
    report = {"threads": threads + list(extra), "version": list(sys.version_info[:3])}
    return (json.dumps(report) + "\n").encode("ascii")

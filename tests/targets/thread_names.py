# SPDX-License-Identifier: MIT
"""Starts threads with all kinds of names, then writes the interpreter's address and, a line each, ident and name (UTF-8 in
hex, lone surrogates escaped). Lives until stdin closes. On a line of input, makes threads' dicts grow and writes again."""
from __future__ import print_function
import binascii
import ctypes
import sys
import threading

head = ctypes.pythonapi.PyInterpreterState_Head
head.restype = ctypes.c_void_p
PY2 = sys.version_info[0] == 2


class Subclass(threading.Thread):
    def __init__(self, **more):
        threading.Thread.__init__(self)
        self.extra = more


class Slots(threading.Thread):
    __slots__ = ("a", "b")


class Late(threading.Thread):
    pass


stop = threading.Event()
started = []


def start(thread):
    ready = threading.Event()

    def run():
        ready.set()
        stop.wait()

    thread.run = run
    thread.daemon = True
    thread.start()
    ready.wait()
    started.append(thread)
    return thread


def text(name):
    return name if PY2 else name.encode("utf-8", "backslashreplace")


def report(threads):
    print("interpreter", head())
    for thread in threads:
        print("thread", thread.ident, binascii.hexlify(text(thread.name)).decode())
    print("end")
    sys.stdout.flush()


names = ["worker-1", "a" * 200, "", " spaces ; and) (brackets"]
if PY2:
    names += ["h\xc3\xa9llo", "snow\xe2\x98\x83", "\xf0\x9f\x90\x8d"]
else:
    names += [u"h\xe9llo", u"snow\u2603", u"\U0001f40d snake", u"lone \udc80 surrogate"]
for name in names:
    start(threading.Thread(name=name))
start(threading.Thread())
start(Subclass(name_like=1))
start(Slots())
for i in range(40):  # more than a shared-key table of attributes holds
    thread = Late()
    setattr(thread, "attribute_%d" % i, i)
    start(thread).name = "late-%d" % i
plain = start(threading.Thread(name="has a dict object"))
plain.__dict__["odd key"] = 1
vars(started[0])  # materialises the dict
report([threading.current_thread()] + started)

for line in iter(sys.stdin.readline, ""):
    for i in range(100):
        for thread in started[:3]:
            setattr(thread, "more_%d" % i, i)
    started[3].name = "renamed"
    for i in range(60):
        start(threading.Thread(name="second-%d" % i))
    report([threading.current_thread()] + started)

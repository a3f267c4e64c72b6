# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Threads in known states, which it reports: what each handles, who holds the GIL, who collects garbage.

    thread_states.py --report FD exceptions [LIBRARY]    LIBRARY: of thread_states.c
    thread_states.py --report FD gil
    thread_states.py --report FD gc [threads]

Ends when standard input closes. Runs on Python 2.7 and 3.
"""
from __future__ import print_function

import ctypes
import gc
import json
import os
import sys
import threading
import time

OWN_PLACES = sys.version_info >= (3, 7)  # each generator has a place for what it handles
CASES = []
EXPECTED = {}
ARRIVED = []
END = threading.Lock()


class Oops(ValueError):
    pass


def report(**facts):
    with os.fdopen(int(sys.argv[sys.argv.index("--report") + 1]), "w") as file:
        file.write(json.dumps(dict(facts, pid=os.getpid())) + "\n")


def case(*expected):
    """What the thread of this function handles, innermost first."""
    def register(function):
        CASES.append(function)
        EXPECTED[function.__name__] = list(expected)
        return function
    return register


def wait():
    ARRIVED.append(repr(sys.exc_info()[0] and sys.exc_info()[0].__name__))
    with END:
        pass


@case()
def nothing():
    wait()


@case("ValueError('bad')")
def handled():
    try:
        raise ValueError("bad")
    except ValueError:
        wait()


@case("Oops('bad', 3)")
def of_its_own_class():
    try:
        raise Oops("bad", 3)
    except ValueError:
        wait()


@case("SystemExit()")
def without_a_value():
    try:
        raise SystemExit
    except SystemExit:
        wait()


@case("~KeyError\\('x{1,119}\\.\\.\\.")
def too_long():
    try:
        raise KeyError("x" * 100000)
    except KeyError:
        wait()


@case("KeyError('inner')")
def one_in_another():
    try:
        raise ValueError("outer")
    except ValueError:
        try:
            raise KeyError("inner")
        except KeyError:
            wait()


@case(*["KeyError('inner')", "IndexError('middle')", "ValueError('outer')"][:3 if OWN_PLACES else 1])
def in_generators():
    def handling(error, then):
        try:
            raise error
        except LookupError:
            for _ in then or (None,):
                wait()
                yield
    try:
        raise ValueError("outer")
    except ValueError:
        for _ in middle(IndexError("middle"), handling(KeyError("inner"), None)):
            pass


def middle(error, then):
    try:
        raise error
    except LookupError:
        for _ in then:
            yield


@case("ValueError('outer')")
def in_a_generator_that_handles_nothing():
    def plain():
        wait()
        yield
    try:
        raise ValueError("outer")
    except ValueError:
        next(plain())


@case(*[] if sys.version_info[0] > 2 else ["ValueError('over')"])  # 2.7 keeps it until the function returns
def over():
    try:
        raise ValueError("over")
    except ValueError:
        pass
    wait()


@case(*["ValueError('bad')"] if sys.version_info[0] > 2 else [])  # 2.7 has put it away
def on_the_way_out():
    try:
        raise ValueError("bad")
    finally:
        wait()


def exceptions(library):
    END.acquire()
    waiting = len(CASES)
    if library:
        native = ctypes.PyDLL(library)
        native.raise_and_wait.argtypes = [ctypes.py_object, ctypes.c_int]

        def raising():
            native.raise_and_wait(ValueError, 0)
        CASES.append(raising)
        EXPECTED["raising"] = ["ValueError('on its way')"]
    for function in CASES:
        thread = threading.Thread(target=function, name=function.__name__)
        thread.daemon = True
        thread.start()
    while len(ARRIVED) < waiting or (library and native.raising_threads() == 0):
        time.sleep(0.001)
    report(expected=EXPECTED)


def gil():
    END.acquire()
    running = []

    def run():
        running.append(0)
        while True:
            running[0] += 1

    def sleep():
        running.append(0)
        with END:
            pass
    for function in (sleep, run):
        thread = threading.Thread(target=function, name=function.__name__)
        thread.daemon = True
        thread.start()
    while len(running) < 2:
        time.sleep(0.001)

    class Wanted(ctypes.Structure):
        _fields_ = [("fd", ctypes.c_int), ("events", ctypes.c_short), ("happened", ctypes.c_short)]
    if hasattr(sys, "setswitchinterval"):
        sys.setswitchinterval(0.5)  # who waits seldom wakes to ask for it
    wanted = Wanted(0, 1, 0)
    poll = ctypes.PyDLL(None).poll  # with the GIL, other than CDLL
    report()
    poll(ctypes.byref(wanted), 1, -1)


class Finalised(object):
    def __del__(self):
        report()
        sys.stdin.read()


def collect(threads):
    gc.disable()
    if threads:
        END.acquire()
        for _ in range(3):
            thread = threading.Thread(target=nothing, name="bystander")
            thread.daemon = True
            thread.start()
        while len(ARRIVED) < 3:
            time.sleep(0.001)
    thing = Finalised()
    thing.itself = thing
    del thing
    gc.collect()


if __name__ == "__main__":
    words = sys.argv[3:]
    if words[0] == "exceptions":
        exceptions(words[1] if len(words) > 1 else None)
        sys.stdin.read()
    elif words[0] == "gil":
        gil()
    else:
        collect("threads" in words)
    os._exit(0)

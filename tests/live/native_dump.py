#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""native_dump.py VERSION dump|waiting|top: machine frames in `dump` and `top`, of a program that knows them.

dump     text and JSON of a thread that works in C: every frame of it, each time
waiting  a thread that waits: to the function of the C library that makes the system call
top      the C function that works is the busiest row
"""
import json
import os

import support
from native_support import build_library, expected, known_part
from support import check

LEVELS = 3


def victim_of(python, folder):
    return support.Victim(python, "native_stacks.py", build_library(folder), 1, "gil", LEVELS, 20)


def whole(names):
    """A dump may come between two pieces of work; then it shows the beginning."""
    wanted = expected(LEVELS)
    return bool(names) and names == wanted[:len(names)]


def test_dump(python):
    with support.scratch() as folder, victim_of(python, folder) as victim:
        innermost = 0
        for _ in range(10):
            run = support.lampyr_ok("dump", "--native", "-p", victim.pid)
            threads = support.parse_dump(run.out)
            names = [known_part(thread.frames[::-1]) for thread in threads]
            check(sum(whole(each) for each in names) == 1, "no thread has the known stack:\n" + run.out.decode())
            innermost += any(each == expected(LEVELS) for each in names)
        check(innermost >= 5, "only %d of 10 dumps show the innermost function" % innermost)
        innermost = 0
        for _ in range(6):
            run = support.lampyr_ok("dump", "--native", "--json", "--locals", "-p", victim.pid)
            innermost += check_json(json.loads(run.out.decode()), python)
        check(innermost >= 3, "only %d of 6 documents have the innermost function" % innermost)
        plain = support.parse_dump(support.lampyr_ok("dump", "-p", victim.pid).out)
        check(not any(frame.file == "native_calls.so" for thread in plain for frame in thread.frames), "native unasked")
        check(victim.process.poll() is None, "the program did not survive")


def check_json(document, python):
    """Whether the function that works is in it: not so between two pieces of work."""
    frames = [frame for thread in document["processes"][0]["threads"] for frame in thread["frames"]]
    native = [frame for frame in frames if frame["kind"] == "native" and frame["short_file"] == "native_calls.so"]
    if not any(frame["function"] == "native_spin" for frame in native):
        return False
    for frame in native:
        check(os.path.isabs(frame["file"]) and frame["qualified_name"] is None and frame["line"] is None
              and frame["locals"] is None, "a native frame with what only Python has: %s" % frame)
    own = [frame for frame in frames if frame["function"] == "from_c"]
    check(own and all(frame["kind"] == "project" for frame in own), "Python frames are of another kind: %s" % own)
    check(python.number < (3, 11) or all(frame["qualified_name"] == "from_c" for frame in own), "no qualified names")
    check(any(local["name"] == "level" for frame in own for local in frame["locals"] or ()), "no variables: %s" % own)
    return True


def test_waiting(python):
    with support.scratch() as folder, victim_of(python, folder) as victim:
        support.wait_in_kernel(victim.process, victim.pid, ("pipe",), tid=victim.pid)  # first it wants the GIL back
        run = support.lampyr_ok("dump", "--native", "-p", victim.pid)
        main = [thread for thread in support.parse_dump(run.out) if thread.tid == victim.pid]
        check(len(main) == 1, "no main thread:\n" + run.out.decode())
        first = main[0].frames[0]
        check(first.file is not None and first.file.startswith(("libc", "libpthread", "ld-")),
              "the main thread waits for its input, and no function of the C library is innermost:\n" + run.out.decode())
        check(main[0].state.startswith("idle"), "a thread that waits is %s" % main[0].state)
        # What starts the interpreter is left out, but for the function of a program that links it.
        outer = [frame for frame in main[0].frames if frame.name != "main"]
        check(outer[-1].name == "<module>", "the outermost frame is %s" % (outer[-1],))


def test_top(python):
    with support.scratch() as folder, victim_of(python, folder) as victim:
        run = support.lampyr_ok("top", "--native", "--once", "-f", "json", "-p", victim.pid)
        table = json.loads(run.out.decode().splitlines()[-1])
        text = json.dumps(table)
        check(table["rows"] and table["rows"][0]["label"] == "native_spin (native_calls.so)",
              "the function that works is not the busiest: %s" % text[:2000])
        check(table["rows"][0]["self"] >= 0.8 * sum(row["self"] for row in table["rows"]), "others work, too: %s" % text[:2000])
        words = support.lampyr_ok("top", "--native", "--once", "-p", victim.pid).out.decode()
        check("native_spin (native_calls.so)" in words, "not in the text:\n" + words)


def main(arguments):
    version, case = arguments
    if os.uname().machine != "x86_64":
        support.skip("machine frames are read on x86-64 only")
    python = support.find_python(version)
    {"dump": test_dump, "waiting": test_waiting, "top": test_top}[case](python)


support.run_test(main)

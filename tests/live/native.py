#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""native.py VERSION merge|threads|deep|corrupt|apart: machine frames between Python frames, against a program that knows them.

merge    one thread: Python, C, Python, C …: every claimed stack is the known one or a part of it from the root
threads  two threads that work in C without the GIL
deep     40 levels, and how long the program is held for one sample
apart    what traces is on the program's processor, and all else of lampyr keeps off it
corrupt  the library's unwind tables are overwritten: nothing crashes, Python frames stay, losses are counted
"""
import os
import random
import signal
import subprocess
import time

import support
from native_support import OURS, build_library, check_merged, expected, known_part, section
from support import check

LOST = ("(native frames lost)", "(native frames unmatched)", "(unproven)")


def check_stacks(stacks, levels):
    """How many samples are whole, and how many are marked as incomplete. Any other must be the beginning of the known one."""
    wanted = expected(levels)
    whole = marked = total = 0
    for labels, count in stacks:
        names = known_part(support.frames_of(labels))
        total += count
        if any(mark in labels for mark in LOST):
            marked += count
            python = [frame.name for frame in support.frames_of(labels) if frame.file == OURS[0]]
            rest = iter(name for name in wanted if not name.startswith("native_"))
            check(all(name in rest for name in python[python.index("work"):]), "Python frames are wrong: %s" % labels)
        elif names == wanted:
            whole += count
        else:
            check(names == wanted[:len(names)], "a stack that cannot be: %s" % " > ".join(labels))
    return whole, marked, total


def record(python, folder, library, threads, mode, levels, milliseconds, *options):
    with support.Victim(python, "native_stacks.py", library, threads, mode, levels, milliseconds) as victim:
        stacks, summary, run = support.record_raw(folder, "--native", "-p", victim.pid, "-d", 3, "-r", 300, *options)
        check(run.status == 0, str(run))
        check(victim.process.poll() is None, "the program did not survive")
        return stacks, summary


def test_known(python, threads, mode, levels):
    with support.scratch() as folder:
        stacks, summary = record(python, folder, build_library(folder), threads, mode, levels, 20)
        whole, marked, total = check_stacks(stacks, levels)
        print("%d samples, %d whole, %d marked; held %.0f us (median), %.0f us (99 %%)" % (
            total, whole, marked, summary["stop_median_us"], summary["stop_p99_us"]))
        check(summary["native"] is True and not summary["blocking"], "the summary does not say how it was read")
        check(total >= 200, "only %d samples" % total)
        check_merged(summary, python)
        check(whole >= 0.8 * total, "only %d of %d samples are in the innermost function" % (whole, total))


def test_corrupt(python):
    """Every way to break the tables of one library, at random but always the same."""
    chance = random.Random(4)
    lost = 0
    with support.scratch() as folder:
        good = build_library(folder)
        for attempt in range(6):
            os.mkdir(os.path.join(folder, str(attempt)))
            broken = os.path.join(folder, str(attempt), "native_calls.so")
            with open(good, "rb") as file:
                data = bytearray(file.read())
            for name in (".eh_frame",) if attempt % 2 else (".eh_frame_hdr", ".eh_frame"):
                offset, size = section(good, name)
                for at in range(offset, offset + size):
                    if attempt < 2 or chance.random() < 0.3:
                        data[at] = chance.randrange(256)
            with open(broken, "wb") as file:
                file.write(data)
            with support.Victim(python, "native_stacks.py", broken, 1, "gil", 2, 20) as victim:
                stacks, summary, run = support.record_raw(folder, "--native", "-p", victim.pid, "-d", 0.7, "-r", 200)
                check(run.status == 0, str(run))
                check(victim.process.poll() is None, "the program did not survive")
            check(stacks, "no samples")
            for labels, _ in stacks:
                python_names = [frame.name for frame in support.frames_of(labels) if frame.file == OURS[0]]
                check("work" in python_names, "Python frames are missing: %s" % labels)
            lost += summary["losses"]["native cut"] + summary["losses"]["native unmatched"]
            print("attempt %d: %s" % (attempt, summary["losses"]))
    check(lost > 0, "tables were broken, and nothing was lost")


def affinity(pid, name):
    for tid in support.threads_of(pid):
        with open("/proc/%d/task/%d/comm" % (pid, tid)) as file:
            if file.read().strip() == name:
                return os.sched_getaffinity(tid)
    return None


def test_apart(python):
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        support.skip("one processor only")
    with support.scratch() as folder:
        with support.Victim(python, "native_stacks.py", build_library(folder), 1, "gil", 3, 20) as victim:
            process = subprocess.Popen([support.lampyr_path(), "record", "-q", "--native", "-p", str(victim.pid), "-f", "raw", "-r", "200",
                                        "-o", os.path.join(folder, "profile.raw")])
            try:
                for processor in processors[:2] * 2:
                    for tid in support.threads_of(victim.pid):
                        os.sched_setaffinity(tid, {processor})
                    deadline = time.monotonic() + support.TIMEOUT
                    wanted = {processor}, set(processors) - {processor}
                    found = None
                    while found != wanted:
                        check(time.monotonic() < deadline, "tracer and sampler are on %s, not on %s" % (found, wanted))
                        check(process.poll() is None, "the recording ended")
                        time.sleep(0.01)
                        found = affinity(process.pid, "lampyr-tracer"), os.sched_getaffinity(process.pid)
                process.send_signal(signal.SIGTERM)
                check(process.wait(support.TIMEOUT) == 0, "the recording failed")
            finally:
                support.kill(process)


def main(arguments):
    version, case = arguments
    if os.uname().machine != "x86_64":
        support.skip("machine frames are read on x86-64 only")
    python = support.find_python(version)
    if case == "merge":
        test_known(python, 1, "gil", 3)
    elif case == "threads":
        test_known(python, 2, "nogil", 2)
    elif case == "deep":
        test_known(python, 1, "gil", 40)
    elif case == "apart":
        test_apart(python)
    elif case == "corrupt":
        test_corrupt(python)
    else:
        raise support.Failure("unknown case %s" % case)


if __name__ == "__main__":
    support.run_test(main)

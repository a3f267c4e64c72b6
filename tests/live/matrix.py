#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""matrix.py VERSION [attach|spawn|blocking]: every stack of a program that stands still, frame for frame.

tests/targets/known_stacks.py parks a thread in each kind of place where Python code can be and says what the interpreter
says of each stack. What lampyr says must be equal: threads, OS ids, names, functions, files, lines, order.
"""
import os
import re
import subprocess

import support
from support import Failure, check


def expected_threads(report):
    """Keyed by (OS thread id, in a sub-interpreter): one OS thread can be in two interpreters."""
    threads = {}
    for thread in report["threads"]:
        key = thread["tid"], bool(thread.get("subinterpreter"))
        check(key not in threads, "the victim reports two threads as %s" % (key,))
        threads[key] = thread
    return threads


def first_difference(got, wanted):
    for depth, (mine, its) in enumerate(zip(got, wanted)):
        if tuple(mine) != tuple(its):
            return "frame %d is %r, not %r" % (depth, shorten(mine), shorten(its))
    return "%d frames, not %d: %r" % (len(got), len(wanted), [shorten(f) for f in (got[len(wanted):] or wanted[len(got):])])


def shorten(frame):
    return tuple(part if not isinstance(part, str) or len(part) < 200 else part[:90] + "..." + part[-90:] for part in frame)


def shown(thread):
    """The frames of a reported thread as a label shows them: without a file there is no line either."""
    return [(name, file, line if file else None) for name, file, line in thread["frames"]]


def plain(frame):
    return frame.name, frame.file or "", frame.line


def compare_dump(threads, report):
    problems = []
    wanted = expected_threads(report)
    for key, thread in wanted.items():
        frames = shown(thread)
        mine = [t for t in threads if (t.tid, t.interpreter != 0) == key]
        same = [t for t in mine if [plain(f) for f in t.frames] == frames]
        label = "thread %s %r" % (key, thread["name"])
        if not mine:
            problems.append("%s is missing" % label)
        elif len(same) != 1:
            got = [plain(f) for f in mine[0].frames]
            problems.append("%s: %s" % (label, first_difference(got, frames)))
        else:
            threads = [t for t in threads if t is not same[0]]
            problems.extend("%s: %s" % (label, problem) for problem in compare_head(same[0], thread))
    problems.extend("thread %d %r should not be there" % (t.tid, t.name) for t in threads)
    return problems


def compare_head(got, wanted):
    if not wanted.get("subinterpreter") and (got.name or None) != (wanted["name"] or None):
        yield "its name is %r, not %r" % (got.name, wanted["name"])
    if got.state != "idle":
        yield "it stands still but is called %s" % got.state


def test_attach(python, blocking):
    with support.Victim(python, "known_stacks.py") as victim:
        options = ["--blocking"] if blocking else []
        support.wait_in_kernel(victim.process, victim.pid, ("pipe",), tid=victim.pid)  # it reports a moment before
        run = support.lampyr_ok("dump", "-p", victim.pid, "--full-filenames", *options)
        threads = support.parse_dump(run.out)
        header = run.out.decode("utf-8").split("\n")[:2]
        check(header[0].startswith("Process %d: " % victim.pid), "first line is %r" % header[0])
        said = re.match(r"Python v(\d+)\.(\d+)\.(\d+)", header[1])
        check(said and [int(part) for part in said.groups()] == victim.report["version"],
              "second line is %r, the version is %s" % (header[1], victim.report["version"]))
        check(threads and threads[0].tid == victim.pid, "the first thread is not the main thread")
        problems = compare_dump(threads, victim.report)
        if problems:
            raise Failure("%d of %d threads differ:\n  %s" % (
                len(problems), len(victim.report["threads"]), "\n  ".join(problems[:20])))
        frames = sum(len(thread["frames"]) for thread in victim.report["threads"])
        print("%d threads, %d frames equal" % (len(victim.report["threads"]), frames))
        check(victim.process.poll() is None, "the victim ended")


def test_spawn(python):
    """The same stacks from a recording of a program that lampyr started."""
    with support.scratch() as folder:
        reading, writing = os.pipe()
        profile = os.path.join(folder, "profile.raw")
        words = [support.lampyr_path(), "record", "-f", "raw", "-i", "-t", "--full-filenames", "-o", profile, "--",
                 python.path, os.path.join(support.TARGETS, "known_stacks.py"), "--report", str(writing)]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   pass_fds=[writing], env=support.clean_environment())
        try:
            os.close(writing)
            report = support.read_report(reading, support.TIMEOUT)
            if report is None:
                process.kill()
                raise Failure("the program did not get ready: %s" % process.stdout.read().decode("utf-8", "replace"))
            support.wait_for_ticks(process, 60)
            out, _ = process.communicate(timeout=support.TIMEOUT)  # closes standard input: the victim ends
        finally:
            support.kill(process)
            os.close(reading)
        check(process.returncode == 0, "status %s: %s" % (process.returncode, out.decode("utf-8", "replace")))
        with open(profile, "rb") as file:
            stacks = support.parse_raw(file.read())
    compare_record(stacks, report)


def compare_record(stacks, report):
    by_thread = {}
    for labels, count in stacks:
        root = re.match(r"^thread \((\d+)\)(?:: (.*))?$", labels[0])
        check(root, "a stack begins with %r, not with a thread" % labels[0])
        if support.UNPROVEN in labels:
            continue  # from the time before it stood still
        frames = tuple(plain(frame) for frame in support.frames_of(labels[1:]))
        entry = by_thread.setdefault(int(root.group(1)), {"names": set(), "stacks": {}})
        entry["names"].add(root.group(2) or "")
        entry["stacks"][frames] = entry["stacks"].get(frames, 0) + count
    problems = []
    for (tid, inside), thread in expected_threads(report).items():
        label = "thread %d %r" % (tid, thread["name"])
        wanted = tuple(reversed(shown(thread)))
        got = by_thread.get(tid)
        if got is None:
            problems.append("%s was never seen" % label)
            continue
        if wanted not in got["stacks"]:
            most = max(got["stacks"], key=got["stacks"].get)
            problems.append("%s: %s" % (label, first_difference(most[::-1], wanted[::-1])))
        if not inside and thread["name"] and thread["name"] not in got["names"]:
            problems.append("%s is called %s" % (label, sorted(got["names"])))
        strange = [stack for stack in got["stacks"] if stack[-1][0] == "park" and stack != wanted]
        if strange:
            problems.append("%s stands in another stack too: %s" % (label, first_difference(strange[0], wanted)))
    if problems:
        raise Failure("%d problems:\n  %s" % (len(problems), "\n  ".join(problems[:20])))
    print("%d threads recorded as they are" % len(report["threads"]))


def main(arguments):
    python = support.find_python(arguments[0])
    mode = arguments[1] if len(arguments) > 1 else "attach"
    if mode == "spawn":
        test_spawn(python)
    else:
        test_attach(python, mode == "blocking")


if __name__ == "__main__":
    support.run_test(main)

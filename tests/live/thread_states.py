#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""thread_states.py VERSION exceptions|gil|gc: what `lampyr dump` says of threads beyond their stacks.

exceptions  what each thread handles, and what is on its way, against a program that knows
gil         one thread holds the GIL in C and sleeps, one waits for it, one for a lock
gc          a finaliser that the collector has called waits; alone, and with threads that wait in ordinary code
"""
import json
import os
import re
import shutil
import subprocess
import time

import support
from dump_json import check_schema
from support import check

DUMPS = 20


def build_library(folder):
    """None without a compiler: what is on its way is not tested then."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    path = os.path.join(folder, "thread_states.so")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", path, os.path.join(support.TARGETS, "thread_states.c")],
                   check=True, timeout=support.TIMEOUT)
    return path


def threads_of(victim, *options):
    document = json.loads(support.lampyr_ok("dump", "-j", "-p", victim.pid, *options).out)
    check_schema(document)
    return document["processes"][0]["threads"]


def is_as(text, wanted):
    return re.fullmatch(wanted[1:], text) is not None if wanted.startswith("~") else text == wanted


def check_exceptions(threads, expected):
    seen = 0
    for thread in threads:
        wanted = expected.get(thread["name"], [])
        got = thread["exceptions"]
        name = thread["name"]
        check(len(got) == len(wanted), "%s: %s, not %s" % (name, got, wanted))
        for one, text in zip(got, wanted):
            check(is_as(one["value"], text), "%s: %s is not %s" % (name, one, text))
            check(one["value"].startswith(one["type"] + "("), "%s: %s has the type %s" % (name, one, one["type"]))
            check(one["raised"] == (name == "raising") and not one["changed"], "%s: %s" % (name, one))
            seen += 1
    return seen


def test_exceptions(python):
    with support.scratch() as folder:
        library = build_library(folder)
        with support.Victim(python, "thread_states.py", "exceptions", *([library] if library else [])) as victim:
            expected = victim.report["expected"]
            threads = threads_of(victim)
            held = threads_of(victim, "--blocking")
            longer = threads_of(victim, "-ll")
            text = support.lampyr_ok("dump", "-p", victim.pid).out
    check({thread["name"] for thread in threads} == set(expected) | {"MainThread"}, "threads %s" % threads)
    print("%d exceptions in %d threads" % (check_exceptions(threads, expected), len(threads)))
    check_exceptions(held, expected)
    (value,) = [thread["exceptions"][0]["value"] for thread in longer if thread["name"] == "too_long"]
    check(len(value) > 3000, "-ll shows %d characters" % len(value))
    support.check_no_control_bytes(text, "the text")
    lines = text.decode("utf-8").split("\n")
    at = next(number for number, line in enumerate(lines) if line.endswith('"of_its_own_class"'))
    check(lines[at + 1] == "  handling Oops('bad', 3)", "under it stands %r" % lines[at + 1])
    if library:
        check("  raising ValueError('on its way')" in lines, "the text does not say what is on its way")


def wait_for_sleep(victim):
    """The victim's main thread says that it is ready before it sleeps with the GIL."""
    deadline = time.monotonic() + support.TIMEOUT
    while time.monotonic() < deadline:
        states = {thread["name"]: thread for thread in threads_of(victim)}
        main = states["MainThread"]
        if main["state"] == "idle" and main["frames"][0]["function"] == "gil" and not main["waits_for_gil"] and (
                main["holds_gil"] or main["attachment"] == "attached"):
            return
    raise support.Failure("the main thread never sleeps with the GIL: %s" % states)


def test_gil(python):
    with support.Victim(python, "thread_states.py", "gil") as victim:
        wait_for_sleep(victim)
        dumps = [threads_of(victim) for _ in range(DUMPS)] + [threads_of(victim, "--blocking") for _ in range(DUMPS)]
        texts = [support.lampyr_ok("dump", "-p", victim.pid).out for _ in range(DUMPS)]
    waits = {"MainThread": 0, "run": 0, "sleep": 0}
    for dump in dumps:
        for thread in dump:
            if python.number < (3, 7):
                check(thread["waits_for_gil"] is None, "%s: %s" % (thread["name"], thread["waits_for_gil"]))
            waits[thread["name"]] += thread["waits_for_gil"] is True
            if python.number >= (3, 13):
                holds = thread["holds_gil"] if not python.free_threaded else thread["name"] in ("MainThread", "run")
                check(thread["attachment"] == ("attached" if holds else "detached"), "%s" % thread)
            else:
                check(thread["attachment"] is None, "%s" % thread)
    print("waiting for the GIL in %d dumps: %s" % (len(dumps), waits))
    check(waits["MainThread"] == 0 and waits["sleep"] == 0, "they do not wait for the GIL: %s" % waits)
    if python.number < (3, 7) or python.free_threaded:
        check(waits["run"] == 0, "nothing is known of the GIL, or there is none: %s" % waits)
        return
    check(all(thread["holds_gil"] == (thread["name"] == "MainThread") for dump in dumps for thread in dump),
          "MainThread holds the GIL")
    # It wakes twice a second to ask for the GIL again.
    check(waits["run"] >= len(dumps) * 3 // 4, "run waits for the GIL, it was told %d times" % waits["run"])
    told = sum(b', waiting for the GIL): "run"' in text for text in texts)
    check(told >= DUMPS * 3 // 4, "%d of %d texts say that run waits for the GIL, not %r" % (told, DUMPS, texts[-1]))


def test_gc(python):
    if python.number < (3,):
        support.skip("2.7 does not finalise what is in a cycle, and nothing is told of its collector")
    with support.Victim(python, "thread_states.py", "gc") as victim:
        (thread,) = threads_of(victim)
        (held,) = threads_of(victim, "--blocking")
        text = support.lampyr_ok("dump", "-p", victim.pid).out
    wanted = "yes" if python.number >= (3, 7) else None
    check(thread["collects_garbage"] == held["collects_garbage"] == wanted, "alone: %s" % thread)
    check((b", collecting garbage)" in text) == (wanted == "yes"), "the text is %r" % text)
    with support.Victim(python, "thread_states.py", "gc", "threads") as victim:
        threads = threads_of(victim)
        text = support.lampyr_ok("dump", "-p", victim.pid).out
    answers = [(thread["name"], thread["collects_garbage"]) for thread in threads]
    print(answers)
    check(len(threads) == 4, "%d threads" % len(threads))
    # A thread's own function is called by C, as a finaliser is, but in 3.12 and 3.13. 3.15 keeps the frame.
    unsure = (3, 7) <= python.number < (3, 12) or python.number == (3, 14)
    for name, answer in answers:
        if name == "bystander":
            check(answer == ("perhaps" if unsure else None if wanted is None else "no"), "%s" % answers)
        else:
            check(answer == ("perhaps" if unsure else wanted), "%s" % answers)
    check((b"by which thread cannot be told" in text) == unsure, "the text is %r" % text)
    with support.Victim(python, "thread_states.py", "exceptions") as victim:
        answers = {thread["collects_garbage"] for thread in threads_of(victim)}
    check(answers == {None if wanted is None else "no"}, "nobody collects garbage: %s" % answers)


def main(arguments):
    python = support.find_python(arguments[0])
    {"exceptions": test_exceptions, "gil": test_gil, "gc": test_gc}[arguments[1]](python)


if __name__ == "__main__":
    support.run_test(main)

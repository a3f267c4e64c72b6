#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""attach_errors.py [VERSION]: what cannot be read is refused in one plain sentence, with status 1, and nothing is left behind.

A second line, indented, may say what to type next.

Needs root for the permission case, which runs lampyr as nobody.
"""
import os
import random
import shutil
import subprocess
import sys
import time

import support
from support import Failure, check

QUICK = 10  # seconds; refusing is not a long task


def commands(folder):
    yield ["dump"]
    yield ["dump", "--blocking"]
    yield ["record", "-d", "5", "-f", "raw", "-o", os.path.join(folder, "profile.raw")]


def check_refusal(run, what, folder):
    words = run.err.decode("utf-8")
    check(run.status == 1, "%s: status is not 1: %s" % (what, run))
    lines = words.splitlines()
    hints = [line for line in lines[1:] if line.startswith("  ")]  # what to type next
    check(len(lines) == 1 + len(hints) <= 2 and words.endswith("\n"), "%s: not a sentence and a hint but %r" % (what, words))
    check(lines[0].startswith("lampyr: ") and len(lines[0]) < 400, "%s: %r" % (what, words))
    for word in ("terminate", "exception", "assert", "Error(", "errno", "std::", "0x"):
        check(word not in words, "%s: %r is no plain sentence" % (what, words))
    check(not run.out, "%s: something on standard output: %r" % (what, run.out[:200]))
    support.check_no_control_bytes(run.err, what)
    check(os.listdir(folder) == [], "%s: left %s" % (what, os.listdir(folder)))


def check_refused(what, pid, expected, prefix=()):
    """`expected`: words of which one must be in the sentence."""
    with support.scratch() as folder:
        os.chmod(folder, 0o777)
        for command in commands(folder):
            run = support.lampyr(*command, "-p", pid, timeout=QUICK, prefix=prefix)
            check_refusal(run, "%s, %s" % (what, command[0]), folder)
            sentence = run.err.decode("utf-8")
            check(any(word in sentence for word in expected), "%s: none of %s is in %r" % (what, expected, sentence))
        print("%-16s %s" % (what, sentence.strip()))


def unused_pid():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_no_process():
    check_refused("no such process", unused_pid(), ("no process", "no such process", "does not exist"))


def test_not_python():
    process = subprocess.Popen(["sleep", "60"])
    try:
        check_refused("not Python", process.pid, ("Python",))
    finally:
        support.kill(process)


def test_zombie():
    process = subprocess.Popen(["true"])
    try:
        deadline = time.monotonic() + QUICK
        while support.stat_fields(process.pid)[0] != "Z":
            check(time.monotonic() < deadline, "no zombie")
            time.sleep(0.001)
        check_refused("a zombie", process.pid, ("zombie", "ended", "no process", "does not exist"))
    finally:
        process.wait()


def test_kernel_thread():
    try:
        if support.status_field(2, "Name") == "kthreadd":
            check_refused("a kernel thread", 2, ("Python", "kernel"))
    except FileNotFoundError:
        print("no kernel threads to be seen here")


def test_permission(python):
    if os.getuid() != 0 or not shutil.which("setpriv"):
        print("the permission case needs root and setpriv")
        return
    with support.scratch() as folder, support.Victim(python, "working.py") as victim:
        os.chmod(folder, 0o755)
        copy = shutil.copy(support.lampyr_path(), folder)  # nobody may not reach the build folder
        os.chmod(copy, 0o755)
        before = os.environ["LAMPYR"]
        os.environ["LAMPYR"] = copy
        try:
            check_refused("no permission", victim.pid, ("permission", "permitted", "allowed", "root", "user"),
                          prefix=["setpriv", "--reuid=nobody", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"])
        finally:
            os.environ["LAMPYR"] = before
        check(victim.process.poll() is None, "the target died")


def test_gone_midway(python):
    """The target is killed at random moments, from before it is looked at until it is being recorded."""
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    print("seed %d" % seed)
    refused = written = 0
    for attempt in range(30):
        with support.scratch() as folder, support.Victim(python, "working.py") as victim:
            path = os.path.join(folder, "profile.raw")
            words = ["record", "-d", "5", "-f", "raw", "-o", path] if attempt % 3 else ["dump"]
            words += ["--blocking"] if attempt % 2 else []
            process = subprocess.Popen([support.lampyr_path()] + words + ["-p", str(victim.pid)], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=support.clean_environment())
            try:
                time.sleep(rng.uniform(0, 0.06))
                victim.process.kill()
                out, err = process.communicate(timeout=QUICK)
            except subprocess.TimeoutExpired:
                raise Failure("%s: the target is gone, lampyr is not" % words)
            finally:
                support.kill(process)
            run = support.Run(words, process.returncode, out, err)
            if run.status == 0:
                check(words[0] == "dump" or os.path.exists(path), "no profile: %s" % run)
                written += 1
            else:
                run.out = b""  # a dump may have begun
                run.err = b"".join(line for line in err.splitlines(True) if b"recording process" not in line)
                check_refusal(run, "gone midway (%s)" % " ".join(words), folder)
                refused += 1
    print("gone midway: %d written, %d refused" % (written, refused))


def main(arguments):
    version = arguments[0] if arguments else "%d.%d" % sys.version_info[:2]
    python = support.find_python(version)
    test_no_process()
    test_not_python()
    test_zombie()
    test_kernel_thread()
    test_permission(python)
    test_gone_midway(python)


if __name__ == "__main__":
    support.run_test(main)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""core.py VERSION [exceptions|gil|gc]: a core file and the process that it was made of give the same dump.

The core is gcore's, or one that the kernel wrote when the victim was aborted. Without a word the victim has one thread and
variables of every kind, and the core is read compressed and damaged, too; with one it is thread_states.py in that mode.
"""
import copy
import glob
import json
import os
import resource
import shutil
import signal
import subprocess
import time

import support
from dump_json import check_schema
from support import check
from thread_states import wait_for_sleep


VSYSCALL = b"0xffffffffff600000"  # a page that nobody can read


def process_of(run):
    document = json.loads(run.out)
    check_schema(document)
    (process,) = document["processes"]
    return process


def compare(core, living):
    check(core["pid"] == living["pid"], "it is of process %s" % core["pid"])
    check(core["python_version"] == living["python_version"], "it is of Python %s" % core["python_version"])
    check(core["executable"] == living["executable"], "it is of %s" % core["executable"])
    check(living["command_line"].startswith(core["command_line"]) and core["command_line"],
          "its command is %r" % core["command_line"])
    for thread in core["threads"]:
        check(thread["state"] == "stopped" and thread["proven"], "a thread of a core is %s" % thread["state"])
    for thread in core["threads"] + living["threads"]:
        del thread["state"]
    frames, others = (sum(len(thread["frames"]) for thread in dump["threads"]) for dump in (core, living))
    check(frames == others, "%d frames in the core, %d living" % (frames, others))
    for mine, its in zip(core["threads"], living["threads"]):
        for inner, outer in zip(mine.pop("frames"), its.pop("frames")):
            check(inner == outer, "thread %s: in the core\n%s\nliving\n%s" % (its["name"], inner, outer))
        check(mine == its, "thread %s: in the core\n%s\nliving\n%s" % (its["name"], mine, its))
    check(len(core["threads"]) == len(living["threads"]), "%d threads" % len(core["threads"]))
    print("%d threads, %d frames" % (len(core["threads"]), frames))


def dump_at_rest(victim):
    """The victim says that it is ready a moment before it waits."""
    deadline = time.monotonic() + support.TIMEOUT
    while time.monotonic() < deadline:
        begun = ticks_of(victim)
        living = process_of(support.lampyr_ok("dump", "-l", "-j", "-p", victim.pid))
        if all(thread["state"] == "idle" for thread in living["threads"]) and ticks_of(victim) == begun and all(
                thread["waits_for_gil"] is not False for thread in living["threads"] if thread["name"] == "run"):
            return living
    raise support.Failure("the victim never came to rest")


def ticks_of(victim):
    """How often its threads were given a processor."""
    total = 0
    for tid in support.threads_of(victim.pid):
        with open("/proc/%d/task/%d/schedstat" % (victim.pid, tid)) as file:
            total += int(file.read().split()[2])
    return total


def gcore(victim, folder):
    """None where it says that it could not read all: it leaves out stacks with guard pages as glibc 2.42 makes them."""
    run = subprocess.run(["gcore", "-o", os.path.join(folder, "core"), str(victim.pid)], stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, timeout=support.TIMEOUT, check=True)
    if [line for line in run.stderr.split(b"\n") if b"Memory read failed" in line and VSYSCALL not in line]:
        print("gcore could not read all of the memory")
        return None
    return os.path.join(folder, "core.%d" % victim.pid)


def abort(victim, folder):
    """None where the kernel gives its cores to somebody else."""
    with open("/proc/sys/kernel/core_pattern") as file:
        pattern = file.read().strip()
    if pattern.startswith("|") or "/" in pattern:
        return None
    victim.process.send_signal(signal.SIGABRT)
    victim.process.wait(timeout=support.TIMEOUT)
    found = glob.glob(os.path.join(folder, "core*"))
    return found[0] if found else None


def check_compressed(core, plain, folder):
    """The same dump of what a compressor made of it; and a sentence for those that lampyr does not unpack."""
    for words, ending in ((["gzip", "-k"], ".gz"), (["zstd", "-q", "-k"], ".zst")):
        if not shutil.which(words[0]):
            continue
        subprocess.run(words + ["-1", core], check=True, timeout=support.TIMEOUT)
        packed = core + ending
        check(process_of(support.lampyr_ok("dump", "-l", "-j", "--core", packed)) == plain, "%s gives another dump" % packed)
        with open(packed, "rb") as file:
            whole = file.read()
        with open(packed, "wb") as file:
            file.write(whole[:len(whole) // 2])
        run = support.lampyr("dump", "--core", packed)
        check(run.status == 1 and b"cannot be unpacked: it ends after" in run.err, "cut in half: %s" % run)
        run = support.lampyr("dump", "--core", packed, env=support.clean_environment(TMPDIR=folder + "/absent"))
        check(run.status == 1 and b"set TMPDIR" in run.err, "without a folder to unpack it in: %s" % run)
        os.unlink(packed)
    with open(os.path.join(folder, "core.xz"), "wb") as file:
        file.write(b"\xfd7zXZ\0rest")
    run = support.lampyr("dump", "--core", file.name)
    check(run.status == 1 and b"xz -dk" in run.err, "xz: %s" % run)


def main(arguments):
    python = support.find_python(arguments[0])
    if arguments[1:] == ["gil"] and python.free_threaded:
        support.skip("there is no GIL, so that one of the threads runs")
    if arguments[1:] == ["gc"] and python.number < (3,):
        support.skip("2.7 does not finalise what is in a cycle")
    victim_words = ["thread_states.py", arguments[1], "threads"] if arguments[1:] else ["variables.py"]
    if arguments[1:] and arguments[1] != "gc":
        victim_words.pop()
    made = 0
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    here = os.getcwd()
    for make in (gcore, abort):
        if make is gcore and not shutil.which("gcore"):
            continue
        with support.scratch() as folder:
            os.chdir(folder)  # where the kernel writes it
            try:
                with support.Victim(python, *victim_words) as victim:
                    if arguments[1:] == ["gil"]:
                        wait_for_sleep(victim)
                    living = dump_at_rest(victim)
                    core = make(victim, folder)
            finally:
                os.chdir(here)
            if core is None:
                continue
            plain = process_of(support.lampyr_ok("dump", "-l", "-j", "--core", core))
            compare(copy.deepcopy(plain), living)
            made += 1
            if arguments[1:]:
                continue
            check_compressed(core, plain, folder)
            text = support.lampyr_ok("dump", "-c", core).out
            check(b"(stopped" in text and b"wait (variables.py" in text.replace(b"tests/targets/", b""),
                  "the text is %r" % text[:500])
            check_damaged(core, folder)
    if not made:
        support.skip("no gcore, and the kernel gives its cores to another program")


def check_damaged(core, folder):
    """Cut and overwritten cores end in a sentence or a dump, never in a crash."""
    with open(core, "rb") as file:
        head = file.read(1 << 20)
    for number, bad in enumerate((head[:100], head[:5000], head, b"\x7fELF" + head[4:64] + b"\xff" * 5000,
                                  head[:64] + bytes(range(256)) * 40 + head[10304:], b"", b"text")):
        path = os.path.join(folder, "bad%d" % number)
        with open(path, "wb") as file:
            file.write(bad)
        run = support.lampyr("dump", "-c", path)
        check(run.status in (0, 1) and (run.status == 0 or run.err.startswith(b"lampyr: ")), "core %d: %s" % (number, run))


if __name__ == "__main__":
    support.run_test(main)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""subprocesses.py VERSION CASE: the processes that a program starts are followed with --subprocesses, each under a frame of its
own, and exit statuses stay what they are. The cases are those of tests/targets/family.py, a shell that starts Python
(`launcher`), one that starts none (`nothing`), a target that calls execve without --subprocesses (`becomes`), a server that is
attached to (`attach`), one picture of 9 and of 200 processes (`picture`), and one file a process (`each`; of lampyr's own kind,
also when lampyr is killed: `each_kept`)."""
import glob
import json
import os
import re
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import support
from support import check

PROCESS = re.compile(r'^process (\d+):"(.*)"$', re.DOTALL)
PROCESS_TITLE = re.compile(r'^process (\d+):"')
FAMILY = os.path.join(support.TARGETS, "family.py")


def logged(path):
    with open(path) as file:
        return [int(line) for line in file]


def functions_of(stacks):
    """The functions seen in each process, by PID."""
    seen = {}
    for labels, _ in stacks:
        match = PROCESS.match(labels[0])
        check(match, "no process frame at the root: %r" % labels[0])
        seen.setdefault(int(match.group(1)), set()).update(frame.name for frame in support.frames_of(labels[1:]))
    return seen


def record(folder, status, *words):
    """Records the program with its children; the functions of each process and the PIDs that the children wrote down."""
    profile = os.path.join(folder, "profile.raw")
    run = support.lampyr("record", "-s", "-i", "-F", "-r", "200", "-f", "raw", "-o", profile, "--", *words)
    check(run.status == status, "status %s is not the program's %d: %s" % (run.status, status, run))
    with open(profile, "rb") as file:
        stacks = support.parse_raw(file.read())
    return functions_of(stacks)


def check_all_seen(seen, pids, function):
    check(pids, "no child has run")
    missing = [pid for pid in pids if not any(name.endswith(function) for name in seen.get(pid, ()))]
    check(not missing, "%d of %d processes were not seen in %s, but: %s" % (
        len(missing), len(pids), function, {pid: sorted(seen.get(pid, ())) for pid in missing[:5]}))
    print("%d processes seen, %d of them children that said so" % (len(seen), len(set(pids))))


def family(folder, python, kind, function, children):
    log = os.path.join(folder, "pids")
    seen = record(folder, 7, python.path, FAMILY, kind, "--log", log)
    pids = logged(log)
    check(len(set(pids)) >= children, "only %d children" % len(set(pids)))
    check_all_seen(seen, pids, function)


def attach(folder, python):
    """To a server that runs already: `record` until it ends, and `dump` of all at once."""
    log, profile = os.path.join(folder, "pids"), os.path.join(folder, "profile.raw")
    with support.Victim(python, FAMILY, "prefork", "--log", log) as victim:
        while not os.path.exists(log) or len(logged(log)) < 8:
            check(victim.process.poll() is None, "the server has ended")
        said = support.lampyr_ok("dump", "-s", "-p", victim.pid).out.decode()
        dumped = [int(pid) for pid in re.findall(r"^Process (\d+):", said, re.M)]
        check(set(dumped) == set(logged(log)) | {victim.pid}, "dumped %s, there are %s" % (dumped, logged(log)))
        check(dumped[0] == victim.pid, "the parent does not come first")
        support.lampyr_ok("record", "-s", "-i", "-F", "-d", "1", "-f", "raw", "-o", profile, "-p", victim.pid)
    with open(profile, "rb") as file:
        seen = functions_of(support.parse_raw(file.read()))
    check(set(seen) == set(dumped), "recorded %s, there are %s" % (sorted(seen), sorted(dumped)))


def launcher(folder, python):
    """The shell is not Python, and what it starts comes late."""
    log = os.path.join(folder, "pids")
    seen = record(folder, 5, "sh", "-c", 'sleep 0.2; "$@"; exit 5', "sh", python.path, FAMILY, "last_image", "--log", log)
    check_all_seen(seen, logged(log), "last_image")
    check(len(seen) == 1, "processes that are not Python are in the profile: %r" % seen)


def becomes(folder, python):
    """Also without --subprocesses: the same process, another program."""
    log, profile = os.path.join(folder, "pids"), os.path.join(folder, "profile.raw")
    run = support.lampyr("record", "-i", "-F", "-r", "200", "-f", "raw", "-o", profile, "--", python.path, FAMILY, "exec", "--log",
                         log)
    check(run.status == 7, str(run))
    with open(profile, "rb") as file:
        names = {frame.name for labels, _ in support.parse_raw(file.read()) for frame in support.frames_of(labels)}
    for function in ("become", "last_image"):
        check(function in names, "%s was not seen, but %s" % (function, sorted(names)))


def picture(folder, python):
    """Well-formed, each process once and with its share of the width, and what a process did is below it."""
    for kind, children in (("prefork", 8), ("short", 200)):
        log, svg, raw = (os.path.join(folder, kind + end) for end in (".pids", ".svg", ".txt"))
        kept = os.path.join(folder, kind + ".lampyr")
        run = support.lampyr("record", "-s", "-i", "-r", "200", "-o", kept, "--", python.path, FAMILY, kind, "--log", log)
        check(run.status == 7, "status %s is not the program's: %s" % (run.status, run))
        support.lampyr_ok("report", "-o", svg, kept)
        support.lampyr_ok("report", "-o", raw, kept)
        with open(raw, "rb") as file:
            stacks = support.parse_raw(file.read())
        drawn = [title.text for title in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}title")]
        roots = {text.split(" (")[0] for text in drawn if PROCESS_TITLE.match(text)}
        pids = {int(PROCESS_TITLE.match(root).group(1)) for root in roots}
        check(set(logged(log)) <= pids and len(pids) == children + 1, "%d processes are drawn, %d ran: %s" % (
            len(pids), len(set(logged(log))) + 1, drawn[:5]))
        check({labels[0] for labels, _ in stacks} and len({labels[0] for labels, _ in stacks}) == len(pids), "raw has others")
        size = os.path.getsize(svg)
        check(size < 60000 + 4000 * len(pids), "the picture of %d processes has %d bytes" % (len(pids), size))
        print("%s: %d processes in a picture of %d bytes" % (kind, len(pids), size))


def each(folder, python):
    """One file a process: each holds its process only, and together they are the recording."""
    for ending in ("txt", "lampyr"):
        log, summary = os.path.join(folder, ending + ".pids"), os.path.join(folder, ending + ".json")
        run = support.lampyr("record", "-s", "-i", "-F" if ending == "txt" else "-v", "-r", "200", "--summary-json", summary, "-o",
                             os.path.join(folder, "one-{pid}." + ending), "--", python.path, FAMILY, "prefork", "--log", log)
        check(run.status == 7, "status %s is not the program's: %s" % (run.status, run))
        check(re.search(r"wrote +\S*one-\d+\.%s, \S*, \S* and 6 more \(\w+, 9 files of one process each" % ending,
                        run.err.decode()), "the summary names no files: %s" % run)
        with open(summary, encoding="utf-8") as file:
            figures = json.load(file)
        check_each(folder, ending, log)
        check(len(figures["files"]) == 9, "files: %s" % figures["files"])
        check(sum(file["samples"] for file in figures["files"]) == figures["samples"], "samples are missing: %s" % figures)


def check_each(folder, ending, log):
    paths = {int(re.search(r"(\d+)\.%s$" % ending, path).group(1)): path
             for path in glob.glob(os.path.join(folder, "one-*." + ending))}
    check(set(logged(log)) < set(paths) and len(paths) == 9, "files of %s, processes %s" % (sorted(paths), logged(log)))
    left = [name for name in os.listdir(folder) if name.startswith(".")]
    check(not left, "left over: %s" % left)
    for pid, path in paths.items():
        data = support.lampyr_ok("report", "-q", "-f", "raw", "-o", "-", path).out
        names = {frame.name for labels, _ in support.parse_raw(data) for frame in support.frames_of(labels)}
        check(("serve" in names) == (pid in logged(log)), "process %d was in %s" % (pid, sorted(names)))
        if ending == "txt":
            with open(path, "rb") as file:
                seen = functions_of(support.parse_raw(file.read()))
            check(list(seen) == [pid], "the file of %d holds %s" % (pid, sorted(seen)))


def each_kept(folder, python):
    """Killed, lampyr leaves one file of all, which `report` parts."""
    log = os.path.join(folder, "pids")
    with support.Victim(python, FAMILY, "prefork", "--log", log) as victim:
        process = subprocess.Popen([support.lampyr_path(), "record", "-q", "-s", "-i", "-r", "200", "-o",
                                    os.path.join(folder, "one-{pid}.lampyr"), "-p", str(victim.pid)], stdin=subprocess.DEVNULL)
        try:
            whole = os.path.join(folder, "one-all.lampyr")
            deadline = time.monotonic() + support.TIMEOUT
            while not os.path.exists(whole) or seen_in(whole) < 9:
                check(time.monotonic() < deadline and process.poll() is None, "no file of nine processes")
        finally:
            support.kill(process)
    support.lampyr_ok("report", "-q", "-o", os.path.join(folder, "one-{pid}.lampyr"), whole)
    os.unlink(whole)
    for name in glob.glob(os.path.join(folder, ".lampyr-*")):
        os.unlink(name)
    check_each(folder, "lampyr", log)


def seen_in(path):
    run = support.lampyr("report", "-q", "-f", "raw", "-o", "-", path)
    return len({labels[0] for labels, _ in support.parse_raw(run.out)}) if run.status == 0 else 0


def nothing(folder, _python):
    run = support.lampyr("record", "-s", "-o", os.path.join(folder, "none.svg"), "--", "sh", "-c", "sleep 0.1; exit 9")
    check(run.status == 9, "status %s is not the program's: %s" % (run.status, run))
    check(b"Python" in run.err, str(run))
    check(not os.path.exists(os.path.join(folder, "none.svg")), "a picture of nothing")
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        run = support.lampyr("dump", "-s", "-p", sleeper.pid)
        sleeper.kill()
    check(run.status == 1 and b"Python" in run.err, str(run))


CASES = {
    "prefork": lambda folder, python: family(folder, python, "prefork", "serve", 8),
    "short": lambda folder, python: family(folder, python, "short", "short_life", 200),
    "exec": lambda folder, python: family(folder, python, "exec", "last_image", 1),
    "spawn": lambda folder, python: family(folder, python, "spawn", "pool_work", 3),
    "forkserver": lambda folder, python: family(folder, python, "forkserver", "pool_work", 3),
    "attach": attach,
    "launcher": launcher,
    "becomes": becomes,
    "picture": picture,
    "each": each,
    "each_kept": each_kept,
    "nothing": nothing,
}


def main(arguments):
    python = support.find_python(arguments[0])
    with support.scratch() as folder:
        CASES[arguments[1]](folder, python)


if __name__ == "__main__":
    support.run_test(main)

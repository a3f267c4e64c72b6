#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""namespaces.py VERSION CASE: a program in a mount, pid and user namespace of its own is seen from outside as it is from inside.

Its root is a file system of its own. The interpreter, the program and lampyr stand there under paths that do not exist outside
(an interpreter that is bound to its place keeps its path). Each case looks from both sides, and compares names, lines, states
and threads; ids are those of the side one looks from, and the kernel's own table (NSpid) translates them.

dump    text, JSON, variables and source lines
record  stacks by thread
follow  a server and its workers with --subprocesses: attached to from both sides, and launched with its namespaces by lampyr
native  machine frames
"""
import contextlib
import json
import os
import re
import shutil
import subprocess

import support
from core import dump_at_rest
from matrix import compare_dump
from native import build_library, check_stacks
from dump_json import Thread
from subprocesses import functions_of, logged
from support import Failure, check, skip

FAMILY, HOME = "family.py", "/elsewhere"
MAKE_ROOT = r"""
set -e
root=$1 python=$2 tool=$3 targets=$4 work=$5 fixed=$6
shift 6
bind() { [ ! -e "$1" ] || { mkdir -p "$root$2"; mount --rbind "$1" "$root$2"; }; }
mount -t tmpfs tmpfs "$root"
for name in usr etc bin sbin lib lib32 lib64; do
    if [ -L "/$name" ]; then cp -P "/$name" "$root"; else bind "/$name" "/$name"; fi
done
mkdir -p "$root/proc" "$root/tmp" "$root/dev" "$root/old"
for name in $MARKS; do mkdir -p "$root$(dirname "$name")"; : > "$root$name"; done
for name in null urandom; do : > "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"; done
[ -z "$python" ] || bind "$python" /elsewhere/python
[ -z "$fixed" ] || bind "$fixed" "$fixed"
bind "$tool" /elsewhere/tool
bind "$targets" /elsewhere/targets
bind "$work" /elsewhere/shared
mount -t proc proc "$root/proc"
cd "$root"
pivot_root . old
cd /
umount -l /old
exec "$@"
"""
UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"]


class Box:
    """The namespaces to be. `work` is a folder outside that is /elsewhere/shared inside; `marks` are files that are made there."""

    def __init__(self, python, work, marks=()):
        self.work, self.root = work, os.path.join(work, "root")
        os.mkdir(self.root)
        prefix = os.path.dirname(os.path.dirname(os.path.realpath(python.path)))
        self.environment = support.clean_environment(MARKS=" ".join(marks))
        if prefix == "/usr" or prefix.endswith("/usr"):
            self.prefix, self.fixed = "", prefix[:-len("/usr")]
            self.python = support.Python(python.version, os.path.realpath(python.path))
        else:
            self.prefix, self.fixed = prefix, ""
            name = os.path.basename(os.path.realpath(python.path))
            self.python = support.Python(python.version, "%s/python/bin/%s" % (HOME, name))
            self.environment["LD_LIBRARY_PATH"] = HOME + "/python/lib"

    @property
    def launcher(self):
        return UNSHARE + ["sh", "-c", MAKE_ROOT, "sh", self.root, self.prefix, os.path.dirname(support.lampyr_path()),
                          support.TARGETS, self.work, self.fixed]

    @contextlib.contextmanager
    def victim(self, script, *arguments):
        with support.Victim(self.python, "%s/targets/%s" % (HOME, script), *arguments, prefix=self.launcher,
                            environment=self.environment) as victim:
            (pid,) = support.children(victim.pid)
            check(inner_pid(pid) == 1, "process %d is not the first of a pid namespace" % pid)
            check(not os.path.exists(HOME), "%s exists outside, so nothing would be proved" % HOME)
            yield Inside(victim, pid)


class Inside:
    """The program in the box: `pid` is what it is called outside."""

    def __init__(self, victim, pid):
        self.victim, self.pid, self.report = victim, pid, victim.report

    @property
    def entrance(self):
        """The words that start another program inside, and what lampyr is called there."""
        words = ["nsenter", "-t", str(self.pid), "--user", "--preserve-credentials", "--mount", "--pid", "--"]
        return words, HOME + "/tool/" + os.path.basename(support.lampyr_path())

    def enter(self, *arguments):
        """lampyr inside."""
        words, tool = self.entrance
        words += [tool] + [str(argument) for argument in arguments]
        run = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=support.clean_environment(), timeout=support.TIMEOUT)
        check(run.returncode == 0, "inside: %s" % support.Run(words, run.returncode, run.stdout, run.stderr))
        return run.stdout

    def inner_tids(self):
        """Thread ids as they are inside, by what they are outside."""
        found = {}
        for pid in [self.pid] + descendants(self.pid):
            for tid in support.threads_of(pid):
                with open("/proc/%d/task/%d/status" % (pid, tid), encoding="latin-1") as file:
                    found[tid] = int(re.search(r"^NSpid:.*\s(\d+)$", file.read(), re.M).group(1))
        return found


def inner_pid(pid):
    return int(support.status_field(pid, "NSpid").split()[-1])


def descendants(pid):
    found = []
    for child in support.children(pid):
        found += [child] + descendants(child)
    return found


def one_process(data):
    (process,) = json.loads(data)["processes"]
    process.pop("time")
    return process


def translate(process, tids):
    """A process of a dump as it would be called inside."""
    process["pid"] = tids[process["pid"]]
    for thread in process["threads"]:
        check(thread["os_thread_id"] is not None, "thread %s has no id" % thread["name"])
        thread["os_thread_id"] = tids[thread["os_thread_id"]]
    return process


def first_difference(outside, inside, where="the process"):
    if isinstance(outside, dict) and isinstance(inside, dict) and outside.keys() == inside.keys():
        for key in outside:
            if outside[key] != inside[key]:
                return first_difference(outside[key], inside[key], "%s.%s" % (where, key))
    if isinstance(outside, list) and isinstance(inside, list) and len(outside) == len(inside):
        for number, (mine, its) in enumerate(zip(outside, inside)):
            if mine != its:
                return first_difference(mine, its, "%s[%d]" % (where, number))
    return "%s is %r outside and %r inside" % (where, outside, inside)


def test_dump(box):
    with box.victim("known_stacks.py") as inside:
        dump_at_rest(inside)
        tids = inside.inner_tids()
        for options in ([], ["--source"], ["--locals"], ["--blocking"], ["--full-filenames"]):
            outer = one_process(support.lampyr_ok("dump", "-j", *options, "-p", inside.pid).out)
            inner = one_process(inside.enter("dump", "-j", *options, "-p", 1))
            check(outer["pid"] == inside.pid and inner["pid"] == 1, "pids %s, %s" % (outer["pid"], inner["pid"]))
            check(outer["executable"] == box.python.path, "the executable is %s" % outer["executable"])
            translate(outer, tids)
            check(outer == inner, "%s: %s" % (options, first_difference(outer, inner)))
            problems = compare_dump([Thread(thread) for thread in outer["threads"]], inside.report)
            check(not problems, "%s: %s" % (options, "\n  ".join(problems[:20])))
            if options == ["--source"]:
                lines = [frame["source"] for thread in outer["threads"] for frame in thread["frames"]
                         if frame["short_file"] == "known_stacks.py"]
                check(len(lines) > 20 and all(lines), "source lines are missing: %s" % lines)
        outer, inner = support.lampyr_ok("dump", "-p", inside.pid).out.decode(), inside.enter("dump", "-p", 1).decode()
        outer = re.sub(r"^Process \d+", "Process 1", outer)
        outer = re.sub(r"^Thread (\d+)", lambda match: "Thread %d" % tids[int(match.group(1))], outer, flags=re.M)
        check(outer == inner, "outside:\n%s\ninside:\n%s" % (outer, inner))
        print("%d threads, the same from both sides" % len(json.loads(json.dumps(inside.report["threads"]))))


def both_profiles(box, inside, *options):
    """The same recording from both sides as raw stacks, that from outside first."""
    where = os.path.join(box.work, "outside.raw")
    support.lampyr_ok("record", "-f", "raw", "-o", where, *options, "-p", inside.pid)
    inside.enter("record", "-f", "raw", "-o", HOME + "/shared/inside.raw", *options, "-p", 1)
    for path in (where, os.path.join(box.work, "inside.raw")):
        with open(path, "rb") as file:
            yield support.parse_raw(file.read())


def test_record(box):
    with box.victim("known_stacks.py") as inside:
        dump_at_rest(inside)
        tids = inside.inner_tids()
        outer, inner = both_profiles(box, inside, "-i", "-t", "--full-filenames", "-d", "0.5", "-r", "200")

        def called_inside(labels):
            root = re.match(r"^thread \((\d+)\)(.*)$", labels[0], re.S)
            return ("thread (%d)%s" % (tids[int(root.group(1))], root.group(2)),) + tuple(labels[1:])
        mine, its = {called_inside(labels) for labels, _ in outer}, {tuple(labels) for labels, _ in inner}
        check(mine == its, "only outside: %s\nonly inside: %s" % (sorted(mine - its)[:3], sorted(its - mine)[:3]))
        check(len(mine) >= len(inside.report["threads"]), "%d stacks of %d threads" % (len(mine), len(inside.report["threads"])))
        print("%d stacks, the same from both sides" % len(mine))


def test_follow(box):
    log = os.path.join(box.work, "pids")
    with box.victim(FAMILY, "prefork", "--log", HOME + "/shared/pids") as inside:
        while not os.path.exists(log) or len(logged(log)) < 8:
            check(inside.victim.process.poll() is None, "the server has ended")
        tids = inside.inner_tids()
        outer, inner = both_profiles(box, inside, "-s", "-i", "-F", "-d", "1")
        mine = {tids[pid]: names for pid, names in functions_of(outer).items()}
        check(mine == functions_of(inner), "outside %s, inside %s" % (mine, functions_of(inner)))
        check(set(mine) == set(logged(log)) | {1}, "recorded %s, there are %s" % (sorted(mine), logged(log)))
        # The launcher is no Python and stands in other namespaces than what it has launched.
        said = support.lampyr_ok("dump", "-s", "-j", "-p", inside.victim.pid).out
        dumped = sorted(tids[process["pid"]] for process in json.loads(said)["processes"])
        check(dumped == sorted(mine), "dumped %s below the launcher" % dumped)
    os.unlink(log)
    profile = os.path.join(box.work, "launched.raw")
    run = support.lampyr("record", "-s", "-i", "-F", "-r", "200", "-f", "raw", "-o", profile, "--", *box.launcher,
                         box.python.path, HOME + "/targets/" + FAMILY, "prefork", "--log", HOME + "/shared/pids",
                         env=box.environment)
    check(run.status == 7, "the status is not the program's: %s" % run)
    with open(profile, "rb") as file:
        seen = functions_of(support.parse_raw(file.read()))
    workers = [pid for pid, names in seen.items() if "serve" in names]
    check(len(workers) == 8 and len(seen) == 9, "of 9 launched processes these were seen: %s" % seen)
    print("%d processes, the same from both sides and when launched" % len(seen))


def test_native(box):
    if os.uname().machine != "x86_64":
        skip("machine frames are read on x86-64 only")
    build_library(box.work)
    with box.victim("native_stacks.py", HOME + "/shared/native_calls.so", 1, "gil", 3, 20) as inside:
        for side, stacks in zip(("outside", "inside"), both_profiles(box, inside, "--native", "-d", "2", "-r", "200")):
            whole, marked, total = check_stacks(stacks, 3)
            print("%s: %d samples, %d whole, %d marked" % (side, total, whole, marked))
            check(total >= 50, "%s: only %d samples" % (side, total))
            check(marked <= 0.05 * total, "%s: %d of %d samples are not merged" % (side, marked, total))
            check(whole >= 0.8 * total, "%s: only %d of %d samples are whole" % (side, whole, total))


CASES = {"dump": test_dump, "record": test_record, "follow": test_follow, "native": test_native}


def main(arguments):
    version, case = arguments
    python = support.find_python(version)
    for tool in ("unshare", "nsenter", "pivot_root"):
        if not shutil.which(tool):
            skip("no %s here" % tool)
    if subprocess.run(UNSHARE + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("user, mount and pid namespaces cannot be made here")
    with support.scratch() as work:
        CASES[case](Box(python, work))


if __name__ == "__main__":
    support.run_test(main)

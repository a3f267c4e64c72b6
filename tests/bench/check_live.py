#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_live.py LAMPYR [CHECKS] [--keep DIR] [--only aa|slower]: what `lampyr check` finds on this machine as it is.

CHECKS (20) times a program is checked against itself, and as often against one whose `discount`, `justify` or `smooth`, a tenth
of the time, has 20 % more to do. The programs take turns. The recorded runs are then compared the other way round, where the
same function became faster, and those of the equal programs are split at random a thousand times.
"""
import argparse
import collections
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "targets", "check_programs.py")
RATE = 5000  # the programs take 1.5 s, so a run has some 7,000 samples
PROGRAMS = {"orders": "discount", "text": "justify", "numbers": "smooth"}


def check(lampyr, arguments, report):
    """The exit status of one check and what it says."""
    done = subprocess.run([lampyr, "check", "-q", "-r", str(RATE), "--json", report, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode not in (0, 1):
        raise SystemExit("status %d:\n%s" % (done.returncode, done.stdout))
    with open(report) as source:
        return done.returncode, json.load(source)


def named(report, finding):
    return [function["name"] for function in report["functions"] if function["finding"] == finding]


def command(program, factor):
    return shlex.join([sys.executable, TARGET, program, str(factor)])


def check_equal(lampyr, program, folder):
    status, report = check(lampyr, ["--artifacts", folder, "--base", command(program, 1), "--new", command(program, 1)],
                           folder + ".json")
    found = named(report, "slower") + named(report, "faster")
    return status, found


def check_slower(lampyr, program, folder):
    status, report = check(lampyr, ["--artifacts", folder, "--base", command(program, 1), "--new", command(program, 1.2)],
                           folder + ".json")
    _, reverse = check(lampyr, ["--base-profiles", os.path.join(folder, "new"),
                                "--new-profiles", os.path.join(folder, "base")], folder + ".reverse.json")
    return status, named(report, "slower"), named(reverse, "faster"), named(reverse, "slower")


def split(lampyr, program, folder):
    """The equal runs of a program, all of them, split at random."""
    sides = [os.path.join(folder, name, side) for name in sorted(os.listdir(folder))
             if name.startswith("aa.%s." % program) and os.path.isdir(os.path.join(folder, name)) for side in ("base", "new")]
    done = subprocess.run([lampyr, "check", "--aa", "--base-profiles", *sides], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    print("splits of %s, status %d: %s" % (program, done.returncode, " ".join(done.stdout.split())), flush=True)


def run(options, folder):
    programs = list(PROGRAMS)
    counts = collections.Counter()
    begun = time.monotonic()
    for turn in range(options.checks):
        program = programs[turn % len(programs)]
        load = os.getloadavg()[0]
        if options.only != "slower":
            status, found = check_equal(options.lampyr, program, os.path.join(folder, "aa.%s.%d" % (program, turn)))
            counts["equal"] += 1
            counts["alarms"] += status == 1
            print("%6.0f s, load %.1f  equal %-8s status %d  %s" % (
                time.monotonic() - begun, load, program, status, found), flush=True)
        if options.only != "aa":
            status, slower, reverse_faster, reverse_slower = check_slower(
                options.lampyr, program, os.path.join(folder, "slower.%s.%d" % (program, turn)))
            is_it = [PROGRAMS[program] == name.split(".")[-1] for name in slower]
            counts["injected"] += 1
            counts["found"] += status == 1 and any(is_it)
            counts["more than one other"] += is_it.count(False) > 1
            counts["faster found"] += any(PROGRAMS[program] == name for name in reverse_faster)
            counts["faster alarmed"] += bool(reverse_slower)
            print("%6.0f s, load %.1f  slower %-8s status %d  %s, reversed %s" % (
                time.monotonic() - begun, load, program, status, slower, reverse_faster + reverse_slower), flush=True)
    print(dict(counts))
    if options.only != "slower":
        for program in programs:
            split(options.lampyr, program, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lampyr", type=os.path.abspath)
    parser.add_argument("checks", type=int, nargs="?", default=20)
    parser.add_argument("--keep", metavar="DIR", help="keep the recorded runs")
    parser.add_argument("--only", choices=("aa", "slower"))
    options = parser.parse_args()
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
        run(options, options.keep)
        return
    with tempfile.TemporaryDirectory(prefix="lampyr-check-") as folder:
        run(options, folder)


if __name__ == "__main__":
    main()

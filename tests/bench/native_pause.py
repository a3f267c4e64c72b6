#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `record --native` costs the program: how long it is held for a sample, and how much less it does.

    LAMPYR=build/test/tools/lampyr/lampyr python3 tests/bench/native_pause.py [--python 3.13] [--levels 2 8 40] [--pairs 15]
                                                                             [--than OTHER/lampyr] [--slowdown]

The program does small pieces of work, so many turns of Python and C deep (a turn is about 8 machine frames). Held: from the
first ptrace call of a sample to the last, as the summary has it; `--blocking` beside it, which copies no machine stacks. Beside
both, the least there can be here: the same stop in the fewest calls (stop_parts.cpp, compiled for this) with as much of the
stack, from the program's own processor. `--than`: another lampyr takes turns with this one.
Slowdown: pieces of work a second with lampyr at 100 Hz against seconds without, in turns; the median of the pairs' ratios,
and the quartiles; where the program may run on all processors, and where it is kept on one. lampyr's start (half a second) is not
in it. Wants a quiet machine: on a busy one the pause is the wait for a processor.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "live"))
import support  # noqa: E402
from native_support import build_library  # noqa: E402

BYTES_A_LEVEL = 2600  # of the machine stack
BYTES_BELOW = 2500


def ask(victim):
    victim.process.stdin.write(b"\n")
    victim.process.stdin.flush()
    count, seconds = victim.process.stdout.readline().split()
    return int(count), float(seconds)


def rate(victim, seconds):
    count, began = ask(victim)
    time.sleep(seconds)
    end_count, ended = ask(victim)
    return (end_count - count) / (ended - began)


def held(folder, victim, mode, seconds, lampyr):
    os.environ["LAMPYR"] = lampyr
    _, summary, run = support.record_raw(folder, mode, "-p", victim.pid, "-d", seconds, "-r", 100)
    support.check(run.status == 0, str(run))
    return summary


def rate_watched(folder, victim, mode, seconds, lampyr):
    process = subprocess.Popen([lampyr, "record", "-q", mode, "-p", str(victim.pid), "-d", str(seconds + 1), "-r", "100", "-f", "raw",
                                "-o", os.path.join(folder, "watched.raw")])
    time.sleep(0.5)
    watched = rate(victim, seconds)
    support.check(process.wait() == 0, "the recording failed")
    return watched


def worker(victim):
    return [tid for tid in support.threads_of(victim.pid) if tid != victim.pid][0]


def build_least(folder):
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        support.skip("no C++ compiler here")
    path = os.path.join(folder, "stop_parts")
    subprocess.run([compiler, "-O2", "-std=c++20", "-o", path, os.path.join(HERE, "stop_parts.cpp")], check=True)
    return path


def show_pause(folder, python, library, options):
    least = build_least(folder)
    for levels in options.levels:
        with support.Victim(python, "native_rate.py", library, levels) as victim:
            size = BYTES_BELOW + BYTES_A_LEVEL * levels
            for mode in ("--blocking", "--native") * options.rounds:
                for lampyr in options.lampyrs:
                    summary = held(folder, victim, mode, options.seconds, lampyr)
                    print("%2d levels  %-10s held %5.1f us (median) %6.1f us (99 %%)  %s  %s" % (
                        levels, mode, summary["stop_median_us"], summary["stop_p99_us"],
                        {name: count for name, count in summary["losses"].items() if count}, lampyr), flush=True)
                if mode == "--native":
                    lines = subprocess.run([least, str(worker(victim)), str(size)], stdout=subprocess.PIPE, check=True,
                                           universal_newlines=True).stdout.splitlines()
                    print("%2d levels  the least there can be, %d bytes of stack: %s" % (levels, size, lines[0]), flush=True)


def show_slowdown(folder, python, library, options):
    for mode in options.modes:
        for where, pin in (("on any processor", None), ("kept on one", 0)):
            with support.Victim(python, "native_rate.py", library, options.levels[0]) as victim:
                if pin is not None:
                    os.sched_setaffinity(worker(victim), {sorted(os.sched_getaffinity(0))[pin]})
                ratios = {lampyr: [] for lampyr in options.lampyrs}
                for _ in range(options.pairs):
                    for lampyr in options.lampyrs:
                        before = rate(victim, options.seconds / 2)
                        watched = rate_watched(folder, victim, mode, options.seconds, lampyr)
                        after = rate(victim, options.seconds / 2)
                        ratios[lampyr].append(1 - 2 * watched / (before + after))
                for lampyr, found in ratios.items():
                    low, middle, high = statistics.quantiles(found, n=4)
                    print("slowdown at 100 Hz, %s, %s: %.2f %% (median of %d; quartiles %.2f and %.2f)  %s" % (
                        mode, where, 100 * middle, len(found), 100 * low, 100 * high, lampyr), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="3.13")
    parser.add_argument("--levels", type=int, nargs="*", default=[2, 8, 40])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--modes", nargs="*", default=["--native"])
    parser.add_argument("--than", help="another lampyr to compare with")
    parser.add_argument("--slowdown", action="store_true", help="nothing else")
    options = parser.parse_args()
    options.lampyrs = [support.lampyr_path()] + ([options.than] if options.than else [])
    python = support.find_python(options.python)
    with support.scratch() as folder:
        library = build_library(folder)
        if not options.slowdown:
            show_pause(folder, python, library, options)
        if options.pairs > 1:
            show_slowdown(folder, python, library, options)


if __name__ == "__main__":
    try:
        main()
    except (support.Failure, support.Skip) as why:
        sys.exit(str(why))

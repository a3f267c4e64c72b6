#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `record --native` costs the program: how long it is held for a sample, and how much less it does.

    LAMPYR=build/test/tools/lampyr/lampyr python3 tests/bench/native_pause.py [--python 3.13] [--levels 2 8 40] [--pairs 15]

The program does small pieces of work, so many turns of Python and C deep (a turn is about 8 machine frames). Held: from the
first ptrace call of a sample to the last, as the summary has it; `--blocking` beside it, which copies no machine stacks.
Slowdown: pieces of work a second with lampyr at 100 Hz against seconds without, in turns; the median of the pairs' ratios,
and the quartiles. Wants a quiet machine: on a busy one the pause is the wait for a processor.
"""
import argparse
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "live"))
import support  # noqa: E402
from native_support import build_library  # noqa: E402


def ask(victim):
    victim.process.stdin.write(b"\n")
    victim.process.stdin.flush()
    count, seconds = victim.process.stdout.readline().split()
    return int(count), float(seconds)


def rate_during(victim, work):
    count, began = ask(victim)
    work()
    end_count, ended = ask(victim)
    return (end_count - count) / (ended - began)


def held(folder, victim, mode, seconds):
    _, summary, run = support.record_raw(folder, mode, "-p", victim.pid, "-d", seconds, "-r", 100)
    support.check(run.status == 0, str(run))
    return summary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="3.13")
    parser.add_argument("--levels", type=int, nargs="*", default=[2, 8, 40])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    python = support.find_python(options.python)
    with support.scratch() as folder:
        library = build_library(folder)
        for levels in options.levels:
            with support.Victim(python, "native_rate.py", library, levels) as victim:
                for mode in ("--blocking", "--native") * 2:
                    summary = held(folder, victim, mode, options.seconds)
                    print("%2d levels  %-10s held %5.1f us (median) %6.1f us (99 %%)  %s" % (
                        levels, mode, summary["stop_median_us"], summary["stop_p99_us"],
                        {name: count for name, count in summary["losses"].items() if count}), flush=True)
        with support.Victim(python, "native_rate.py", library, options.levels[0]) as victim:
            ratios = []
            for _ in range(options.pairs):
                alone = rate_during(victim, lambda: support.time.sleep(options.seconds))
                watched = rate_during(victim, lambda: held(folder, victim, "--native", options.seconds))
                ratios.append(1 - watched / alone)
            low, middle, high = statistics.quantiles(ratios, n=4)
            print("slowdown at 100 Hz: %.2f %% (median of %d pairs; quartiles %.2f and %.2f)" % (
                100 * middle, len(ratios), 100 * low, 100 * high))


if __name__ == "__main__":
    try:
        main()
    except (support.Failure, support.Skip) as why:
        sys.exit(str(why))

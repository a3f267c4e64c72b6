#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a sample costs when the program that lampyr started has its imports behind it.

    LAMPYR=build/test/tools/lampyr/lampyr python3 tests/bench/after_imports.py [--python 3.8 3.12] [--rounds 5] [--seconds 2.5]
                                                                             [--than OTHER/lampyr]

Samples for a second of lampyr's own CPU at the highest rate there is: the median, and the runs. What an import leaves behind
must not be read for ever. `--than`: another lampyr takes turns with this one.
"""
import argparse
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "live"))
import support  # noqa: E402


def samples_a_second(folder, python, lampyr, seconds):
    os.environ["LAMPYR"] = lampyr
    target = os.path.join(support.TARGETS, "imports_first.py")
    _, summary, run = support.record_raw(folder, "-r", 1000000, "--", python.path, target, seconds)
    support.check(run.status == 0, str(run))
    return summary["samples"] / summary["own_cpu_s"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", nargs="+", default=["3.8", "3.12"], metavar="VERSION")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.5)
    parser.add_argument("--than", metavar="LAMPYR")
    arguments = parser.parse_args()
    sides = [support.lampyr_path()] + ([arguments.than] if arguments.than else [])
    with support.scratch() as folder:
        for version in arguments.python:
            python = support.find_python(version)
            runs = {side: [] for side in sides}
            for _ in range(arguments.rounds):
                for side in sides:
                    runs[side].append(samples_a_second(folder, python, side, arguments.seconds))
            for side in sides:
                print("%-5s %7.0f samples/CPU-s, runs %s  %s" % (
                    version, statistics.median(runs[side]), " ".join("%.0f" % run for run in sorted(runs[side])), side))


if __name__ == "__main__":
    main()

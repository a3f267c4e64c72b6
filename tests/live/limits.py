#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""limits.py VERSION: with --max-cpu lampyr keeps its own CPU use near the limit, and the shares stay right.

The rate asked for costs several times the limit. What lampyr used is taken from its summary, which counts by the kernel's
clock for its process.
"""
import json
import os

import support
from support import check

RATE = 20000
LIMIT = 3  # percent of a core
POINTS = 0.05  # some hundred samples a second are left


def main(arguments):
    python = support.find_python(arguments[0])
    with support.scratch() as folder:
        report = os.path.join(folder, "report.json")
        target = [python.path, os.path.join(support.TARGETS, "shares.py"), "--seconds", "6", "--report", report]
        stacks, summary, run = support.record_raw(folder, "-r", RATE, "--max-cpu", LIMIT, "--", *target, timeout=110)
        with open(report, encoding="utf-8") as file:
            told = json.load(file)["shares"]
    print("%.2f %% of a core at %.0f Hz of %d (lowest %.0f)" % (
        100 * summary["own_cpu_share"], summary["rate_got_hz"], RATE, summary["lowest_rate_hz"]))
    check(summary["max_cpu_share"] == LIMIT / 100, "the summary does not tell the limit")
    check(summary["own_cpu_share"] < 1.3 * LIMIT / 100, "lampyr used much more than it may")
    check(summary["own_cpu_share"] > 0.4 * LIMIT / 100, "lampyr lowered its rate more than it must")
    check(summary["rate_got_hz"] < RATE / 2, "the limit had nothing to do")
    check(b"held down by --max-cpu" in run.err, "the closing words do not say why the rate is low")
    counts = {name: sum(count for labels, count in stacks for label in labels if label.startswith(name + " ("))
              for name in told}
    for name, share in told.items():
        seen = counts[name] / sum(counts.values())
        print("    %-20s %6.2f %% of the time, %6.2f %% of the samples" % (name, 100 * share, 100 * seen))
        check(abs(seen - share) < POINTS, "the share of %s is wrong" % name)
    time = sum(count for _, count in stacks) * summary["interval_s"]
    check(abs(time - summary["target_cpu_s"]) < 0.05 * summary["target_cpu_s"],
          "the samples stand for %.2f s, the program ran for %.2f s" % (time, summary["target_cpu_s"]))


if __name__ == "__main__":
    support.run_test(main)

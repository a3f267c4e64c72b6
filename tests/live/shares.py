#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""shares.py VERSION [shares|stars]: each function's share of the samples is its share of the time.

The target measures with its own CPU clock how long its functions take; the profile must agree within two points. A sample
counts a thread that waits for a processor as running, so on a machine with too much to do the two clocks differ by more
than the profiler is to blame for: then the test is skipped, with the share of the time the target had to wait.
"""
import json
import os

import support
from support import check, skip

POINTS = 0.02
MOST_WAITING = 0.02
RATES = {"shares": 4000, "stars": 4000}  # hertz; at 8,000 samples a share is known to half a point


def record(python, folder, rate, *words):
    meter = support.WaitMeter()
    meter.start()
    try:
        stacks, summary, _ = support.record_raw(folder, "-r", rate, "--", python.path, *words)
    finally:
        meter.done.set()
        meter.join()
    print("%d samples, losses %s" % (summary["samples"], {k: v for k, v in summary["losses"].items() if v}))
    check(summary["samples"] > 500, "only %d samples" % summary["samples"])
    check(meter.ran > 0, "the program was not seen to run")
    return stacks, meter.share


def shares_below(stacks, caller, callees):
    """The share of each of `callees` among the samples in which `caller` calls one of them. Names may be qualified."""
    counts = dict.fromkeys(callees, 0)
    for labels, count in stacks:
        names = [frame.name.rpartition(".")[2] for frame in support.frames_of(labels)]
        for outer, inner in zip(names, names[1:]):
            if outer == caller and inner in counts:
                counts[inner] += count
                break
    total = sum(counts.values())
    check(total, "%s was never seen to call %s" % (caller, ", ".join(callees)))
    return {name: count / total for name, count in counts.items()}


def compare(seen, told, waiting):
    worst = max(abs(seen[name] - share) for name, share in told.items())
    for name, share in sorted(told.items(), key=lambda item: -item[1]):
        print("    %-20s %6.2f %% of the time, %6.2f %% of the samples" % (name, 100 * share, 100 * seen[name]))
    print("worst difference %.2f points; waited %.1f %% for a processor" % (100 * worst, 100 * waiting))
    if worst > POINTS and waiting > MOST_WAITING:
        skip("the machine is busy, the program waited %.0f %% as long as it ran" % (100 * waiting))
    check(worst <= POINTS, "a share is off by %.2f points" % (100 * worst))


def test_shares(python, folder):
    report = os.path.join(folder, "report.json")
    stacks, waiting = record(python, folder, RATES["shares"], os.path.join(support.TARGETS, "shares.py"), "--seconds", "3",
                             "--report", report)
    with open(report, encoding="utf-8") as file:
        told = json.load(file)["shares"]
    compare(shares_below(stacks, "work", told), told, waiting)


def test_stars(python, folder):
    if python.number < (3, 6):
        skip("stars.py needs Python 3")
    report = os.path.join(folder, "report.json")
    stacks, waiting = record(python, folder, RATES["stars"], os.path.join(support.ROOT, "docs", "examples", "stars.py"),
                             "--stars", "1000", "-o", os.path.join(folder, "stars.ppm"), "--report-shares", report)
    with open(report, encoding="utf-8") as file:
        told = json.load(file)
    told = {name: share for name, share in told.items() if share > 0.001}
    compare(shares_below(stacks, "run", told), told, waiting)


def main(arguments):
    python = support.find_python(arguments[0])
    with support.scratch() as folder:
        {"shares": test_shares, "stars": test_stars}[arguments[1] if len(arguments) > 1 else "shares"](python, folder)


if __name__ == "__main__":
    support.run_test(main)

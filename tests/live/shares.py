#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""shares.py VERSION [shares|stars|one-core|crowded|short]: each function's share of the samples is its share of the time.

The target measures with its own CPU clock how long its functions take; the profile must agree within two points, or the
test is skipped where the target had to wait for a processor for long. `one-core`: target and lampyr have one processor
together, so the target never runs while it is looked at. `crowded`: and a program that never sleeps has it, too. A thread
that waits for a processor stands where it lost it, in this target mostly at its own reading of the clock; that must not
count. Three points are allowed there. `short`: functions and generators that run for 20 to 200 ns at a time, much less than
reading takes, have the shares that they have in a recording that stops the program for every sample.
"""
import json
import os
import subprocess

import support
from support import check, skip

POINTS = 0.02
POINTS_ON_ONE_CORE = 0.03
POINTS_OF_SHORT_CALLS = 0.15  # what is left of up to 20, see docs/accuracy.md
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


def check_cpu_time(summary):
    given, ran, samples = [summary[key] for key in ("target_cpu_given_s", "target_cpu_s", "samples_time_s")]
    print("%.3f s of CPU in samples of %.3f s; waited %.3f s; %s priority" % (
        given, ran, summary["run_queue_wait_s"], summary["priority"]))
    check(summary["weights"] == "cpu", "the samples do not stand for CPU time")
    check(abs(given - samples) < 1e-6, "the samples' weights are %.6f s, not %.6f s" % (samples, given))
    check(0.95 * ran <= given <= 1.02 * ran, "the program ran for %.3f s, its samples stand for %.3f s" % (ran, given))


def test_one_core(python, folder, crowded=False):
    if len(os.sched_getaffinity(0)) < 2:
        skip("there is one processor only, and everything else is on it, too")
    report = os.path.join(folder, "report.json")
    pin = support.pinned(0)
    rival = subprocess.Popen([python.path, "-c", "while True: pass"], preexec_fn=pin) if crowded else None
    try:
        stacks, summary, _ = support.record_raw(folder, "-r", RATES["shares"], "--", python.path,
                                                os.path.join(support.TARGETS, "shares.py"), "--seconds", "2", "--report",
                                                report, preexec_fn=pin, timeout=110)
    finally:
        if rival:
            support.kill(rival)
    with open(report, encoding="utf-8") as file:
        told = json.load(file)
    check_cpu_time(summary)
    seen = shares_below(stacks, "work", told["shares"])
    for name, share in sorted(told["shares"].items(), key=lambda item: -item[1]):
        print("    %-20s %6.2f %% of the time, %6.2f %% of the samples" % (name, 100 * share, 100 * seen[name]))
    worst = max(abs(seen[name] - share) for name, share in told["shares"].items())
    check(worst <= POINTS_ON_ONE_CORE, "a share is off by %.2f points" % (100 * worst))
    if crowded:
        check(summary["run_queue_wait_s"] > 0.3 * summary["target_cpu_s"], "the two programs did not compete")
        check(summary["waiting_samples"] > 0.2 * summary["samples"], "no sample met the program waiting")
    inside = sum(count for labels, count in stacks for frame in support.frames_of(labels) if frame.name in told["shares"])
    worked = told["cpu_seconds_with_calibration"]  # the calibration calls one of the functions, too
    outside = 1 - inside / sum(count for _, count in stacks), 1 - worked / summary["target_cpu_s"]
    print("outside of them %.2f %% of the time, %.2f %% of the samples" % (100 * outside[1], 100 * outside[0]))
    if summary["priority"] == "real-time":  # else lampyr gets the processor when it is given up, at the reading of the clock
        check(abs(outside[0] - outside[1]) <= POINTS_ON_ONE_CORE, "waiting counts")


def own_shares(folder, python, rate, *options):
    """The share of each function among the innermost frames, and how long the program waited for a processor."""
    meter = support.WaitMeter()
    meter.start()
    try:
        stacks, summary, _ = support.record_raw(folder, "-r", rate, *options, "--", python.path,
                                                os.path.join(support.TARGETS, "check_programs.py"), "numbers")
    finally:
        meter.done.set()
        meter.join()
    counts = {}
    for labels, count in stacks:
        name = support.frames_of(labels)[-1].name.rpartition(".")[2]
        counts[name] = counts.get(name, 0) + count
    total = sum(counts.values())
    check(total > 500, "only %d samples" % total)
    print("%d samples, losses %s" % (total, {k: v for k, v in summary["losses"].items() if v}))
    return {name: count / total for name, count in counts.items()}, meter.share


def test_short(python, folder):
    if python.number < (3, 6):
        skip("check_programs.py needs Python 3.6")
    seen, waiting = own_shares(folder, python, RATES["shares"])
    stopped, waiting_stopped = own_shares(folder, python, 1000, "--blocking")
    waiting = max(waiting, waiting_stopped)
    large = {name: share for name, share in stopped.items() if share > 0.02}
    for name, share in sorted(large.items(), key=lambda item: -item[1]):
        print("    %-20s %6.2f %% stopped, %6.2f %% not stopped" % (name, 100 * share, 100 * seen.get(name, 0)))
    worst = max(abs(seen.get(name, 0) - share) for name, share in large.items())
    print("worst difference %.2f points; waited %.1f %% for a processor" % (100 * worst, 100 * waiting))
    if worst > POINTS_OF_SHORT_CALLS and waiting > MOST_WAITING:  # who waits is stopped where it waited
        skip("the machine is busy, the program waited %.0f %% as long as it ran" % (100 * waiting))
    check(worst <= POINTS_OF_SHORT_CALLS, "a share is off by %.2f points" % (100 * worst))


def main(arguments):
    python = support.find_python(arguments[0])
    tests = {"shares": test_shares, "stars": test_stars, "short": test_short, "one-core": test_one_core,
             "crowded": lambda *words: test_one_core(*words, crowded=True)}
    with support.scratch() as folder:
        tests[arguments[1] if len(arguments) > 1 else "shares"](python, folder)


if __name__ == "__main__":
    support.run_test(main)

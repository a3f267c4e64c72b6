# SPDX-License-Identifier: MIT
"""Spends its CPU time in known shares: 50, 30 and 20 parts in three functions, in turns of at least 30 us.

Prints "ready", works for --seconds of CPU time, then writes what its own CPU clock saw as JSON: the share of each
function and the mean length of its turns. Runs on Python 2.7 and 3.
"""
from __future__ import print_function

import argparse
import json
import sys
import time

# CPU clocks: time.clock is the process's CPU time on Linux in Python 2.
cpu_clock = getattr(time, "process_time", None) or time.clock

SHORTEST_TURN = 40e-6  # the smallest phase; above the 30 us that a test may count on


def fifty_parts(count):
    total = 0
    for step in range(count):
        total += step ^ count
    return total


def thirty_parts(count):
    total = 0
    for step in range(count):
        total += step ^ count
    return total


def twenty_parts(count):
    total = 0
    for step in range(count):
        total += step ^ count
    return total


PHASES = ((fifty_parts, 5), (thirty_parts, 3), (twenty_parts, 2))


def steps_for_shortest_turn():
    """How many steps make twenty_parts last SHORTEST_TURN, when warm; and what finding out took in twenty_parts."""
    count = 2000
    best = None
    total = 0.0
    for _ in range(50):
        begin = cpu_clock()
        for _ in range(10):
            twenty_parts(count)
        spent = cpu_clock() - begin
        total += spent
        best = spent / 10 if best is None else min(best, spent / 10)
    return max(int(count * SHORTEST_TURN / best), 20), total


def clock_call():
    """What lies between two readings of the clock, one right after the other: it is in each phase's time, but not in the phase."""
    count = 2000
    begin = cpu_clock()
    for _ in range(count):
        cpu_clock()
    return (cpu_clock() - begin) / (count + 1)


def work(seconds, unit):
    spent = [0.0, 0.0, 0.0]
    turns = 0
    end = cpu_clock() + seconds
    while cpu_clock() < end:
        for index, (phase, parts) in enumerate(PHASES):
            begin = cpu_clock()
            phase(unit * parts)
            spent[index] += cpu_clock() - begin
        turns += 1
    reading = turns * clock_call()
    return [part - reading for part in spent], turns


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--report", help="file for the JSON; default is standard output")
    options = parser.parse_args()
    steps, beforehand = steps_for_shortest_turn()
    unit = (steps + 1) // 2
    print("ready")
    sys.stdout.flush()
    spent, turns = work(options.seconds, unit)
    total = sum(spent)
    report = {
        "cpu_seconds": total,
        "cpu_seconds_with_calibration": total + beforehand,
        "turns": turns,
        "shares": dict((phase.__name__, part / total) for (phase, _), part in zip(PHASES, spent)),
        "turn_us": dict((phase.__name__, 1e6 * part / turns) for (phase, _), part in zip(PHASES, spent)),
    }
    text = json.dumps(report, indent=2, sort_keys=True)
    if options.report:
        with open(options.report, "w") as file:
            file.write(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""phases.py [VERSION...]: shares of functions that alternate in short phases, read without stopping and with --blocking.

The target (tests/targets/phases.py) has a period of about 3, 1 and 0.5 us. Printed are the share of `inline` among the samples
of the working functions and the share of `main`'s pause among all, for both ways of sampling, and the differences in points.
LAMPYR names the lampyr to measure. Needs two processors, one for the target and one for lampyr, and a machine that is quiet.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "live"))

import support  # noqa: E402

SECONDS = 5
RATE = 2000
PROGRAMS = ((120, 45, 15), (40, 15, 5), (15, 5, 30))  # turns of `inline`, calls of `calling`, turns of the pause
VERSIONS = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.15")


def shares(stacks):
    counts = {"inline": 0, "calling": 0, "nothing": 0}
    total = 0
    for labels, count in stacks:
        leaf = support.frames_of(labels)[-1].name
        if leaf in counts:
            counts[leaf] += count
        total += count
    working = sum(counts.values())
    return counts["inline"] / working, 1 - working / total


def measure(python, program):
    result = []
    with support.scratch() as folder, support.Victim(python, "phases.py", *program, cpu=0) as victim:
        for way in ("--nonblocking", "--blocking"):
            stacks, _, _ = support.record_raw(folder, "-p", victim.pid, "-d", SECONDS, "-r", RATE, way,
                                              preexec_fn=support.pinned(1))
            result.append(shares(stacks))
        return victim.report["period_ns"], result


def main():
    print("| version | period | inline: read | stopped | points | pause: read | stopped | points |")
    print("|---|---|---|---|---|---|---|---|")
    for version in sys.argv[1:] or VERSIONS:
        python = support.find_python(version)
        for program in PROGRAMS:
            period, ((inline, pause), (inline_stopped, pause_stopped)) = measure(python, program)
            print("| %s | %.2f us | %.1f %% | %.1f %% | %+.1f | %.1f %% | %.1f %% | %+.1f |" % (
                version, period / 1000, 100 * inline, 100 * inline_stopped, 100 * (inline - inline_stopped),
                100 * pause, 100 * pause_stopped, 100 * (pause - pause_stopped)), flush=True)


if __name__ == "__main__":
    main()

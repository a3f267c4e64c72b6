#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lines.py VERSION: the line of every frame, whatever kind of call it is in the middle of.

tests/targets/call_positions.py parks a thread in each place of a statement where a call can stand. `lampyr dump` must give
every frame the line that the interpreter gives it.
"""
import support
from matrix import compare_dump
from support import check

FEWEST_POSITIONS = 200


def main(arguments):
    python = support.find_python(arguments[0])
    with support.Victim(python, "call_positions.py") as victim:
        run = support.lampyr_ok("dump", "-p", victim.pid, "--full-filenames")
        report = victim.report
    positions = len(report["threads"]) - 1  # without the main thread
    check(positions >= FEWEST_POSITIONS, "only %d positions" % positions)
    problems = compare_dump(support.parse_dump(run.out), report)
    print("%d positions checked, %d frames" % (positions, sum(len(t["frames"]) for t in report["threads"])))
    check(not problems, "%d of %d positions differ:\n  %s" % (len(problems), positions, "\n  ".join(problems[:20])))


if __name__ == "__main__":
    support.run_test(main)

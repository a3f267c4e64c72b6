# SPDX-License-Identifier: MIT
"""Alternates between two functions in short phases: `inline` loops, `calling` calls `nothing` in a loop, then a pause in `main`.

    phases.py --report FD INLINE_TURNS CALLS PAUSE_TURNS

Says its period in nanoseconds, then works until standard input closes. Runs on Python 2.7 and 3.
"""
import json
import os
import sys
import threading
import time


def nothing():
    return 1


def inline(turns):
    for _ in range(turns):
        pass


def calling(calls):
    for _ in range(calls):
        nothing()


def rounds(count, turns, calls, pause):
    for _ in range(count):
        inline(turns)
        calling(calls)
        for _ in range(pause):
            pass


def end_with_input():
    os.read(0, 1)
    os._exit(0)


def main():
    at = sys.argv.index("--report")
    report = int(sys.argv[at + 1])
    turns, calls, pause = [int(word) for word in sys.argv[at + 2:]]
    watcher = threading.Thread(target=end_with_input)
    watcher.daemon = True
    watcher.start()
    rounds(3000, turns, calls, pause)
    begin = time.time()
    rounds(3000, turns, calls, pause)
    os.write(report, json.dumps({"period_ns": (time.time() - begin) / 3000 * 1e9}).encode() + b"\n")
    while True:
        rounds(3000, turns, calls, pause)


if __name__ == "__main__":
    main()

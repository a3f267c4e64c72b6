#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lampyr beside its peers"""
import argparse
import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from comparison import cost  # noqa: E402
from comparison.machine import facts, support  # noqa: E402
from comparison.peers import PEERS, Peers  # noqa: E402
from comparison.plan import Plan  # noqa: E402

CELLS = {"depth": cost.depth, "threads": cost.threads, "programs": cost.programs}


class Bench:
    """What all cells share: who is compared, how much, and what came out so far."""

    def __init__(self, options, scratch):
        self.plan = Plan(options.quick, options.everywhere)
        self.repeats = options.repeats or (2 if options.quick else 5)
        self.pythons = [support.find_python(version) for version in options.pythons.split(",")]
        self.scratch, self.rows = scratch, []
        self.peers = Peers(options.lampyr, [name for name in options.peers.split(",") if name])

    def say(self, text):
        print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", default=",".join(CELLS))
    parser.add_argument("--pythons", default="3.8,3.11,3.13,3.15")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--everywhere", action="store_true")
    parser.add_argument("--lampyr", default=os.environ.get("LAMPYR"))
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lampyr-bench-", dir="/dev/shm") as scratch:
        bench = Bench(options, scratch)
        for name in options.cells.split(","):
            CELLS[name](bench)
    print(time.monotonic() - begin)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures lampyr beside the other profilers of running Python programs, all in one run, and prints ratios.

  python3 tests/bench/compare.py                              everything, about half an hour on two processors
  python3 tests/bench/compare.py --quick --cells depth        a first impression in a minute or two
  python3 tests/bench/compare.py --cells threads --pythons 3.13 --peers austin --repeats 3
  python3 tests/bench/compare.py --cells slowdown --out DIR   report.md, figures.json and pictures into DIR

Before: cmake --preset release && cmake --build --preset release
        tests/bench/peers                                     installs the peers into ~/.cache/lampyr/peers
        tools/pythons 3.11 3.13 3.15                          interpreters that this machine lacks
"""
import argparse
import os
import shlex
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from comparison import accuracy, cost, dump, goals, report, slowdown  # noqa: E402
from comparison.machine import facts, support  # noqa: E402
from comparison.peers import PEERS, Peers  # noqa: E402
from comparison.plan import Plan  # noqa: E402

CELLS = {"depth": cost.depth, "threads": cost.threads, "programs": cost.programs, "slowdown": slowdown.slowdown,
         "truth": accuracy.truth, "shares": accuracy.shares, "memory": cost.memory, "dump": dump.dump}

MORE = """cells:
  depth     samples a processor-second of one call-heavy thread, 5 to 5000 frames deep: flat out (a rate of 1,000,000 is
            asked, each does what it can), and at 100 Hz, 1 and 10 kHz what is kept of the rate and the share of a core
  threads   the same for 1 to 1000 threads, 20 deep, one busy or ten; a sample is a sweep of all threads
  programs  the same for an asyncio program, a thread pool, a number cruncher, and a web server under load
  slowdown  work the target loses, with free windows between and a control without a profiler; tells 0.5 % on a quiet machine
  truth     stacks that the target's source rules out (tests/targets/torture.py)
  shares    shares of functions against the target's own clock, and of short phases against lampyr --blocking
  memory    peak memory of a recording at 1 kHz
  dump      time and peak memory of one look at a program, and time until a recording has its first sample

how it is measured:
  The target has one processor, the profilers another. The profilers take turns on the same target, so that a ratio is of
  runs next to each other; shown are the median and the range of the repeats. A profiler's processor time is what the
  kernel counted for its process (wait4), its peak memory what `time` says; a short run is taken off a long one, so that
  starting and writing do not count. All read every thread, waiting or not. A row "none" is a profiler that took no
  sample there. As root, targets and profilers come before all other work on the machine; else it must be quiet.

environment:
  LAMPYR          the lampyr to measure; default is the release build of this tree
  LAMPYR_PEERS    where tests/bench/peers installed; default ~/.cache/lampyr/peers
"""


class Bench:
    """What all cells share: who is compared, how much, and what came out so far."""

    def __init__(self, options, scratch):
        self.plan = Plan(options.quick, options.everywhere, options.repeats, options.turns)
        self.scratch = scratch
        self.facts = facts()
        self.pythons = []
        for version in options.pythons.split(","):
            try:
                self.pythons.append(support.find_python(version))
            except support.Skip as why:
                self.say("absent: %s" % why)
                self.facts.append(("absent", str(why)))
        self.rows, self.slowdowns, self.truths, self.shares, self.dumps, self.memories = [], [], [], [], [], []
        self.peers = Peers(options.lampyr, [name for name in options.peers.split(",") if name])

    def say(self, text):
        print(text, flush=True)

    def introduce(self):
        for name, value in self.facts + self.peers.versions:
            self.say("%s: %s" % (name, value))
        for name in self.peers.absent:
            self.say("absent: %s" % name)


def arguments():
    release = os.path.join(support.ROOT, "build", "release", "tools", "lampyr", "lampyr")
    parser = argparse.ArgumentParser(description=__doc__, epilog=MORE, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", metavar="NAMES", default=",".join(CELLS), help="of those below; default all")
    parser.add_argument("--pythons", metavar="VERSIONS", default="3.8,3.11,3.13,3.15", help="default %(default)s")
    parser.add_argument("--peers", metavar="NAMES", default=",".join(PEERS), help="default %(default)s; \"\" for lampyr alone")
    parser.add_argument("--repeats", metavar="N", type=int,
                        help="of each measurement flat out, at fixed rates fewer; default 5, with --quick 2")
    parser.add_argument("--turns", metavar="N", type=int, help="of each profiler in `slowdown`; default 12, with --quick 4")
    parser.add_argument("--quick", action="store_true", help="fewer sizes, shorter runs")
    parser.add_argument("--everywhere", action="store_true", help="all sizes with every Python, not only with 3.13 and 3.15")
    parser.add_argument("--lampyr", metavar="FILE", default=os.environ.get("LAMPYR") or release, help="default %(default)s")
    parser.add_argument("--out", metavar="DIR", help="write report.md, figures.json and pictures there")
    options = parser.parse_args()
    unknown = [name for name in options.cells.split(",") if name not in CELLS] + [
        name for name in options.peers.split(",") if name and name not in PEERS]
    if unknown:
        parser.error("no such cell or peer: %s; cells are %s, peers %s" % tuple(map(", ".join, (unknown, CELLS, PEERS))))
    if not os.access(options.lampyr, os.X_OK):
        parser.error("no lampyr at %s; build it: cmake --preset release && cmake --build --preset release" % options.lampyr)
    return options


def measure(bench, options, command):
    """Cell by cell; what is measured so far is written after each, so that Ctrl-C loses one cell at most."""
    bench.introduce()
    for name in options.cells.split(","):
        CELLS[name](bench)
        if options.out:
            report.write(bench, options.out, command)


def conclude(bench, options):
    for peer, version, words in bench.peers.refusals:
        bench.say("%s cannot read Python %s: %s" % (peer, version, words))
    if options.out:
        bench.say("written: %s" % os.path.join(options.out, "report.md"))
    for line in report.slope_text(bench):
        bench.say(line)
    for goal in goals.judged(bench):
        bench.say("%-14s %s: %s" % (goal.verdict, goal.text, goal.measured))


def main():
    options = arguments()
    command = " ".join(["python3 tests/bench/compare.py"] + [shlex.quote(word) for word in sys.argv[1:]])
    begin = time.monotonic()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # writing profiles should cost all the same little
    with tempfile.TemporaryDirectory(prefix="lampyr-bench-", dir=memory) as scratch:
        bench = Bench(options, scratch)
        try:
            measure(bench, options, command)
        except KeyboardInterrupt:
            bench.say("ended by Ctrl-C; what follows is of the cells before")
        except support.Failure as failure:
            sys.exit("compare.py: %s" % failure)
    conclude(bench, options)
    bench.say("%.0f s" % (time.monotonic() - begin))


if __name__ == "__main__":
    main()

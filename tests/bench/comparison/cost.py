# SPDX-License-Identifier: MIT
"""What a sample costs: profilers take turns on one live target, a long run and a short one each.

Start, attaching and writing the profile are in both runs, so that the difference of the two is sampling alone: samples a
processor-second, rate, share of a core.
"""
import dataclasses
import tempfile

from .numbers import Spread, ratios, short_spread
from .tools import FLAT_OUT
from .targets import Target

FEWEST = 3  # samples that a long run must have more than a short one


@dataclasses.dataclass
class Row:
    """One tool on one target at one rate; a value a repeat."""
    cell: str
    python: str
    target: str
    size: int       # depth or threads, for the slopes
    rate: int
    tool: str
    peer: str
    per_cpu_second: list = dataclasses.field(default_factory=list)
    got_hz: list = dataclasses.field(default_factory=list)
    core_share: list = dataclasses.field(default_factory=list)
    peak_kib: list = dataclasses.field(default_factory=list)
    lost_share: list = dataclasses.field(default_factory=list)
    start_cpu: list = dataclasses.field(default_factory=list)

    @property
    def microseconds(self):
        """Processor time of one sweep."""
        return 1e6 / Spread(self.per_cpu_second).median

    def add(self, long, start):
        """`start` is the median short run: (samples, cpu, wall)."""
        samples, cpu, wall = long.sweeps - start[0], long.usage.cpu - start[1], long.usage.wall - start[2]
        enough = samples >= FEWEST and cpu > 0
        self.per_cpu_second.append(samples / cpu if enough else None)
        self.got_hz.append(samples / wall if enough else None)
        self.core_share.append(cpu / wall)
        self.peak_kib.append(long.usage.peak_kib)
        self.lost_share.append(long.lost / max(1.0, long.sweeps + (long.lost if self.peer else 0)))
        self.start_cpu.append(start[1])


def compare(bench, cell, target, label, size, rate, tools):
    """Rows for all `tools` on a running target, in `tools`' order. Repeat by repeat each has its turn, another first each time."""
    rows = {tool.name: Row(cell, target.python.version, label, size, rate, tool.name, tool.peer) for tool in tools}
    long, short = bench.plan.seconds(rate)
    runs = {tool.name: ([], []) for tool in tools}
    with tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
        for repeat in range(bench.repeats):
            first = repeat % len(tools)
            for tool in tools[first:] + tools[:first]:
                for seconds, kept in zip((long, short), runs[tool.name]):
                    kept.append(tool.record(target, rate, seconds, folder))
    for name, (longs, shorts) in runs.items():
        start = [Spread(values).median for values in zip(*((run.sweeps, run.usage.cpu, run.usage.wall) for run in shorts))]
        for taken in longs:
            rows[name].add(taken, start)
    bench.rows += rows.values()
    show(bench, list(rows.values()))
    return rows


def show(bench, rows):
    own = rows[0]
    for row in rows:
        against = ""
        if row.peer:
            against = "  lampyr is %s x" % ratios(own.per_cpu_second, row.per_cpu_second).text("{:.2f}")
        bench.say("%-8s %-5s %-22s %-9s %-29s %s a CPU s, %s Hz%s" % (
            row.cell, row.python, row.target, "flat out" if row.rate == FLAT_OUT else "%d Hz" % row.rate, row.tool,
            short_spread(Spread(row.per_cpu_second)), short_spread(Spread(row.got_hz)), against))


def depth(bench):
    for python in bench.pythons:
        tools = bench.peers.reading(python)
        for size in bench.plan.depths(python):
            with Target(python, "bench_depth.py", size) as target:
                own = [bench.peers.lampyr, bench.peers.on_cpu]
                compare(bench, "depth", target, "depth %d" % size, size, FLAT_OUT, own + tools[1:])
                for rate in bench.plan.depth_rates(python, size):
                    compare(bench, "depth", target, "depth %d" % size, size, rate, own + tools[1:])


def threads(bench):
    for python in bench.pythons:
        tools = bench.peers.reading(python)
        for size, busy in bench.plan.threads(python):
            label = "%d threads, %d busy" % (size, busy)
            with Target(python, "bench_threads.py", size, busy) as target:
                compare(bench, "threads", target, label, size, FLAT_OUT, tools)
                for rate in bench.plan.thread_rates(size, busy):
                    compare(bench, "threads", target, label, size, rate, tools)


def programs(bench):
    for python in bench.pythons:
        tools = bench.peers.reading(python)
        for name in bench.plan.programs(python):
            with Target(python, "bench_programs.py", name) as target:
                for rate in (FLAT_OUT, 1000):
                    compare(bench, "programs", target, name, 0, rate, tools)

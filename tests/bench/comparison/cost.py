# SPDX-License-Identifier: MIT
"""What a sample costs: profilers take turns on one live target, a long run and a short one each.

Start, attaching and writing the profile are in both runs, so that the difference of the two is sampling alone: samples a
processor-second, rate, share of a core.
"""
import dataclasses
import tempfile

from .machine import support
from .numbers import Spread, line, ratios, short_spread
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
    notes: list = dataclasses.field(default_factory=list)

    @property
    def microseconds(self):
        """Processor time of one sweep."""
        return 1e6 / Spread(self.per_cpu_second).median

    def add(self, long, start, asked):
        """`start` is the median short run: (samples, cpu, seconds); the long one was to be `asked` seconds longer."""
        samples, cpu = long.sweeps - start[0], long.usage.cpu - start[1]
        wall = sampled(long) - start[2]
        if long.seconds is None or wall <= 0:
            wall = max(asked, wall)  # more where a sample takes long to end
        enough = samples >= FEWEST and cpu > 0
        self.per_cpu_second.append(samples / cpu if enough else None)
        self.got_hz.append(samples / wall if enough else None)
        self.core_share.append(cpu / wall)
        self.peak_kib.append(long.usage.peak_kib)
        self.lost_share.append(long.lost / max(1.0, long.sweeps + (long.lost if self.peer else 0)))
        self.start_cpu.append(start[1])


def sampled(taken):
    """Seconds of a run in which samples were taken, or all of it: of two runs the difference counts."""
    return taken.usage.wall if taken.seconds is None else taken.seconds


def compare(bench, cell, target, label, size, rate, tools):
    """Rows for all `tools` on a running target. In each repeat each has its turn, another first each time."""
    rows = {tool.name: Row(cell, target.python.version, label, size, rate, tool.name, tool.peer) for tool in tools}
    runs = {tool.name: Runs(tool, *bench.plan.seconds(rate)) for tool in tools}
    with tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
        for repeat in range(bench.plan.repeats(cell, rate)):
            first = repeat % len(tools)
            for tool in tools[first:] + tools[:first]:
                runs[tool.name].repeat(target, rate, folder)
    for name, of_tool in runs.items():
        of_tool.fill(rows[name])
    bench.rows += rows.values()
    show(bench, list(rows.values()))
    return rows


class Runs:
    """The runs of one tool. One that takes hardly a sample is given more time, and given up when it takes none then."""

    STRETCH = 5

    def __init__(self, tool, long, short):
        self.tool, self.seconds = tool, (long, short)
        self.longs, self.shorts = [], []
        self.given_up = None

    def repeat(self, target, rate, folder):
        if self.given_up:
            return
        short = self.tool.record(target, rate, self.seconds[1], folder)
        long = self.tool.record(target, rate, self.seconds[0], folder)
        if not self.longs and long.sweeps - short.sweeps < FEWEST:
            if long.sweeps or self.may_be_slow(target):
                self.seconds = (self.STRETCH * self.seconds[0], self.seconds[1])
                long = self.tool.record(target, rate, self.seconds[0], folder)
            if long.sweeps - short.sweeps < FEWEST:
                self.given_up = "%s took %d samples in %.1f s: %s" % (
                    self.tool.name, long.sweeps, long.usage.wall, long.usage.last_words)
                return
        self.shorts.append(short)
        self.longs.append(long)

    def may_be_slow(self, target):
        return len(support.threads_of(target.pid)) > 1

    def fill(self, row):
        if self.given_up:
            row.notes.append(self.given_up)
            return
        start = [Spread(values).median for values in zip(*((run.sweeps, run.usage.cpu, sampled(run))
                                                           for run in self.shorts))]
        for taken in self.longs:
            row.add(taken, start, self.seconds[0] - self.seconds[1])
            if row.per_cpu_second[-1] is None:
                row.notes.append("%s took %d samples in %.1f s, %d in %.1f s (ended with %d: %s)" % (
                    self.tool.name, taken.sweeps, taken.usage.wall, start[0], start[2], taken.usage.status,
                    taken.usage.last_words))


def show(bench, rows):
    own = rows[0]
    for row in rows:
        against = ""
        if row.peer:
            against = "  lampyr is %s x" % ratios(own.per_cpu_second, row.per_cpu_second).text("{:.2f}")
        bench.say("%-8s %-5s %-22s %-9s %-29s %s a CPU s, %s Hz%s" % (
            row.cell, row.python, row.target, "flat out" if row.rate == FLAT_OUT else "%d Hz" % row.rate, row.tool,
            short_spread(Spread(row.per_cpu_second)), short_spread(Spread(row.got_hz)), against))
        for note in row.notes:
            bench.say("         note: %s" % note)


def depth(bench):
    for python in bench.pythons:
        tools = bench.peers.reading(python)
        for size in bench.plan.depths(python):
            with Target(python, "bench_depth.py", size) as target:
                own = [bench.peers.lampyr] + ([bench.peers.on_cpu] if size == 20 else [])
                for rate in (FLAT_OUT, *bench.plan.depth_rates(python, size)):
                    compare(bench, "depth", target, "depth %d" % size, size, rate, own + tools[1:])


def threads(bench):
    for python in bench.pythons:
        tools = bench.peers.reading(python)
        for size, busy in bench.plan.threads(python):
            label = "%d threads, %d busy" % (size, busy)
            with Target(python, "bench_threads.py", size, busy) as target:
                for rate in (FLAT_OUT, *bench.plan.thread_rates(size, busy)):
                    compare(bench, "threads", target, label, size, rate, tools)


def programs(bench):
    for python in bench.pythons:
        tools = bench.peers.reading(python)
        for name in bench.plan.programs(python):
            with Target(python, "bench_programs.py", name) as target:
                for rate in bench.plan.program_rates(name):
                    compare(bench, "programs", target, name, 0, rate, tools)


def memory(bench):
    """Peak memory after a longer run; no ratios of time are taken from it."""
    for python in bench.pythons:
        if not bench.plan.whole(python):
            continue
        for label, script, *arguments in (("depth 500", "bench_depth.py", 500),
                                          ("300 threads, 1 busy", "bench_threads.py", 300, 1),
                                          ("asyncio", "bench_programs.py", "asyncio")):
            with Target(python, script, *arguments) as target, tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
                for tool in bench.peers.reading(python):
                    taken = tool.record(target, 1000, bench.plan.memory_seconds, folder)
                    bench.memories.append((python.version, label, tool.name, tool.peer, taken.usage.peak_kib))
                    bench.say("memory   %-5s %-22s %-30s %.1f MB" % (python.version, label, tool.name,
                                                                   (taken.usage.peak_kib or 0) / 1024))


def slopes(rows, tool, cell, wanted):
    """(python, microseconds a unit of size, microseconds at size 0) by a straight line through the sizes that were measured."""
    found = []
    for python in dict.fromkeys(row.python for row in rows):
        points = [(row.size, row.microseconds) for row in rows if (row.cell, row.python, row.tool, row.rate) == (
            cell, python, tool, FLAT_OUT) and wanted(row) and Spread(row.per_cpu_second)]
        if len(points) >= 2:
            found.append((python, *line(points)))
    return found


def per_frame(rows, tool):
    return slopes(rows, tool, "depth", lambda row: True)


def per_thread(rows, tool):
    return slopes(rows, tool, "threads", lambda row: row.target.endswith(" 1 busy"))

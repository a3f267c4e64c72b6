# SPDX-License-Identifier: MIT
"""One look at a small program, and how soon a recording has its first sample: time from start and peak memory.

Each is a process started anew, its files in the page cache. `true`, started the same way, shows what starting alone takes.
"""
import dataclasses
import tempfile

from .machine import run
from .numbers import Spread
from .targets import Target
from .tools import Austin, Profiling, ProfilingBlocking, PySpyNonblocking

SHORTEST = 0.01  # seconds of a recording


@dataclasses.dataclass
class Dump:
    python: str
    what: str
    tool: str
    peer: str
    seconds: list = dataclasses.field(default_factory=list)
    peak_kib: list = dataclasses.field(default_factory=list)
    ready: list = dataclasses.field(default_factory=list)
    failures: list = dataclasses.field(default_factory=list)


def dump_words(tool, pid):
    if isinstance(tool, Profiling):
        return [tool.path, "-m", "profiling.sampling", "dump", "-a", str(pid)]
    if isinstance(tool, Austin):
        return [tool.path, "-w", str(pid)]
    return [tool.path, "dump", "-p", str(pid)]


def take(words, folder, into, ready=None, less=0.0):
    usage = run(words, folder, ready=ready)
    if usage.status:
        into.failures.append(usage.last_words)
        return
    into.seconds.append(usage.wall - less)
    into.peak_kib.append(usage.peak_kib)
    if usage.ready_after is not None:
        into.ready.append(usage.ready_after)


def show(bench, result):
    words = result.tool + (": " + result.what if result.what != "dump" else "")
    extra = ", says it records after %s ms" % Spread(result.ready).text("{:.1f}", 1e3) if result.ready else ""
    if result.failures:
        extra += ", failed %d times: %s" % (len(result.failures), result.failures[0])
    bench.say("%-8s %-5s %-30s %s ms, %s MB%s" % ("dump", result.python, words, Spread(result.seconds).text("{:.1f}", 1e3),
                                                 Spread(result.peak_kib).text("{:.1f}", 1 / 1024), extra))


def dump(bench):
    for python in bench.pythons:
        tools = [tool for tool in bench.peers.reading(python) if not isinstance(tool, (ProfilingBlocking, PySpyNonblocking))]
        dumps = [Dump(python.version, "dump", tool.name, tool.peer) for tool in tools]
        first = Dump(python.version, "first sample", bench.peers.lampyr.name, "")
        nothing = Dump(python.version, "nothing", "true", "")
        with Target(python, "bench_depth.py", 20) as target, tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
            for _ in range(bench.plan.dumps):
                take(["true"], folder, nothing)
                for tool, into in zip(tools, dumps):
                    take(dump_words(tool, target.pid), folder, into)
                own = bench.peers.lampyr
                take(own.words(target.pid, 1000, SHORTEST, folder + "/profile"), folder, first, own.start_text, SHORTEST)
        for result in [nothing] + dumps + [first]:
            show(bench, result)
        bench.dumps += [nothing] + dumps + [first]

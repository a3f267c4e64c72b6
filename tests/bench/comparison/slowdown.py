# SPDX-License-Identifier: MIT
"""What sampling costs the target: work it does in windows with a profiler, against the windows before and after.

One target process has the first processor, if allowed at real-time priority. It counts its work by its own clock, so a
window ends at a count and not in between. Profilers take turns; between any two is a free window, so that drift of the
machine's speed cancels. A control with no profiler shows what the method itself can tell apart.
"""
import dataclasses
import math
import tempfile
import time

from .machine import Program, busy_seconds, support
from .numbers import middle_and_error
from .targets import Meter, Target
from .tools import Austin, Profiling, PySpy

WINDOW = 1.0   # seconds: the kernel gives ordinary work its share of a real-time processor about once in this time
SETTLE = 0.15  # after the profiler says that it samples


@dataclasses.dataclass
class Slowdown:
    python: str
    target: str
    tool: str
    peer: str
    rate: int
    wall: list = dataclasses.field(default_factory=list)  # a share of the work lost, one for each turn
    net: list = dataclasses.field(default_factory=list)   # the same, when time in the run queue is not counted

    def text(self, values):
        middle, error = middle_and_error(values)
        return "%+.2f %% ± %.2f" % (100 * middle, 100 * error)

    @property
    def bound(self):
        """(loss, standard error) that the goals are judged by: the whole loss where threads queue for one processor, because
        those that stop and start push the busy one aside; else what is left when waiting is not counted."""
        return middle_and_error(self.wall if "threads" in self.target else self.net)


class Window:
    """Work a second of a stretch of time; `wall` of all of it, `net` of the part in which the target did not queue."""

    def __init__(self, begin, end):
        done, took = end.done - begin.done, end.at - begin.at
        self.wall, self.net = done / took, done / (took - (end.waited - begin.waited))


def window(meter):
    begin = meter.read()
    time.sleep(WINDOW)
    return Window(begin, meter.read())


def profiled(tool, rate, target, meter, folder):
    """A window under a profiler; None as tool is the control."""
    if tool is None:
        time.sleep(2 * SETTLE)
        return window(meter)
    words = tool.words(target.pid, rate, 60, folder + "/profile")
    with Program(words, folder, tool.start_text) as program:
        program.wait(time.monotonic() + (20 if tool.start_text else tool.seconds_to_start))
        program.wait(time.monotonic() + SETTLE)
        support.check(program.open_ends, "%s ended at once" % tool.name)
        found = window(meter)
        program.interrupt()
        program.finish()
    return found


def measure(bench, target, label, cases):
    results = [Slowdown(target.python.version, label, tool.name if tool else "no profiler (control)",
                        tool.peer if tool else "", rate) for tool, rate in cases]
    meter = Meter(target)
    window(meter)  # warm
    with tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
        free = window(meter)
        began, busy = time.monotonic(), busy_seconds()
        for turn in range(bench.plan.slowdown_turns):
            for at in sorted(range(len(cases)), key=lambda index: (index + turn) % len(cases)):
                under = profiled(*cases[at], target, meter, folder)
                target.check_alive()
                after = window(meter)
                for kind in ("wall", "net"):
                    before, during, then = (getattr(one, kind) for one in (free, under, after))
                    getattr(results[at], kind).append(1 - 2 * during / (before + then))
                free = after
    load = (busy_seconds() - busy) / (time.monotonic() - began)
    bench.say("slowdown %-5s %-22s both processors were busy %.0f %% of the time" % (target.python.version, label, 50 * load))
    for result in results:
        bench.say("slowdown %-5s %-22s %5d Hz %-23s work lost %s, run queue left out %s" % (
            result.python, result.target, result.rate, result.tool, result.text(result.wall), result.text(result.net)))
    bench.slowdowns += results


def slowdown(bench):
    for python in bench.plan.slowdown_pythons(bench.pythons):
        reading = {type(tool): tool for tool in bench.peers.reading(python)}
        own = bench.peers.lampyr
        cases = [(None, 0), (own, 1000), (own, 10000)]
        if PySpy in reading:
            cases += [(reading[PySpy], 100), (reading[PySpy], 1000)]
        cases += [(reading[kind], rate) for kind in (Austin, Profiling) if kind in reading
                  for rate in bench.plan.slowdown_peer_rates]
        with Target(python, "bench_depth.py", 20, fifo=True) as target:
            measure(bench, target, "depth 20", cases)
        cases = [(None, 0), (own, 100)] + ([(reading[PySpy], 100)] if PySpy in reading else [])
        with Target(python, "bench_threads.py", 150, 1, fifo=True) as target:
            target.put_others_first()
            measure(bench, target, "150 threads, 1 busy", cases)


def resolution(results):
    """The smallest loss that is told from none at two standard errors."""
    errors = [2 * result.bound[1] for result in results]
    return max((error for error in errors if not math.isnan(error)), default=math.nan)

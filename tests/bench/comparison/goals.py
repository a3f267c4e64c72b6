# SPDX-License-Identifier: MIT
"""What lampyr is meant to reach, and whether the figures of this run say that it does."""
import dataclasses
import math

from .cost import FLAT_OUT, per_frame, per_thread
from .numbers import Spread, ratios, short
from .slowdown import Slowdown
from .tools import Lampyr, LampyrOnCpu

NOT_MEASURED, MET, NOT_MET, NOT_TOLD = "not measured", "met", "not met", "not told apart"


@dataclasses.dataclass
class Goal:
    text: str
    measured: str = "–"
    verdict: str = NOT_MEASURED


def judge(text, values, met, show):
    """`values` are (value, where), the worst first; it is shown, and the goal is met when `met` holds for all."""
    values = [(value, where) for value, where in values if not math.isnan(value)]
    if not values:
        return Goal(text)
    missed = [entry for entry in values if not met(entry[0])]
    value, where = (missed or values)[0]
    extra = " and %d more" % (len(missed) - 1) if len(missed) > 1 else ""
    return Goal(text, "%s (%s%s)" % (show(value), where, extra), NOT_MET if missed else MET)


def at_least(text, limit, values, show="{:.2f} x".format):
    return judge(text, sorted(values), lambda value: value >= limit, show)


def at_most(text, limit, values, show):
    return judge(text, sorted(values, reverse=True), lambda value: value <= limit, show)


def where(row):
    return "%s, %s, %s" % (row.python, row.target, "flat out" if row.rate == FLAT_OUT else "%d Hz" % row.rate)


def against_peers(bench, wanted=lambda row: True, peer=lambda row: True):
    """(median ratio, where) of lampyr to each peer in each cell."""
    found = []
    for own in bench.rows:
        if own.tool != Lampyr.name or not wanted(own):
            continue
        for row in bench.rows:
            if row.peer and peer(row) and (row.cell, row.python, row.target, row.rate) == (
                    own.cell, own.python, own.target, own.rate):
                found.append((ratios(own.per_cpu_second, row.per_cpu_second).median, "%s: %s" % (row.tool, where(row))))
    return found


def flat(target):
    return lambda row: row.rate == FLAT_OUT and row.target == target


def own_rows(bench, target, rate, names=(Lampyr.name,)):
    return [row for row in bench.rows if row.tool in names and row.target == target and row.rate == rate]


def cost_goals(bench):
    percent = "{:.2f} %".format
    both = (Lampyr.name, LampyrOnCpu.name)
    return [
        at_least("≥ 3 x the best peer at depth 20", 3, against_peers(bench, flat("depth 20"))),
        at_least("≥ 2.5 x the best peer at depth 500", 2.5, against_peers(bench, flat("depth 500"))),
        at_least("≥ 5 x the best peer with 50 threads", 5, against_peers(bench, flat("50 threads, 1 busy"))),
        at_least("≥ 10 x py-spy in every cell", 10, against_peers(bench, peer=lambda row: row.peer == "py-spy")),
        at_least("never below any peer", 1, against_peers(bench)),
        at_least("≥ 200 k samples/s at depth 20", 200e3,
                 [(Spread(row.got_hz).median, where(row)) for row in own_rows(bench, "depth 20", FLAT_OUT)],
                 lambda value: short(value) + "/s"),
        at_most("≤ 15 ns a frame", 15, [(1e3 * slope, python) for python, slope, _ in per_frame(bench.rows, Lampyr.name)],
                "{:.1f} ns".format),
        at_most("≤ 0.7 µs a 20-deep thread", 0.7,
                [(slope, python) for python, slope, _ in per_thread(bench.rows, Lampyr.name)], "{:.2f} µs".format),
        at_most("own CPU ≤ 1 % of a core at 1 kHz, depth 20", 1,
                [(100 * Spread(row.core_share).median, "%s: %s" % (row.tool, where(row)))
                 for row in own_rows(bench, "depth 20", 1000, both)], percent),
    ]


def loss(text, limit, results):
    """Three answers, as a loss is known to twice its standard error only."""
    if not results:
        return Goal(text)
    goals = []
    for result in results:
        value, error = (100 * part for part in result.bound)
        verdict = MET if value + 2 * error <= limit else NOT_MET if value - 2 * error > limit else NOT_TOLD
        goals.append(Goal(text, "%.2f ± %.2f %% (%s, %s)" % (value, error, result.python, result.target), verdict))
    return max(goals, key=lambda goal: [MET, NOT_TOLD, NOT_MET].index(goal.verdict))


def slowdown_goals(bench):
    def found(tool, rate, threads=False):
        return [result for result in bench.slowdowns if result.tool == tool and result.rate == rate
                and ("threads" in result.target) == threads]
    goals = [loss("target slowed by ≤ 0.5 % at 1 kHz", 0.5, found(Lampyr.name, 1000)),
             loss("target slowed by ≤ 3 % at 10 kHz", 3, found(Lampyr.name, 10000))]
    own, theirs = found(Lampyr.name, 1000), found("py-spy", 1000)
    tenth = "slowed at most a tenth of what py-spy does at 1 kHz"
    goals.append(loss("%s (%.2f %%)" % (tenth, 100 * theirs[0].bound[0]), 10 * theirs[0].bound[0], own)
                 if own and theirs else Goal(tenth))
    goals.append(loss("150 threads at 100 Hz slowed by ≤ 2 %", 2, found(Lampyr.name, 100, threads=True)))
    return goals


def dump_goals(bench):
    def of(what, part, scale):
        return [(scale * Spread(getattr(result, part)).median, result.python)
                for result in bench.dumps if result.tool == Lampyr.name and result.what == what]
    return [at_most("cold dump ≤ 30 ms", 30, of("dump", "seconds", 1e3), "{:.1f} ms".format),
            at_most("cold dump ≤ 20 MB", 20, of("dump", "peak_kib", 1 / 1024), "{:.1f} MB".format),
            at_most("attach to first sample ≤ 100 ms (upper bound: a whole recording of 10 ms, less 10 ms)", 100,
                    of("first sample", "seconds", 1e3), "{:.1f} ms".format)]


def truth_goals(bench):
    rows = [row for row in bench.truths if row.tool == Lampyr.name]
    return [at_most("false stacks among those claimed ≤ 1 in 10,000", 0.01,
                    [(100 * (row.false_calls + row.false_lines) / max(1, row.samples), "%s, %d Hz" % (row.python, row.rate))
                     for row in rows], "{:.3f} %".format)]


def judged(bench):
    return cost_goals(bench) + slowdown_goals(bench) + dump_goals(bench) + truth_goals(bench)

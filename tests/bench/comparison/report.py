# SPDX-License-Identifier: MIT
"""The report: facts of the machine, goals, a table for each cell, and pictures beside it. All figures also as JSON."""
import dataclasses
import datetime
import json
import os

from . import chart, goals
from .cost import per_frame, per_thread
from .numbers import Spread, ratios, short_spread
from .slowdown import resolution
from .tools import FLAT_OUT, Lampyr


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + [
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows] + [""]


def rate_text(rate):
    return "flat out" if rate == FLAT_OUT else "%d Hz" % rate


def cost_table(bench, cell):
    own, found = {}, []
    for row in bench.rows:
        if row.cell == cell and row.tool == Lampyr.name:
            own[row.python, row.target, row.rate] = row
    for row in bench.rows:
        if row.cell != cell:
            continue
        kept = Spread([got / row.rate for got in row.got_hz if got])
        found.append([
            row.python, row.target, rate_text(row.rate), row.tool, short_spread(Spread(row.per_cpu_second)),
            short_spread(Spread(row.got_hz)) + ("" if row.rate == FLAT_OUT or not kept else " (%.0f %%)" % (100 * kept.median)),
            Spread(row.core_share).text("{:.2f}", 100), Spread(row.lost_share).text("{:.2f}", 100),
            Spread(row.start_cpu).text("{:.1f}", 1e3), Spread(row.peak_kib).text("{:.1f}", 1 / 1024),
            ratios(own[row.python, row.target, row.rate].per_cpu_second, row.per_cpu_second).text("{:.2f}")
            if row.peer else ""])
    if not found:
        return []
    notes = ["- Python %s, %s, %s: %s" % (row.python, row.target, rate_text(row.rate), note)
             for row in bench.rows if row.cell == cell for note in row.notes]
    return ["## %s" % cell.capitalize(), ""] + notes + ([""] if notes else []) + table(
        ["Python", "target", "rate", "profiler", "samples a CPU second", "samples a second", "CPU % of a core", "lost %",
         "start and end, CPU ms", "peak MB", "lampyr / it"], found)


def slopes(bench):
    names = list(dict.fromkeys(row.tool for row in bench.rows))
    found = []
    for what, unit, scale, of in (("a frame", "ns", 1e3, per_frame), ("a 20-deep thread", "µs", 1, per_thread)):
        for name in names:
            found += [[what, python, name, "%.3g %s" % (scale * slope, unit), "%.3g µs" % fixed]
                      for python, slope, fixed in of(bench.rows, name)]
    return found


def slope_lines(bench):
    found = slopes(bench)
    return ["## Cost of a sweep as a straight line", ""] + table(["each", "Python", "profiler", "slope", "at size 0"],
                                                                found) if found else []


def slope_text(bench):
    return ["cost of %-17s Python %-5s %-30s %s, %s at size 0" % tuple(row) for row in slopes(bench)]


def slowdown_lines(bench):
    if not bench.slowdowns:
        return []
    lines = ["## Slowdown", "", "Work the target lost, median ± standard error of %d turns (each a window of a second under "
             "the profiler, between two without); losses under about %.2f %% are not told from none." % (
                 len(bench.slowdowns[0].net), 100 * resolution(bench.slowdowns)), ""]
    return lines + table(["Python", "target", "rate", "profiler", "work lost", "waiting for the processor left out"], [
        [one.python, one.target, one.rate or "", one.tool, one.text(one.wall), one.text(one.net)] for one in bench.slowdowns])


def truth_lines(bench):
    if not bench.truths:
        return []
    lines = ["## Stacks that cannot exist", "", "On tests/targets/torture.py; of lampyr the part of each stack that it claims.", ""]
    return lines + table(
        ["Python", "rate", "profiler", "samples", "marked uncertain %", "false calls %", "false lines %"],
        [[one.python, rate_text(one.rate), one.tool, one.samples, "%.2f" % (100 - 100 * one.claimed / max(1, one.samples)),
          "%.3f" % (100 * one.false_calls / max(1, one.samples)), "%.3f" % (100 * one.false_lines / max(1, one.samples))]
         for one in bench.truths])


def share_lines(bench):
    if not bench.shares:
        return []
    lines = ["## Shares", "", "Error in points, against the target's own clock (shares.py) or lampyr --blocking (phases).", ""]
    return lines + table(
        ["Python", "target", "profiler", "samples", "worst error", "seen (true)"],
        [[one.python, one.target, one.tool, one.samples, "%.2f" % one.worst,
          ", ".join("%s %.1f (%.1f)" % (name, 100 * seen, 100 * true) for name, (seen, true) in one.names.items())]
         for one in bench.shares])


def dump_lines(bench):
    lines = []
    if bench.dumps:
        lines += ["## Dump, and the first sample", ""] + table(
            ["Python", "what", "profiler", "ms", "peak MB", "failed"],
            [[one.python, one.what, one.tool, Spread(one.seconds).text("{:.1f}", 1e3),
              Spread(one.peak_kib).text("{:.1f}", 1 / 1024), len(one.failures)] for one in bench.dumps])
    if bench.memories:
        lines += ["## Peak memory of a recording at 1 kHz", ""] + table(
            ["Python", "target", "profiler", "MB"],
            [[python, target, tool, "%.1f" % ((peak or 0) / 1024)] for python, target, tool, _, peak in bench.memories])
    return lines


def goal_lines(found):
    return table(["goal", "measured (the worst)", ""], [[goal.text, goal.measured, goal.verdict] for goal in found])


def pictures(bench):
    names = list(dict.fromkeys(row.tool for row in bench.rows))
    made = {}
    for cell, unit, axis in (("depth", "frames", "depth"), ("threads", "threads", "threads")):
        for python in dict.fromkeys(row.python for row in bench.rows):
            series = [(name, names.index(name), [(row.size, row.microseconds) for row in bench.rows if (
                row.cell, row.python, row.tool, row.rate) == (cell, python, name, FLAT_OUT) and Spread(row.per_cpu_second)
                and " 10 busy" not in row.target]) for name in names]
            made["%s-%s.svg" % (cell, python)] = chart.lines("Processor time of one sweep, Python %s, microseconds" % python,
                                                             [one for one in series if one[2]], axis, "")
    entries = []
    for own in bench.rows:
        if own.tool == Lampyr.name and own.rate == FLAT_OUT:
            entries.append(("Python %s, %s" % (own.python, own.target),))
            entries += [(row.tool, names.index(row.tool), ratios(own.per_cpu_second, row.per_cpu_second).median)
                        for row in bench.rows if row.peer and (row.cell, row.python, row.target, row.rate) == (
                            own.cell, own.python, own.target, own.rate) and Spread(row.per_cpu_second)]
    made["ratios.svg"] = chart.bars("Samples a CPU second: lampyr over each peer, flat out", entries, "x", mark=1)
    entries = [("%s %d Hz, %s" % (one.tool, one.rate, one.target), 0 if not one.peer else 1, 100 * max(0.0, one.bound[0]))
               for one in bench.slowdowns if one.rate]
    made["slowdown.svg"] = chart.bars("Work the target lost", entries, "%")
    return {name: content for name, content in made.items() if content}


def write(bench, folder, command):
    os.makedirs(folder, exist_ok=True)
    drawn = pictures(bench)
    for name, content in drawn.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)
    found = goals.judged(bench)
    lines = ["# lampyr beside its peers", "", "%s, by `%s`. Every value is a median (lowest–highest) of up to %d repeats in one "
             "run, in which the profilers took turns on the same process." % (
                 datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), command, bench.plan.asked), "",
             "One sample is one sweep: every thread of the process read once. Processor time is the kernel's for the whole "
             "profiler process; starting, attaching and writing are taken off by a second, short run.", ""]
    lines += table(["machine", ""], bench.facts) + table(["profiler", "version"], bench.peers.versions)
    if bench.peers.absent:
        lines += ["Absent, so not compared: %s." % ", ".join(bench.peers.absent), ""]
    if bench.peers.refusals:
        lines += table(["cannot read", "Python", "its words"], bench.peers.refusals)
    lines += ["## Goals", ""] + goal_lines(found)
    lines += ["![%s](%s)" % (name[:-4], name) for name in drawn] + [""]
    for cell in ("depth", "threads", "programs"):
        lines += cost_table(bench, cell)
    for part in (slope_lines, slowdown_lines, truth_lines, share_lines, dump_lines):
        lines += part(bench)
    with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    with open(os.path.join(folder, "figures.json"), "w", encoding="utf-8") as file:
        json.dump({"facts": bench.facts, "versions": bench.peers.versions, "command": command, "memory": bench.memories,
                   **{name: [dataclasses.asdict(one) for one in getattr(bench, name)]
                      for name in ("rows", "slowdowns", "truths", "shares", "dumps")},
                   "goals": [dataclasses.asdict(goal) for goal in found]}, file, indent=1)

# SPDX-License-Identifier: MIT
"""Is the profile true? Stacks that cannot exist, and shares against what is known of them.

`truth`: tests/targets/torture.py, judged by tests/live/truth.py from the target's source. `shares`: shares.py, which times
its own functions, and phases.py, whose shares are those that lampyr sees when it stops the target.
"""
import dataclasses
import json
import os
import tempfile

from .machine import support
from .targets import Target
from .tools import FLAT_OUT

import phases  # noqa: E402  (tests/bench)
import truth as live_truth  # noqa: E402  (tests/live)

TRUTH_SECONDS, SHARES_SECONDS, PHASES_SECONDS = 1, 4, 3
SHARES_RATE = 2000


@dataclasses.dataclass
class Truth:
    python: str
    tool: str
    peer: str
    rate: int
    samples: int
    claimed: int       # in full; the rest has a part that is marked as uncertain
    false_calls: int   # a function that does not call the next
    false_lines: int   # the calls are right, a line is not


def judged(bench, tool, python, rate, target, folder):
    tool.record(target, rate, TRUTH_SECONDS, folder)
    out = os.path.join(folder, "profile")
    verdict = live_truth.judge_stacks(tool.folded(out) if os.path.exists(out) else [], target.path)
    lines = sum(count for reason, count in verdict.reasons.items() if " line " in reason)
    return Truth(python.version, tool.name, tool.peer, rate, verdict.samples, verdict.samples - verdict.unproven,
                 verdict.impossible - lines, lines)


def truth(bench):
    for python in bench.pythons:
        with Target(python, "torture.py") as target, tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
            for rate in (10000, FLAT_OUT):
                for tool in bench.peers.reading(python):
                    found = judged(bench, tool, python, rate, target, folder)
                    bench.truths.append(found)
                    bench.say("truth    %-5s %7d Hz %-30s %7d samples, %7d whole, false calls %.3f %%, false lines %.3f %%" % (
                        found.python, rate, found.tool, found.samples, found.claimed,
                        100 * found.false_calls / max(1, found.samples), 100 * found.false_lines / max(1, found.samples)))


@dataclasses.dataclass
class Share:
    python: str
    target: str
    tool: str
    peer: str
    samples: int
    worst: float    # of all functions, points
    names: dict     # function -> (seen, true)


def leaf_shares(stacks, functions):
    counts = dict.fromkeys(functions, 0)
    for labels, count in stacks:
        if not labels:
            continue
        leaf = support.frames_of(labels)[-1].name
        if leaf in counts:
            counts[leaf] += count
    total = sum(counts.values())
    return total, {name: count / max(1, total) for name, count in counts.items()}


def keep(bench, python, label, tool, samples, seen, true):
    worst = max(abs(seen[name] - true[name]) for name in true)
    share = Share(python.version, label, tool.name, tool.peer, samples, 100 * worst,
                  {name: (seen[name], true[name]) for name in true})
    bench.shares.append(share)
    bench.say("shares   %-5s %-22s %-30s %6d samples, worst error %.2f points: %s" % (
        share.python, label, tool.name, samples, share.worst,
        ", ".join("%s %.1f %% (true %.1f)" % (name, 100 * a, 100 * b) for name, (a, b) in share.names.items())))


def known_shares(bench, python, folder):
    for tool in bench.peers.reading(python):
        with Timed(python) as target:
            taken = tool.record(target, SHARES_RATE, SHARES_SECONDS, folder)
            stacks = tool.folded(os.path.join(folder, "profile")) if taken.sweeps else []
            true = target.finish()
        samples, seen = leaf_shares(stacks, true)
        keep(bench, python, "shares.py", tool, samples, seen, true)


class Timed(Target):
    """shares.py: says ready as text on its standard output, and writes what it saw at its end."""

    def __init__(self, python):
        self.said = tempfile.NamedTemporaryFile(suffix=".json")
        super().__init__(python, "shares.py", fifo=True)

    def words(self, report, arguments):
        return ["--seconds", str(SHARES_SECONDS + 1.5), "--report", self.said.name]

    def wait_until_ready(self):
        self.wait_for_log(b"ready")

    def finish(self):
        self.process.wait(support.TIMEOUT)
        with open(self.said.name) as file:
            return json.load(file)["shares"]

    def check_alive(self):
        pass


def phase_shares(bench, python, folder):
    for program in phases.PROGRAMS if bench.plan.everywhere else phases.PROGRAMS[:2]:
        with Target(python, "phases.py", *program) as target:
            found = {}
            for tool in [bench.peers.blocking] + bench.peers.reading(python):
                tool.record(target, SHARES_RATE, PHASES_SECONDS, folder)
                path = os.path.join(folder, "profile")
                stacks = tool.folded(path) if os.path.exists(path) else []
                stacks = [entry for entry in stacks if any(label.startswith("main ") for label in entry[0])]
                if stacks:
                    inline, pause = phases.shares(stacks)
                    found[tool] = sum(count for _, count in stacks), {"inline": inline, "pause": pause}
            true = found[bench.peers.blocking][1]
            for tool, (samples, seen) in found.items():
                if tool is not bench.peers.blocking:
                    keep(bench, python, "phases %d %d %d" % program, tool, samples, seen, true)


def shares(bench):
    with tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
        for python in bench.pythons:
            if bench.plan.whole(python):
                known_shares(bench, python, folder)
                phase_shares(bench, python, folder)

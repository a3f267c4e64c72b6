#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""truth.py VERSION RATE|blocking|reuse|million|ordinary: how many of the stacks that a profile claims cannot exist.

The target (tests/targets/torture.py) calls short functions as fast as it can. From its source this test knows which function
calls which and on which lines, and counts the stacks that break this. What follows an `(unproven)` frame,
or another mark of a loss, is not claimed.

Allowed: one impossible stack in 10,000 (3.11 and later), in 1,000 (up to 3.10), none with --blocking. A rate above a
million is not a rate: 1000000 asks for as many samples as can be had. `reuse` does the same for names: a code object's
name, file and line must belong together, although the target frees code objects all the time; `million`: until it has made and freed a
million of them, of which none may lend a wrong name. `ordinary` asks how much of
a program that is no torture stays unproven: 5 %; 8 % (up to 3.10), 60 % (2.7, whose frames do not say whether they run).
"""
import ast
import math
import os
import re

import support
from support import check, check_rarer

ENTRY = "main"
SECONDS = {"1000": 1.5, "10000": 2.0, "1000000": 2.0}


class Calls:
    """Who calls whom, and on which lines, in a source file without methods or nested functions."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        self.lines = {}    # of each function: (first, last)
        self.callees = {}  # (caller, callee) -> lines
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        names = {function.name for function in functions}
        for function in functions:
            self.lines[function.name] = (function.lineno, function.end_lineno)
            for node in ast.walk(function):
                if isinstance(node, ast.Name) and node.id in names:
                    self.callees.setdefault((function.name, node.id), set()).add(node.lineno)

    def why_impossible(self, frames):
        """None for a possible stack. The frames run from `main` inwards."""
        for number, frame in enumerate(frames):
            if frame.name not in self.lines:
                return "%s is no function of the target" % frame.name
            first, last = self.lines[frame.name]
            innermost = number + 1 == len(frames)
            if not first <= (frame.line or 0) <= last and not (innermost and frame.line is None):
                return "%s has no line %s" % (frame.name, frame.line)
            if innermost:
                return None
            callee = frames[number + 1].name
            lines = self.callees.get((frame.name, callee))
            if lines is None:
                return "%s does not call %s" % (frame.name, callee)
            if frame.line not in lines:
                return "%s does not call %s on line %d" % (frame.name, callee, frame.line)
        return None


class Verdict:
    """Samples of a profile, counted: claimed in full, claimed in part, impossible."""

    def __init__(self):
        self.samples = self.unproven = self.impossible = 0
        self.reasons = {}
        self.groups = {}  # name -> [samples, impossible, unproven]

    def add(self, count, whole, reason, group=None):
        if group:
            entry = self.groups.setdefault(group, [0, 0, 0])
            for index, part in enumerate((count, count if reason else 0, 0 if whole else count)):
                entry[index] += part
        self.samples += count
        self.unproven += 0 if whole else count
        if reason:
            self.impossible += count
            self.reasons[reason] = self.reasons.get(reason, 0) + count

    def describe(self, title, summary):
        self.samples, self.impossible = round(self.samples), math.ceil(self.impossible - 1e-9)
        print("%s: %d samples, %d impossible, %.3f %% unproven; %.0f of %.0f Hz, losses %s" % (
            title, self.samples, self.impossible, 100.0 * self.unproven / max(1, self.samples), summary["rate_got_hz"],
            summary["rate_asked_hz"], {cause: n for cause, n in summary["losses"].items() if n}))
        for group, (samples, impossible, unproven) in sorted(self.groups.items()):
            print("    %-12s %6d samples, %5d impossible, %6d unproven" % (group, samples, impossible, unproven))
        for reason, count in sorted(self.reasons.items(), key=lambda item: -item[1])[:8]:
            print("    %8.1f x %s" % (count, reason))


def judge_stacks(stacks, path):
    calls = Calls(path)
    file = os.path.basename(path)
    verdict = Verdict()
    for labels, count in stacks:
        part = support.claimed(labels)
        frames = support.frames_of(part)
        names = [frame.name for frame in frames]
        reason = None
        if frames and frames[0].name != "<module>":
            if any(frame.file and frame.file.endswith("threading.py") for frame in frames[:1]):
                continue  # the thread that waits for the end
            reason = "the outermost frame is %s" % (frames[0],)
        elif ENTRY in names:
            inner = frames[names.index(ENTRY):]
            strange = [frame for frame in inner if frame.file != file]
            reason = "a frame %r of another file" % (strange[0],) if strange else calls.why_impossible(inner)
        loops = [frame.name for frame in support.frames_of(labels) if frame.name.endswith("_loop")]
        verdict.add(count, len(part) == len(labels), reason, loops[0] if loops else "no loop")
    return verdict


MADE = re.compile(r"^(?:made|inner)_(\d+)$")


def judge_names(stacks):
    """A frame of a made function is wrong when name, file and line are not all of one number."""
    verdict = Verdict()
    for labels, count in stacks:
        part = support.claimed(labels)
        frames = support.frames_of(part)
        reason, numbers = None, set()
        for frame in frames:
            made = MADE.match(frame.name)
            of_file = re.match(r"^made_(\d+)\.py$", frame.file or "")
            if not made and not of_file:
                continue
            number = int(of_file.group(1)) if of_file else 0
            numbers.add(number)
            if not made and frame.name != "<module>" or made and int(made.group(1)) != number:
                reason = "name %s in the file %s" % (frame.name, frame.file)
            elif frame.line is None and frame.name == "<module>":
                pass  # the first instruction of a module has no line
            elif not 10 * number <= (frame.line or 0) <= 10 * number + 9:
                reason = "%s with the line %s" % (frame.name, frame.line)
        if len(numbers) > 1:
            reason = reason or "functions %s in one stack" % sorted(numbers)
        verdict.add(count, len(part) == len(labels), reason)
    return verdict


def record(python, script, seconds, rate, *options):
    """On processors of their own the target runs on while it is read. On one it stands still, and nothing would be tested.

    A raw profile counts time, in intervals; the verdict is on samples, so the counts are brought to their number.
    """
    with support.scratch() as folder, support.Victim(python, script, cpu=0) as victim:
        stacks, summary, _ = support.record_raw(folder, "-p", victim.pid, "-d", seconds, "-r", rate, *options,
                                                preexec_fn=support.pinned(1))
        check(victim.process.poll() is None, "the target ended while it was recorded")
    samples = summary["samples"] - summary["waiting_samples"]
    each = samples / max(1, sum(count for _, count in stacks))
    return [(labels, count * each) for labels, count in stacks], summary


def limit_for(python):
    return 1e-4 if python.has_own_frames else 1e-3


def test_rate(python, rate):
    stacks, summary = record(python, "torture.py", SECONDS[rate], rate)
    verdict = judge_stacks(stacks, os.path.join(support.TARGETS, "torture.py"))
    verdict.describe("%s at %s Hz" % (python.version, rate), summary)
    check(verdict.samples > 200, "only %d samples" % verdict.samples)
    most = 0.97 if python.number < (3,) else 0.9  # frames of 2.7 are silent
    check(verdict.unproven < most * verdict.samples, "hardly a sample is proven, so nothing was tested")
    check_rarer(verdict.impossible, verdict.samples, limit_for(python), "impossible stacks")


def test_blocking(python):
    stacks, summary = record(python, "torture.py", 2, 500, "--blocking")
    verdict = judge_stacks(stacks, os.path.join(support.TARGETS, "torture.py"))
    verdict.describe("%s --blocking" % python.version, summary)
    check(verdict.samples > 100, "only %d samples" % verdict.samples)
    check(verdict.impossible == 0, "impossible stacks although the target was stopped")
    check(verdict.unproven <= 0.01 * verdict.samples, "unproven stacks although the target was stopped")
    check(summary["blocking"] and summary["target_stopped_s"] > 0, "the summary does not say that the target was stopped")


def test_reuse(python):
    stacks, summary = record(python, "code_reuse.py", 2, 5000)
    verdict = judge_names(stacks)
    verdict.describe("%s reusing code" % python.version, summary)
    seen = {label for labels, _ in stacks for label in labels if "made_" in label}
    check(verdict.samples > 200 and len(seen) > 15, "only %d samples with %d names" % (verdict.samples, len(seen)))
    check_rarer(verdict.impossible, verdict.samples, limit_for(python), "wrong names")


def test_million(python):
    with support.scratch() as folder, support.Victim(python, "code_reuse.py", "--count", 1000000, cpu=0) as victim:
        stacks, summary, _ = support.record_raw(folder, "-p", victim.pid, "-r", 5000, preexec_fn=support.pinned(1), timeout=150)
        check(victim.process.wait() == 0, "the target did not come to its million")
    verdict = judge_names(stacks)
    verdict.describe("%s, a million code objects" % python.version, summary)
    check(verdict.samples > 1000, "only %d samples" % verdict.samples)
    check(verdict.impossible == 0, "%d wrong names" % verdict.impossible)


def test_ordinary(python):
    _, summary = record(python, "ordinary.py", 4, 1000)
    unproven = summary["losses"]["unproven"] / max(1, summary["samples"])
    print("%s: %d samples, %.2f %% unproven, losses %s" % (
        python.version, summary["samples"], 100 * unproven, {cause: n for cause, n in summary["losses"].items() if n}))
    check(summary["samples"] > 500, "only %d samples" % summary["samples"])
    limit = 0.05 if python.has_own_frames else 0.08 if python.number >= (3, 0) else 0.60
    check(unproven < limit, "too much is unproven")


def main(arguments):
    python = support.find_python(arguments[0])
    mode = arguments[1] if len(arguments) > 1 else "1000"
    if mode == "blocking":
        test_blocking(python)
    elif mode == "reuse":
        test_reuse(python)
    elif mode == "million":
        test_million(python)
    elif mode == "ordinary":
        test_ordinary(python)
    else:
        test_rate(python, mode)


if __name__ == "__main__":
    support.run_test(main)

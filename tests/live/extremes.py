#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""extremes.py VERSION CASE: nothing is lost and nothing acts, however extreme the program.

CASE is one of tests/targets/extremes.py: 100,000 frames, 300 threads, names of a million characters, a line table of a
megabyte, hostile names. Each is recorded in every format and dumped. Counts must add up, every text must be readable by its
own readers, and no control byte but the newline may be in any of it.
"""
import json
import os
import re
import xml.parsers.expat

import support
from matrix import compare_dump
from support import check

RECORDING = ("-i", "-d", "0.3", "-r", "50", "--full-filenames")


class Results:
    """What lampyr wrote about one standing victim."""

    def __init__(self, victim, folder):
        self.report = victim.report
        self.dump = support.lampyr_ok("dump", "-p", victim.pid, "--full-filenames").out
        self.summaries = {}
        self.raw = support.parse_raw(self.record(victim, folder, "raw", "-t"))
        self.svg = self.record(victim, folder, "flamegraph")
        self.speedscope = self.record(victim, folder, "speedscope")

    def record(self, victim, folder, form, *options):
        path = os.path.join(folder, "profile")
        summary = os.path.join(folder, "summary.json")
        run = support.lampyr_ok("record", "-p", victim.pid, "-f", form, "-o", path, "--summary-json", summary, *RECORDING,
                                *options)
        with open(path, "rb") as file:
            data = file.read()
        with open(summary, "rb") as file:
            text = file.read()
        for what, bytes_ in ((form, data), ("the summary file", text), ("stderr", run.err)):
            support.check_no_control_bytes(bytes_, what)
            bytes_.decode("utf-8")
        self.summaries[form] = json.loads(text.decode("utf-8"))
        return data

    def check_all(self):
        support.check_no_control_bytes(self.dump, "the dump")
        self.check_dump_layout()
        self.check_raw_counts()
        self.check_svg()
        self.check_speedscope()
        for form, summary in self.summaries.items():
            check(summary["samples"] > 0, "%s: no samples" % form)
            for cause in ("unproven", "unreadable", "bad frame", "reused code"):
                check(not summary["losses"][cause], "%s: %s %s although nothing moves" % (
                    form, summary["losses"][cause], cause))

    def check_dump_layout(self):
        """No name can start a line of its own."""
        for number, line in enumerate(self.dump.decode("utf-8").split("\n")):
            good = number < 2 or not line or line.startswith("    ") or support.THREAD_LINE.match(line)
            check(good, "line %d of the dump is %r" % (number + 1, line[:200]))

    def check_raw_counts(self):
        counted = sum(count for _, count in self.raw)
        summary = self.summaries["raw"]
        said = summary["samples_time_s"] / summary["interval_s"]
        check(abs(counted - said) <= 0.5 + 1e-6 * said, "the raw profile holds %d intervals, the summary says %.2f" % (
            counted, said))

    def check_svg(self):
        found = []
        parser = xml.parsers.expat.ParserCreate()
        inside = []

        def start(name, attributes):
            inside.append(name)
            found.extend(key for key in attributes if key.lower().startswith("on") and "alert" in attributes[key])

        def text(data):
            if inside[-1] == "script" and "alert(1)" in data:
                found.append("script")
        parser.StartElementHandler = start
        parser.EndElementHandler = lambda name: inside.pop()
        parser.CharacterDataHandler = text
        try:
            parser.Parse(self.svg, True)
        except xml.parsers.expat.ExpatError as error:
            raise support.Failure("the picture is not well-formed: %s" % error)
        check(not found, "a name became part of the picture's program: %s" % found)

    def check_speedscope(self):
        data = json.loads(self.speedscope.decode("utf-8"))
        frames = data["shared"]["frames"]
        check(data["profiles"], "no profile in the speedscope file")
        for profile in data["profiles"]:
            check(len(profile["samples"]) == len(profile["weights"]), "samples and weights differ in number")
            check(all(0 <= frame < len(frames) for stack in profile["samples"] for frame in stack), "a frame is out of range")
            span = profile["endValue"] - profile["startValue"]
            check(0 < sum(profile["weights"]) <= span * 1.001 + 1e-6, "the weights are %s, the span is %s" % (
                sum(profile["weights"]), span))
        return data


def depth_of(labels):
    depth = 0
    for label in labels:
        elided = re.match(r"^\((\d+) frames elided\)$", label)
        depth += int(elided.group(1)) if elided else 1
    return depth


def check_deep(results):
    wanted = sorted(results.report["depths"].values())
    threads = support.parse_dump(results.dump)
    got = sorted(depth_of([frame.name for frame in thread.frames]) for thread in threads)
    check(got == wanted, "the dump's stacks have %s frames, the program's %s" % (got, wanted))
    got = sorted({depth_of(labels) - 1 for labels, _ in results.raw})  # without the thread's own frame
    check(got == wanted, "the recorded stacks have %s frames, the program's %s" % (got, wanted))
    deepest = max(len(stack) for profile in json.loads(results.speedscope.decode("utf-8"))["profiles"]
                  for stack in profile["samples"])
    print("%d frames; the deepest stack in speedscope has %d" % (max(wanted), deepest))


def check_standing(results):
    """The dump is equal to the report, and each thread was recorded in just that stack."""
    problems = compare_dump(support.parse_dump(results.dump), results.report)
    check(not problems, "%d problems:\n  %s" % (len(problems), "\n  ".join(problems[:20])))
    by_thread = {}
    for labels, count in results.raw:
        tid = int(re.match(r"thread \((\d+)\)", labels[0]).group(1))
        by_thread.setdefault(tid, []).append((labels[1:], count))
    counts = set()
    for thread in results.report["threads"]:
        stacks = by_thread.get(thread["tid"], [])
        check(len(stacks) == 1, "thread %d stands still but has %d stacks" % (thread["tid"], len(stacks)))
        counts.add(stacks[0][1])
        got = [tuple(frame) for frame in support.frames_of(stacks[0][0])]
        check(got == [tuple(frame) for frame in reversed(thread["frames"])], "thread %d: recorded %r" % (thread["tid"], got))
    check(len(counts) == 1, "threads that all stand still have %s samples" % sorted(counts))
    print("%d threads equal, %s samples each" % (len(by_thread), counts.pop()))


def check_long_name(results):
    """A name is whole, or it is cut and says how long it was."""
    def good(got, wanted):
        if len(wanted) < 10000:
            return got == wanted
        return got == wanted or (got[:200] == wanted[:200] and str(len(wanted)) in got[-100:])
    threads = {thread.tid: thread for thread in support.parse_dump(results.dump)}
    for wanted in results.report["threads"]:
        got = threads.get(wanted["tid"])
        check(got is not None, "thread %d is missing" % wanted["tid"])
        check(good(got.name or "", wanted["name"]), "a thread is called %r…" % (got.name or "")[:80])
        check(len(got.frames) == len(wanted["frames"]), "%d frames, not %d" % (len(got.frames), len(wanted["frames"])))
        for mine, its in zip(got.frames, wanted["frames"]):
            check(good(mine.name, its[0]) and good(mine.file, its[1]) and mine.line == its[2],
                  "a frame is %r…, not %r…" % (str(mine)[:200], str(its)[:200]))
    print("dump %d bytes, svg %d, speedscope %d" % (len(results.dump), len(results.svg), len(results.speedscope)))


def check_names(results):
    names, line = results.report["names"], results.report["first_line"]
    # Folded stacks give every name back, whatever is in it.
    labels = {support.unescape_unicode(label) for stack, _ in results.raw for label in stack}
    wanted = ["%s (names.py:%d)" % (name, line + number) for number, name in enumerate(names)]
    wanted += ["function (%s:%d)" % (name, line + len(names) + number) if name else "function"
               for number, name in enumerate(names)]
    missing = [label for label in wanted if label not in labels]
    check(not missing, "%d labels are missing in the raw profile: %s" % (len(missing), ascii(missing[:10])))
    roots = {stack[-2]: support.unescape_unicode(stack[0]) for stack, _ in results.raw if len(stack) > 2}
    for number, name in enumerate(names):
        root = roots.get("function (threads.py:%d)" % (line + 2 * len(names) + number))
        check(root is not None, "the thread called %s is missing" % ascii(name))
        check(not name or re.sub(r"^thread \(\d+\)(: )?", "", root) == name, "the thread %s is called %s" % (
            ascii(name), ascii(root)))
    # Speedscope's JSON holds the names as they are.
    frames = json.loads(results.speedscope.decode("utf-8"))["shared"]["frames"]
    by_line = {frame.get("line"): frame for frame in frames}
    for number, name in enumerate(names):
        frame = by_line.get(line + number)
        check(frame is not None, "line %d is missing in speedscope" % (line + number))
        check(support.unescape_unicode(frame["name"]) == name, "speedscope calls %s %s" % (ascii(name), ascii(frame["name"])))
    lines = {frame.line for thread in support.parse_dump(results.dump) for frame in thread.frames}
    missing = [line + number for number in range(3 * len(names))
               if line + number not in lines and number != len(names) + names.index("")]  # no file name, no line
    check(not missing, "lines %s are missing in the dump" % missing[:20])
    print("%d hostile names in three places" % len(names))


CHECKS = {"deep": check_deep, "threads": check_standing, "long_name": check_long_name, "line_table": check_standing,
          "names": check_names}


def main(arguments):
    python = support.find_python(arguments[0])
    case = arguments[1]
    with support.scratch() as folder, support.Victim(python, "extremes.py", case) as victim:
        results = Results(victim, folder)
        check(victim.process.poll() is None, "the victim ended")
    results.check_all()
    CHECKS[case](results)


if __name__ == "__main__":
    support.run_test(main)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our pprof files in the readers they are made for: Google's pprof, and the npm package pprof-format.

pprof_test.py SPEEDSCOPE_MAKE LAMPYR. The readers are looked for as $LAMPYR_PPROF (else `pprof` in PATH, or where
`go install github.com/google/pprof@latest` puts it, or `go tool pprof`) and in $LAMPYR_PPROF_FORMAT (the package's folder; else where
`npm install --global pprof-format` puts it). What both say is compared with the raw file of the same profile. Exit status 77:
neither reader is here."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path()
LAMPYR = None
PPROF = None
PPROF_FORMAT = None

# Self counts by function name, as pprof-format decodes them.
DECODE = """
const [folder, file] = process.argv.slice(1);
const {Profile} = require(folder), fs = require('fs'), zlib = require('zlib');
const p = Profile.decode(zlib.gunzipSync(fs.readFileSync(file))), text = id => p.stringTable.strings[Number(id)];
const functions = new Map(p.function.map(f => [Number(f.id), text(f.name)]));
const locations = new Map(p.location.map(l => [Number(l.id), functions.get(Number(l.line[0].functionId))]));
const self = {};
for (const s of p.sample) {
  const name = locations.get(Number(s.locationId[0]));
  self[name] = (self[name] || 0) + Number(s.value[0]);
}
console.log(JSON.stringify({self, types: p.sampleType.map(t => [text(t.type), text(t.unit)])}));
"""


def find_pprof():
    """The command as a list, or None."""
    go_bin = os.path.join(os.path.expanduser("~"), "go", "bin", "pprof")
    found = os.environ.get("LAMPYR_PPROF") or shutil.which("pprof") or (go_bin if os.access(go_bin, os.X_OK) else None)
    if found:
        return [found]
    go = shutil.which("go")  # newer ones compile it at the first call
    return [go, "tool", "pprof"] if go and subprocess.run(
        [go, "tool", "-n", "pprof"], capture_output=True, cwd="/").returncode == 0 else None


def find_pprof_format():
    if "LAMPYR_PPROF_FORMAT" in os.environ:
        return os.environ["LAMPYR_PPROF_FORMAT"]
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        return None
    root = subprocess.run([npm, "root", "--global"], capture_output=True, text=True).stdout.strip()
    folder = os.path.join(root, "pprof-format")
    return folder if os.path.isdir(folder) else None


def raw_self_counts(name):
    """Self counts by function name."""
    counts = collections.Counter()
    for line in (FOLDER / name).read_text().splitlines():
        stack, count = line.rsplit(" ", 1)
        counts[re.sub(r" \([^()]*\)$", "", stack.split(";")[-1])] += int(count)
    return counts


def pprof(*arguments):
    run = subprocess.run([*PPROF, *arguments], capture_output=True, text=True, timeout=120,
                         env=dict(os.environ, PPROF_TMPDIR=str(FOLDER)))
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return run.stdout


class GooglePprof(unittest.TestCase):
    def setUp(self):
        if PPROF is None:
            self.skipTest("no pprof; go install github.com/google/pprof@latest")

    def top(self, name, *options):
        text = pprof("-top", "-nodecount=0", "-nodefraction=0", "-sample_index=samples", *options, str(FOLDER / name))
        rows = re.findall(r"^\s*(\d+)\s+[\d.]+%\s+[\d.]+%\s+(\d+)\s+[\d.]+%\s+(.*)$", text, re.MULTILINE)
        return {function: (int(own), int(total)) for own, total, function in rows}

    def test_counts_are_those_of_the_raw_file(self):
        ours = {name: own for name, own in raw_self_counts("random.txt").items()}
        theirs = {name: own for name, (own, total) in self.top("random.pb.gz").items() if own}
        self.assertEqual(theirs, ours)

    def test_files_lines_and_totals(self):
        rows = self.top("counted.pb.gz", "-lines")
        self.assertEqual(rows["Parser.parse /srv/app/parser.py:31"], (25, 25))
        self.assertEqual(rows["<module> /srv/app/run.py:9"], (0, 30))

    def test_time_is_the_default(self):
        text = pprof("-top", str(FOLDER / "counted.pb.gz"))
        self.assertIn("Type: wall", text)
        self.assertIn("Total samples = 350ms", text)

    def test_labels_filter(self):
        self.assertIn("thread_name", pprof("-tags", str(FOLDER / "counted.pb.gz")))
        self.assertEqual(self.top("counted.pb.gz", "-tagfocus=thread_name=worker-1")["Parser.parse"], (5, 5))

    def test_differences_are_those_of_lampyr_diff(self):
        """Two real recordings of different programs: for each function, what pprof subtracts and what we say."""
        loop = "def {0}(n):\n    return sum(range(n))\nfor i in range({1}):\n    {0}(10**4)\n    both(10**4 * {2})\n"
        for side, own, count, factor in (("base", "gone", 900, 1), ("new", "fresh", 700, 3)):
            (FOLDER / (side + ".py")).write_text(
                "def both(n):\n    return sum(range(n))\n" + loop.format(own, count, factor))
            self.lampyr("record", "-q", "-r", "500", "-o", side + ".lampyr", "--", sys.executable, side + ".py")
            self.lampyr("report", "-q", "-o", side + ".pb.gz", side + ".lampyr")
        self.lampyr("diff", "-q", "-o", "d.json", "base.lampyr", "--to", "new.lampyr")
        ours = collections.defaultdict(list)  # by name, which is what tells pprof's rows apart
        for function in json.loads((FOLDER / "d.json").read_text())["functions"]:
            new, base = ([function[part][side] for part in ("self", "total")] for side in ("new_ns", "base_ns"))
            if "base_name" in function:  # one function of ours that was renamed is two of pprof's
                ours[function["base_name"]].append([-own for own in base])
                base = (0, 0)
            ours[function["name"]].append([own - other for own, other in zip(new, base)])
        text = pprof("-top", "-nodecount=0", "-nodefraction=0", "-sample_index=cpu", "-unit=ns",
                     "-diff_base=" + str(FOLDER / "base.pb.gz"), str(FOLDER / "new.pb.gz"))
        theirs = {}
        for own, total, name in re.findall(r"^\s*(-?[\d.]+)(?:ns)?\s+-?[\d.]+%\s+-?[\d.]+%\s+(-?[\d.]+)(?:ns)?\s+-?[\d.]+%\s+(.*)$", text, re.MULTILINE):
            theirs[name] = (float(own), float(total))
        once = {name: rows[0] for name, rows in ours.items() if len(rows) == 1}
        self.assertLessEqual({"both", "gone", "fresh"}, set(once))
        for name, (own, total) in once.items():
            self.assertAlmostEqual(theirs.get(name, (0, 0))[0], own, delta=2000, msg=name)
            self.assertAlmostEqual(theirs.get(name, (0, 0))[1], total, delta=2000, msg=name)
        self.assertLess(theirs["gone"][0], 0)
        self.assertGreater(theirs["fresh"][0], 0)

    def lampyr(self, *words):
        run = subprocess.run([LAMPYR, *words], cwd=FOLDER, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_a_profile_minus_itself_is_nothing(self):
        path = str(FOLDER / "random.pb.gz")
        text = pprof("-top", "-sample_index=samples", "-diff_base=" + path, path)
        self.assertNotRegex(text, r"(?m)^\s*-?[1-9]\d*\s")


class PprofFormat(unittest.TestCase):
    def test_it_decodes_the_same_counts(self):
        if PPROF_FORMAT is None:
            self.skipTest("no npm package pprof-format")
        run = subprocess.run(["node", "-e", DECODE, PPROF_FORMAT, str(FOLDER / "random.pb.gz")],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        read = json.loads(run.stdout)
        self.assertEqual(read["self"], dict(raw_self_counts("random.txt")))
        self.assertEqual(read["types"], [["samples", "count"], ["wall", "nanoseconds"]])


def main():
    global FOLDER, LAMPYR, PPROF, PPROF_FORMAT
    LAMPYR = os.path.abspath(sys.argv[2])
    PPROF, PPROF_FORMAT = find_pprof(), find_pprof_format()
    if PPROF is None and PPROF_FORMAT is None:
        print("skipped: needs Google's pprof or the npm package pprof-format")
        return 77
    with tempfile.TemporaryDirectory(prefix="pprof-test-") as folder:
        FOLDER = pathlib.Path(folder)
        subprocess.run([sys.argv[1], folder], check=True)
        result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())

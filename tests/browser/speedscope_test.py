#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our speedscope, raw, pprof and chrometrace files in speedscope itself (the npm package, opened in chromium) and against its schema.

speedscope_test.py SPEEDSCOPE_MAKE. The package is looked for in $LAMPYR_SPEEDSCOPE (its folder), then where
`npm install --global speedscope ajv` puts it. Exit status 77: it, chromium or chromedriver is absent."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import svg_browser

HOSTILE = "</script><img src=x onerror=alert(1)>;"
FOLDER = pathlib.Path()
PACKAGE = pathlib.Path()

# Rows of the sandwich view: [total, self, name]. Rows without a name only fill the window.
ROWS = """return [...document.querySelectorAll('tr')].map(
  row => [...row.querySelectorAll('td')].map(cell => cell.innerText.trim())).filter(cells => cells.length == 3 && cells[2])"""
VALIDATE = """
const [ajv, schema, ...files] = process.argv.slice(1);
const fs = require('fs'), Ajv = require(ajv), read = f => JSON.parse(fs.readFileSync(f));
const check = new Ajv({strict: false}).compile(read(schema));
for (const file of files) console.log(check(read(file)) ? 'valid' : JSON.stringify(check.errors));
"""


def find_package():
    places = [pathlib.Path(os.environ["LAMPYR_SPEEDSCOPE"])] if "LAMPYR_SPEEDSCOPE" in os.environ else []
    if npm := shutil.which("npm"):
        root = subprocess.run([npm, "root", "--global"], capture_output=True, text=True).stdout.strip()
        places.append(pathlib.Path(root) / "speedscope")
    places += [pathlib.Path(p) / "speedscope" for p in ("/usr/lib/node_modules", "/usr/local/lib/node_modules")]
    return next((p for p in places if (p / "dist/release/index.html").is_file()), None)


class Schema(unittest.TestCase):
    def test_files_are_valid_and_a_broken_one_is_not(self):
        node, ajv = shutil.which("node"), PACKAGE.parent / "ajv"
        if not node or not ajv.is_dir():
            self.skipTest("no node or no npm package ajv beside speedscope")
        broken = json.loads((FOLDER / "timeline.json").read_text())
        broken["profiles"][0]["weights"][0] = "0.1"
        (FOLDER / "broken.json").write_text(json.dumps(broken))
        names = ["timeline.json", "counted.json", "random.json", "empty.json", "broken.json"]
        out = subprocess.run([node, "-e", VALIDATE, ajv, PACKAGE / "dist/release/file-format-schema.json",
                              *(FOLDER / name for name in names)], capture_output=True, text=True, check=True)
        verdicts = out.stdout.splitlines()
        self.assertEqual(verdicts[:-1], ["valid"] * (len(names) - 1))
        self.assertNotEqual(verdicts[-1], "valid")


class Speedscope(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = svg_browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def open(self, name, view="sandwich"):
        script = FOLDER / (name + ".js")
        data = base64.b64encode((FOLDER / name).read_bytes()).decode()
        script.write_text(f'speedscope.loadFileFromBase64("{name}", "{data}")')
        self.browser.open("about:blank")
        index = (PACKAGE / "dist/release/index.html").resolve().as_uri()
        self.browser.open(f"{index}#view={view}&localProfilePath={script}")

    def rows(self, name):
        self.open(name)
        self.assertTrue(self.browser.wait(f"return (() => {{ {ROWS} }})().length > 0"), name)
        self.assertIsNone(self.browser.dialog())
        return [(label, total, own) for total, own, label in self.browser.run(ROWS)]

    def check_two_threads(self, name):
        rows = self.rows(name)
        # The list of profiles is a table of its own: [index, name, total].
        self.assertEqual(sorted(row for row in rows if row[0].endswith("ms")),
                         [("300.00ms", "1", 'Thread 42 "MainThread"'), ("50.00ms", "2", 'Thread 43 "worker-1"')])
        hostile, module, parse = sorted(row for row in rows if not row[0].endswith("ms"))
        self.assertTrue(hostile[0].startswith(HOSTILE), hostile)
        self.assertEqual(hostile[1:], ("100.00ms (33%)", "100.00ms (33%)"))
        self.assertEqual((module[0], module[1]), ("<module>", "300.00ms (100%)"))
        self.assertEqual(parse, ("Parser.parse", "200.00ms (67%)", "200.00ms (67%)"))
        self.assertIn('Thread 42 "MainThread" (1/2)', self.browser.run("return document.body.innerText"))
        self.assertEqual(self.browser.run("return document.title"), "lampyr: process 42, Python 3.13.0 - speedscope")

    def test_a_timeline_shows_real_seconds(self):
        self.check_two_threads("timeline.json")

    def test_counted_stacks_show_the_same_seconds(self):
        self.check_two_threads("counted.json")

    def test_holes_are_drawn_as_time(self):
        self.open("timeline.json", "time-ordered")
        self.assertTrue(self.browser.wait("return document.title.includes('lampyr')"))
        errors = [line for line in self.browser.log() if line["level"] == "SEVERE"]
        self.assertEqual(errors, [])

    def test_a_trace_shows_slices_in_real_time(self):
        # speedscope puts a slice's arguments behind its name.
        rows = {name.split(" {")[0]: (total, own) for name, total, own in self.rows("timeline.trace.json")}
        self.assertEqual(rows["Parser.parse"][1].split()[0], "200.00ms")
        self.assertEqual(rows["<module>"][0].split()[0], "300.00ms")
        text = self.browser.run("return document.body.innerText")
        self.assertIn("MainThread", text)
        errors = [line for line in self.browser.log() if line["level"] == "SEVERE"]
        self.assertEqual(errors, [])

    def test_pprof_shows_the_same_seconds(self):
        rows = {name: (total, own) for name, total, own in self.rows("counted.pb.gz")}
        self.assertEqual(rows["Parser.parse"][1].split()[0], "250.00ms")
        self.assertEqual(rows["<module>"][0].split()[0], "300.00ms")

    def test_a_file_without_samples_is_called_empty(self):
        self.open("empty.json")
        while (text := self.browser.dialog()) is None:  # the test's own time limit ends this
            time.sleep(0.02)
        self.assertIn("empty", text)
        self.browser.call("POST", self.browser.session + "/alert/accept")

    def test_raw_stacks_keep_their_counts(self):
        rows = {name: (total, own) for name, total, own in self.rows("raw.txt")}
        self.assertEqual(rows["Parser.parse (parser.py:31)"][1].split()[0], "25")
        self.assertEqual(rows["<module> (run.py:9)"][0].split()[0], "30")
        hostile = [name for name in rows if name.startswith("</script>")]
        self.assertEqual(hostile, [HOSTILE.replace(";", "\\x3b") + "\\x1b[2J 12 (a\\x3bb.py:3)"])
        self.assertEqual(rows[hostile[0]][1].split()[0], "10")


def main():
    global FOLDER, PACKAGE
    PACKAGE = find_package()
    if PACKAGE is None or svg_browser.find() is None:
        print("skipped: needs the npm package speedscope, chromium and chromedriver")
        return 77
    with tempfile.TemporaryDirectory(prefix="speedscope-test-") as folder:
        FOLDER = pathlib.Path(folder)
        subprocess.run([sys.argv[1], folder], check=True)
        result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `lampyr check` and `lampyr diff` write, read by parsers of their formats: names that act somewhere are text everywhere.

ci_formats.py LAMPYR SOURCES. A parser that is absent (xmllint, python3-jsonschema, cmark-gfm, python3-yaml) skips its tests by
name. The steps of docs/examples/ci are run as well, by the shell that GitHub and GitLab run them with."""
import filecmp
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
import hostile_runs  # noqa: E402
from hostile_runs import visible  # noqa: E402

LAMPYR = SOURCES = None
PYTHON = os.path.realpath(sys.executable)
HERE = pathlib.Path(__file__).resolve().parent
SLOWER = [visible(hostile_runs.NAMES[index]) for index in hostile_runs.SLOWER]

PICTURE_ELEMENTS = {"svg", "title", "desc", "metadata", "style", "script", "defs", "pattern", "path", "rect", "text", "g",
                    "tspan", "foreignObject", "{http://www.w3.org/1999/xhtml}input"}


def strict_json(path):
    def no_number(word):
        raise AssertionError(word + " is no JSON")
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"), parse_constant=no_number)


def validate(document, schema_name):
    import jsonschema
    schema = strict_json(SOURCES / "docs/examples/ci" / schema_name)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


def have_module(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def unescaped(text, property_value):
    if property_value:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def workflow_commands(output):
    """(name, properties, message) of each command a runner finds: `::name key=value,…::message` at the start of a line, and
    the older `##[name …]message` anywhere in it; none between stop-commands and its token."""
    token, found = None, []
    for line in output.split("\n"):
        match = re.match(r"\s*::([^:\s]+)(?: ([^:]*))?::(.*)$", line, re.DOTALL)
        older = re.search(r"##\[([^\]\s]+)[^\]]*\](.*)", line)
        if token:
            token = None if match and match[1] == token else token
        elif match and match[1] == "stop-commands":
            token = match[3]
        elif match:
            pairs = [pair.split("=", 1) for pair in (match[2] or "").split(",") if pair]
            found.append((match[1], {key: unescaped(value, True) for key, value in pairs}, unescaped(match[3], False)))
        elif older:
            found.append((older[1], {}, older[2]))
    if token:
        raise AssertionError("commands were stopped for good")
    return found


class Page(html.parser.HTMLParser):
    """Elements and table cells of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.rows, self.in_cell = set(), [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data):
        if self.in_cell:
            self.rows[-1][-1] += data


class HostileNames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="lampyr-ci-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        hostile_runs.make(folder.name)
        (cls.folder / "rules.toml").write_text("".join(
            '[[budget]]\nfunction = "main"\n{} = 0.0001\nself = true\n'.format(kind) for kind in ("max_share", "max_ms_per_work")))
        cls.outputs = [cls.check(name) for name in ("1", "2")]
        for suffix in ("svg", "md", "json", "txt"):
            for name in ("1", "2"):
                cls.run_lampyr("diff", "-q", "-o", "{}/diff-files.{}".format(name, suffix), "base/000.txt", "base/001.txt",
                               "--to", "new/000.txt", "new/001.txt")

    @classmethod
    def run_lampyr(cls, *words, **more):
        run = subprocess.run([LAMPYR, *words], cwd=cls.folder, capture_output=True, env=dict(os.environ, **more))
        if run.returncode not in (0, 1) or (run.returncode == 1 and words[0] != "check"):
            raise AssertionError(run.stderr.decode())
        return run.stdout

    @classmethod
    def check(cls, name):
        (cls.folder / name).mkdir()
        return cls.run_lampyr("check", "--github", "-c", "rules.toml", "--artifacts", name, "--base-profiles", "base",
                              "--new-profiles", "new", GITHUB_STEP_SUMMARY=name + "/step.md")

    def path(self, name):
        return self.folder / "1" / name

    def test_equal_runs_give_equal_bytes(self):
        names = sorted(os.listdir(self.folder / "1"))
        self.assertLessEqual({"check.json", "junit.xml", "gitlab.json", "summary.md", "verdict.txt", "diff.svg", "step.md",
                              "diff-files.svg", "diff-files.json"}, set(names))
        self.assertEqual(sorted(os.listdir(self.folder / "2")), names)
        _, differ, odd = filecmp.cmpfiles(self.folder / "1", self.folder / "2", names, shallow=False)
        self.assertEqual((differ, odd), ([], []))
        self.assertEqual(self.outputs[0], self.outputs[1])

    def test_every_report_is_utf8_without_control_characters(self):
        for path in (self.folder / "1").iterdir():
            text = path.read_text(encoding="utf-8")
            self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", path.name)

    def test_junit_by_its_schema(self):
        if not shutil.which("xmllint"):
            self.skipTest("no xmllint")
        run = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", HERE / "junit.xsd", self.path("junit.xml")],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_junit_names_and_counts(self):
        suite = ElementTree.parse(self.path("junit.xml")).getroot()[0]
        cases = suite.findall("testcase")
        self.assertEqual(int(suite.get("tests")), len(cases))
        failed = [case.get("name") for case in cases if case.find("failure") is not None]
        self.assertEqual(int(suite.get("failures")), len(failed))
        for index in hostile_runs.SLOWER:
            file = visible(hostile_runs.file_of(index))
            self.assertIn("{} ({})".format(visible(hostile_runs.NAMES[index]), file), failed)
        self.assertIn("SLOWER", suite.find("system-out").text)

    def test_pictures_are_xml_with_no_elements_of_names(self):
        svg = "{http://www.w3.org/2000/svg}"
        for name in ("diff.svg", "diff-files.svg"):
            root = ElementTree.parse(self.path(name)).getroot()
            self.assertEqual(root.tag, svg + "svg")
            self.assertEqual(sum(element.tag == svg + "script" for element in root.iter()), 1)
            self.assertLessEqual({element.tag.replace(svg, "") for element in root.iter()}, PICTURE_ELEMENTS)
            for element in root.iter():
                self.assertEqual([key for key in element.keys() if key.startswith("on")], [])

    def test_gitlab_code_quality(self):
        issues = strict_json(self.path("gitlab.json"))
        self.assertGreaterEqual(len(issues), len(SLOWER) + 2)
        for issue in issues:
            for key in ("description", "check_name", "fingerprint"):
                self.assertTrue(isinstance(issue[key], str) and issue[key], issue)
            self.assertIn(issue["severity"], ("info", "minor", "major", "critical", "blocker"))
            path = issue["location"]["path"]
            self.assertTrue(path and not path.startswith(("/", "./")) and path != "..", path)
            self.assertGreaterEqual(issue["location"]["lines"]["begin"], 1)
        self.assertEqual(len({issue["fingerprint"] for issue in issues}), len(issues), "a fingerprint is one issue's")
        for name in SLOWER:
            self.assertTrue(any(issue["description"].startswith(name + " takes") for issue in issues), name)

    def test_json_by_its_schemas(self):
        if not have_module("jsonschema"):
            self.skipTest("no python3-jsonschema")
        validate(strict_json(self.path("check.json")), "check.schema.json")
        validate(strict_json(self.path("diff-files.json")), "diff.schema.json")

    def test_json_keeps_the_names(self):
        for name in ("check.json", "diff-files.json"):
            names = {function["name"] for function in strict_json(self.path(name))["functions"]}
            for wanted in hostile_runs.NAMES[:15]:
                self.assertIn(wanted.decode("utf-8", "surrogateescape").encode("utf-8", "backslashreplace").decode(), names)

    def test_github_commands(self):
        output = self.outputs[0].decode("utf-8")
        commands = workflow_commands(output)
        self.assertEqual({name for name, _, _ in commands}, {"error"})
        self.assertLessEqual(len(commands), 10)
        for _, properties, message in commands:
            self.assertLessEqual(set(properties), {"file", "line", "title"})
            self.assertIn(properties["title"], ("slower", "budget"))
            self.assertTrue(message)
        by_name = {message.split(" takes ")[0]: properties for _, properties, message in commands}
        for index in hostile_runs.SLOWER:
            properties = by_name[visible(hostile_runs.NAMES[index])]
            self.assertEqual(properties["file"], visible(hostile_runs.file_of(index)))

    def test_markdown_is_tables_and_text_only(self):
        if not shutil.which("cmark-gfm"):
            self.skipTest("no cmark-gfm")
        for name in ("summary.md", "step.md", "diff-files.md"):
            extensions = [word for one in ("table", "autolink", "strikethrough", "tasklist") for word in ("-e", one)]
            page = Page(subprocess.run(["cmark-gfm", "--unsafe", *extensions, self.path(name)], capture_output=True,
                                       check=True, text=True).stdout)
            self.assertLessEqual(page.elements, {"h3", "table", "thead", "tbody", "tr", "th", "td", "code", "ul", "li", "p",
                                                 "strong"}, name)
            cells = [cell for row in page.rows for cell in row]
            for wanted in SLOWER:
                self.assertTrue(any(cell.startswith(wanted + " (") for cell in cells), (name, wanted))


class Templates(unittest.TestCase):
    """The files a project copies, by the keys GitHub and GitLab document, and run."""
    ci = property(lambda self: SOURCES / "docs/examples/ci")

    def load(self, name):
        if not have_module("yaml"):
            self.skipTest("no python3-yaml")
        import yaml
        return yaml.safe_load((self.ci / name).read_text())

    def repository(self):
        """A clone whose work tree is a change of its origin's main; and the base's commit."""
        folder = tempfile.TemporaryDirectory(prefix="lampyr-ci-")
        self.addCleanup(folder.cleanup)
        script = ("git init -q -b main origin && cd origin && git config user.email a@b.c && git config user.name n && "
                  "printf 'def work():\\n    sum(range(10**6))\\nfor i in range(30):\\n    work()\\n' > bench.py && "
                  "git add . && git commit -qm base && git rev-parse HEAD && cd .. && git clone -q origin clone && "
                  "echo '# changed' >> clone/bench.py")
        base = subprocess.run(["bash", "-ec", script], cwd=folder.name, check=True, capture_output=True, text=True).stdout.strip()
        return pathlib.Path(folder.name) / "clone", base

    def run_step(self, shell, text, folder, **variables):
        environment = dict(os.environ, PATH=os.path.dirname(LAMPYR) + ":" + os.environ["PATH"], **variables)
        run = subprocess.run([*shell, text], cwd=folder, env=environment, capture_output=True, text=True)
        self.assertIn(run.returncode, (0, 1, 3), run.stderr)
        self.assertLessEqual({"check.json", "junit.xml", "gitlab.json", "diff.svg", "summary.md", "base", "new"},
                             set(os.listdir(folder / "lampyr-check")))
        self.check_recordings(folder / "lampyr-check")
        return run.stdout

    def check_recordings(self, folder):
        """Every run of both sides is there and read again, to the same verdict."""
        sides = [sorted((folder / side).glob("*.lampyr")) for side in ("base", "new")]
        self.assertEqual([len(side) for side in sides], [3, 3])
        for profile in sides[0] + sides[1]:
            text = subprocess.run([LAMPYR, "report", profile], check=True, capture_output=True, text=True).stdout
            self.assertIn("work", text)
        again = subprocess.run([LAMPYR, "check", "--json", folder / "again.json", "--base-profiles", folder / "base",
                                "--new-profiles", folder / "new"], capture_output=True, text=True)
        first, second = strict_json(folder / "check.json"), strict_json(folder / "again.json")
        self.assertEqual(again.returncode, second["exit_status"], again.stderr)
        self.assertEqual(first["outcome"], second["outcome"])
        self.assertEqual([function["name"] for function in first["functions"]],
                         [function["name"] for function in second["functions"]])

    def test_github_action(self):
        action = self.load("action.yml")
        self.assertLessEqual(set(action), {"name", "author", "description", "inputs", "outputs", "runs", "branding"})
        self.assertTrue(action["name"] and action["description"])
        for value in action["inputs"].values():
            self.assertLessEqual(set(value), {"description", "required", "default", "deprecationMessage"})
            self.assertTrue(value["description"])
        self.assertEqual(set(action["runs"]), {"using", "steps"})
        self.assertEqual(action["runs"]["using"], "composite")
        for step in action["runs"]["steps"]:
            self.assertLessEqual(set(step), {"name", "id", "if", "run", "shell", "env", "working-directory", "uses", "with",
                                             "continue-on-error"})
            self.assertNotEqual("run" in step, "uses" in step)
            self.assertEqual("run" in step, "shell" in step, "a composite action's run needs its shell")
            self.assertNotIn("${{", step.get("run", ""), "inputs are data, not part of a script")
        for name in re.findall(r"\$\{\{ inputs\.(\w+) \}\}", (self.ci / "action.yml").read_text()):
            self.assertIn(name, action["inputs"])

    def test_github_action_runs(self):
        steps = self.load("action.yml")["runs"]["steps"]
        folder, base = self.repository()
        values = {"COMMAND": PYTHON + " bench.py", "BASE": base, "CONFIG": "",
                  "ARGUMENTS": "--runs 3 --warm-ups 0"}
        self.assertEqual(set(steps[0]["env"]), set(values))
        values["GITHUB_STEP_SUMMARY"] = "step.md"
        output = self.run_step(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"], steps[0]["run"], folder, **values)
        workflow_commands(output)
        self.assertIn("### lampyr check", (folder / "step.md").read_text())
        self.assertEqual(steps[1]["with"]["path"], "lampyr-check")

    def test_gitlab_job(self):
        jobs = self.load("gitlab-ci.yml")
        self.assertEqual(len(jobs), 1)
        job = jobs[".lampyr-check"]
        self.assertLessEqual(set(job), {"variables", "rules", "script", "before_script", "after_script", "artifacts", "image",
                                        "stage", "needs", "allow_failure", "tags", "timeout"})
        self.assertTrue(all(isinstance(value, str) for value in job["variables"].values()))
        self.assertTrue(all(isinstance(line, str) for line in job["script"]))
        artifacts = job["artifacts"]
        self.assertLessEqual(set(artifacts), {"paths", "exclude", "expire_in", "expose_as", "name", "public", "reports",
                                              "untracked", "when", "access"})
        self.assertEqual(artifacts["when"], "always", "a red job's reports are those that matter")
        self.assertLessEqual(set(artifacts["reports"]), {"junit", "codequality"})

    def test_gitlab_job_runs(self):
        job = self.load("gitlab-ci.yml")[".lampyr-check"]
        folder, base = self.repository()
        values = dict(job["variables"], COMMAND=PYTHON + " bench.py", LAMPYR_ARGUMENTS="--runs 3 --warm-ups 0",
                      CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
        self.run_step(["bash", "-eo", "pipefail", "-c"], "\n".join(job["script"]), folder, **values)
        for path in job["artifacts"]["reports"].values():
            self.assertTrue((folder / path).is_file(), path)


if __name__ == "__main__":
    LAMPYR, SOURCES = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1], verbosity=2)

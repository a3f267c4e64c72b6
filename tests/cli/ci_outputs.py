#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ci_outputs.py DIR SUMMARY SCHEMA: reads what `lampyr check --artifacts DIR --github` wrote as CI systems would, and
says what is wrong. JUnit by the rules of its schema, JSON by a small interpreter of the JSON Schema words SCHEMA uses."""
import json
import os
import sys
import xml.etree.ElementTree as ElementTree

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int,
         "null": type(None)}


def is_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def validate(value, schema, path, root):
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_type(value, name) for name in names):
        raise SystemExit("{}: {!r} is no {}".format(path, value, names))
    if "enum" in schema and value not in schema["enum"]:
        raise SystemExit("{}: {!r} is none of {}".format(path, value, schema["enum"]))
    if isinstance(value, dict) and "properties" in schema:
        for key in schema.get("required", []):
            if key not in value:
                raise SystemExit("{}: no {}".format(path, key))
        for key, part in value.items():
            if key in schema["properties"]:
                validate(part, schema["properties"][key], path + "." + key, root)
            elif not schema.get("additionalProperties", True):
                raise SystemExit("{}: {} is not in the schema".format(path, key))
    if isinstance(value, list) and "items" in schema:
        for i, part in enumerate(value):
            validate(part, schema["items"], "{}[{}]".format(path, i), root)


def check_junit(path):
    root = ElementTree.parse(path).getroot()
    assert root.tag == "testsuites", root.tag
    for suite in root:
        assert suite.tag == "testsuite" and suite.get("name"), suite.tag
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases) > 1
        for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == sum(case.find(kind) is not None for case in cases), kind
        for case in cases:
            assert case.get("name") and case.get("classname")
        assert int(suite.get("failures")) == 1, "one function is slower"


def check_gitlab(path):
    issues = json.load(open(path))
    assert len(issues) == 1
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert isinstance(issue["location"]["lines"]["begin"], int) and issue["location"]["path"]
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def main():
    folder, summary, schema = sys.argv[1:]
    check_junit(os.path.join(folder, "junit.xml"))
    check_gitlab(os.path.join(folder, "gitlab.json"))
    with open(schema) as text:
        root = json.load(text)
    with open(os.path.join(folder, "check.json")) as text:
        validate(json.load(text), root, "check", root)
    for path in (summary, os.path.join(folder, "summary.md")):
        rows = [line for line in open(path) if line.startswith("|")]
        assert rows and len({row.count("|") for row in rows}) == 1, path
    ElementTree.parse(os.path.join(folder, "diff.svg"))
    print("all outputs are well formed")


if __name__ == "__main__":
    main()

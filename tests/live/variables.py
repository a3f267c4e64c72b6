#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""variables.py VERSION [busy|numpy [FOLDER]]: `lampyr dump --locals` of functions with values of every kind.

tests/targets/variables.py says what repr() makes of each variable; what lampyr reads from memory must be the same.
With "numpy" they are numpy's scalars; FOLDER is where numpy is, if the interpreter has none of its own.
With "busy" it changes them all the time: held still, what is read belongs together; else what does not is marked.
"""
import json
import os
import re
import subprocess

import support
from dump_json import check_schema
from support import check


def is_as(text, wanted):
    return re.fullmatch(wanted[1:], text, re.DOTALL) is not None if wanted.startswith("~") else text == wanted


def functions_of(document):
    """The frames with their variables as {function: {kind: {name: text}}}."""
    found = {}
    for frame in document["processes"][0]["threads"][0]["frames"]:
        check(frame["locals"] is not None, "%s: not read" % frame["function"])
        kinds = found.setdefault(frame["qualified_name"] or frame["function"], {"argument": {}, "local": {}, "free": {}})
        for local in frame["locals"]:
            check(not local["changed"], "%s of a program that stands still has changed" % local["name"])
            kinds[local["kind"]][local["name"]] = local["value"]
    return found


def differences(found, expected):
    for function, kinds in expected.items():
        for kind, wanted in kinds.items():
            got = found.get(function, {}).get(kind, {})
            if set(got) != set(wanted):
                yield "%s has the %ss %s, not %s" % (function, kind, sorted(got), sorted(wanted))
            for name in set(got) & set(wanted):
                if not is_as(got[name], wanted[name]):
                    yield "%s: %s is %s, not %s" % (function, name, got[name], wanted[name])


def parse_text(data):
    """The same from the text, by frame: {function: {name: text}}."""
    found, current = {}, None
    for line in data.decode("utf-8").split("\n"):
        if line.startswith(" " * 12):
            name, _, value = line[12:].partition(": ")
            current[name] = value
        elif line.startswith("    ") and not line.startswith(" " * 8):
            current = found.setdefault(support.parse_label(line[4:]).name, {})
    return found


def spinning(victim, *options):
    """The variables of the busy function: {name: (value, changed)}."""
    run = support.lampyr_ok("dump", "-l", "-j", "-p", victim.pid, *options)
    document = json.loads(run.out)
    check_schema(document)
    frames = [frame for thread in document["processes"][0]["threads"] for frame in thread["frames"]
              if frame["function"] == "spin"]
    check(len(frames) == 1, "spin is in %d frames" % len(frames))
    return {local["name"]: (local["value"], local["changed"]) for local in frames[0]["locals"] or ()}


def check_one_moment(found):
    number = int(found["number"][0])
    pair = [int(part) for part in found["pair"][0].strip("()").split(",")]
    check(pair[0] == -pair[1] and number - pair[0] in (0, 1), "not of one moment: %s" % found)


def test_busy(python):
    with support.Victim(python, "variables.py", "busy") as victim:
        for _ in range(10):
            found = spinning(victim, "--blocking")
            check(len(found) == 2 and not any(changed for _, changed in found.values()), "held still: %s" % found)
            check_one_moment(found)
        seen = [spinning(victim) for _ in range(20)]
    marked = [found for found in seen if any(changed for _, changed in found.values())]
    for found in seen:
        if found and found not in marked:
            check_one_moment(found)
    print("without stopping, %d of %d readings are marked" % (len(marked), len(seen)))


def test_numpy(python, folders):
    environment = support.clean_environment(PYTHONPATH=os.pathsep.join(folders))
    if subprocess.run([python.path, "-c", "import numpy"], env=environment, stderr=subprocess.DEVNULL).returncode != 0:
        support.skip("python%s has no numpy" % python.version)
    with support.Victim(python, "variables.py", "numpy", environment=environment) as victim:
        document = json.loads(support.lampyr_ok("dump", "-l", "-j", "-p", victim.pid).out)
        expected = victim.report["expected"]
    check_schema(document)
    problems = list(differences(functions_of(document), expected))
    check(not problems, "%d differ:\n  %s" % (len(problems), "\n  ".join(problems)))
    print("%d scalars" % len(expected["numpy_scalars"]["local"]))


def main(arguments):
    python = support.find_python(arguments[0])
    if arguments[1:] == ["busy"]:
        return test_busy(python)
    if arguments[1:2] == ["numpy"]:
        return test_numpy(python, arguments[2:])
    with support.Victim(python, "variables.py") as victim:
        run = support.lampyr_ok("dump", "-l", "-j", "-p", victim.pid)
        held = support.lampyr_ok("dump", "-l", "-j", "--blocking", "-p", victim.pid)
        text = support.lampyr_ok("dump", "-l", "-p", victim.pid)
        longer = support.lampyr_ok("dump", "-ll", "-j", "-p", victim.pid)
        expected = victim.report["expected"]
    document = json.loads(run.out)
    check_schema(document)
    found = functions_of(document)
    problems = list(differences(found, expected))
    count = sum(len(names) for kinds in expected.values() for names in kinds.values())
    print("%d variables checked" % count)
    check(not problems, "%d differ:\n  %s" % (len(problems), "\n  ".join(problems[:40])))
    check(functions_of(json.loads(held.out)) == found, "with --blocking they are others")

    support.check_no_control_bytes(text.out, "the text")
    words = parse_text(text.out)
    check(words["containers"]["few"] == found["containers"]["local"]["few"], "the text says %r" % words["containers"])
    check("        Arguments:\n            first: 'given'\n" in text.out.decode("utf-8"), "no arguments in the text")
    values = functions_of(json.loads(longer.out))
    check(values["texts"]["local"]["long_text"] == "'%s'" % ("x" * 1000), "-ll cuts a text of 1000 characters")
    check(values["containers"]["local"]["many"].startswith("[0, 1,") and ", 199, ..." in values["containers"]["local"]["many"],
          "-ll shows of many: %s" % values["containers"]["local"]["many"])


if __name__ == "__main__":
    support.run_test(main)

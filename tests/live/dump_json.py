#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dump_json.py VERSION: `lampyr dump --json` of a program that stands still.

The document is as docs/dump.schema.json says, tells the same stacks as the program itself, and its columns cut the very
expression that is being run out of the source.
"""
import ast
import json
import os
import re

import support
from matrix import compare_dump
from support import check

SCHEMA = os.path.join(support.ROOT, "docs", "dump.schema.json")
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
# Function: what it is in the middle of.
EXPRESSIONS = {
    "plain_function": "park()",
    "Base.method": "park()",
    "Derived.overridden": "super(Derived, self).overridden()",
}


def has_type(value, names):
    names = [names] if isinstance(names, str) else names
    return any(isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool)) for name in names)


def complaints(value, schema, root, where="$"):
    """What a document breaks of the words of JSON Schema that ours uses; an unknown word is a mistake of the schema."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    for word, rule in schema.items():
        if word == "type" and not has_type(value, rule):
            yield "%s is no %s" % (where, rule)
        elif word == "const" and value != rule:
            yield "%s is not %r" % (where, rule)
        elif word == "enum" and value not in rule:
            yield "%s is none of %r" % (where, rule)
        elif word == "minimum" and isinstance(value, int) and value < rule:
            yield "%s is less than %r" % (where, rule)
        elif word == "pattern" and isinstance(value, str) and not re.search(rule, value):
            yield "%s is not like %s" % (where, rule)
        elif word == "required":
            yield from ("%s has no %s" % (where, name) for name in rule if name not in value)
        elif word == "properties":
            yield from ("%s has an undocumented %s" % (where, name) for name in value if name not in rule)
            for name in rule:
                if name in value:
                    yield from complaints(value[name], rule[name], root, "%s.%s" % (where, name))
        elif word == "items":
            for number, item in enumerate(value or ()):
                yield from complaints(item, rule, root, "%s[%d]" % (where, number))
        elif word not in ("$schema", "$defs", "title", "description", "type", "const", "enum", "minimum", "pattern"):
            yield "the schema's word %r is not known here" % word


def check_schema(document):
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    problems = list(complaints(document, schema, schema))
    check(not problems, "not as documented:\n  %s" % "\n  ".join(problems[:20]))
    broken = dict(document, version=2)
    check(list(complaints(broken, schema, schema)), "the schema finds nothing wrong with version 2")
    try:
        import jsonschema
    except ImportError:
        return
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]
    check(not errors, "jsonschema: %s" % errors[:20])


class Thread:
    """A thread of the document in the words of matrix.compare_dump."""

    def __init__(self, thread):
        self.tid = thread["os_thread_id"] or thread["thread_id"]
        self.state = thread["state"] + ("+gil" if thread["holds_gil"] else "")
        self.name, self.interpreter = thread["name"], thread["interpreter"]
        # compare_dump expects what the text shows: without a file there is no line either.
        self.frames = [support.Frame(f["qualified_name"] or f["function"], f["file"], f["line"] if f["file"] else None)
                       for f in thread["frames"]]


def source_of(frame, lines):
    """What stands between the frame's two positions."""
    cut = lines[frame["line"] - 1:frame["end_line"]]
    cut[-1] = cut[-1][:frame["end_column"]]
    cut[0] = cut[0][frame["column"]:]
    return b"\n".join(cut).decode("utf-8")


def check_columns(python, threads):
    frames = [frame for thread in threads for frame in thread["frames"]]
    if not python.has_own_frames:
        check(all(frame["column"] is None for frame in frames), "columns of a Python that keeps none")
        return
    script = os.path.join(support.TARGETS, "known_stacks.py")
    with open(script, "rb") as file:
        lines = file.read().split(b"\n")
    nodes = [node for node in ast.walk(ast.parse(b"\n".join(lines))) if hasattr(node, "col_offset")]
    whole = {(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) for node in nodes}
    statements = {(node.lineno, node.col_offset) for node in nodes if isinstance(node, ast.stmt)}
    found = {}
    ours = [frame for frame in frames if frame["file"] == script and frame["column"] is not None]
    for frame in ours:
        source = source_of(frame, lines)
        found[frame["qualified_name"]] = source
        # Of statements with a body only the head is run, or what the interpreter takes for it.
        where = frame["line"], frame["column"], frame["end_line"], frame["end_column"]
        check(where in whole or where[:2] in statements, "%s is at no node: %r" % (frame["qualified_name"], source))
    for name, source in EXPRESSIONS.items():
        check(found.get(name) == source, "%s runs %r, not %r" % (name, found.get(name), source))
    print("%d frames with columns" % len(ours))


def check_source(victim, threads):
    """--source: the lines of the files, in JSON and underlined in the text; not of a file that has changed."""
    run = support.lampyr_ok("dump", "--source", "-j", "-p", victim.pid)
    document = json.loads(run.out)
    check_schema(document)
    with open(os.path.join(support.TARGETS, "known_stacks.py"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    shown = 0
    for frame in (frame for thread in document["processes"][0]["threads"] for frame in thread["frames"]):
        if frame["short_file"] == "known_stacks.py":
            check(frame["source"] == lines[frame["line"] - 1], "line %s is %r" % (frame["line"], frame["source"]))
            shown += 1
    check(shown > 20, "%d lines of source" % shown)
    text = support.lampyr_ok("dump", "--source", "-p", victim.pid).out.decode("utf-8").split("\n")
    at = next(number for number, line in enumerate(text) if line.startswith("    plain_function ("))
    check(text[at + 1] == "        park()", "the line under it is %r" % text[at + 1])
    carets = threads and any(frame["column"] is not None for thread in threads for frame in thread["frames"])
    check((text[at + 2] == "        ^^^^^^") == carets, "under it stands %r" % text[at + 2])


def main(arguments):
    python = support.find_python(arguments[0])
    with support.Victim(python, "known_stacks.py") as victim:
        run = support.lampyr_ok("dump", "-j", "-p", victim.pid)
        again = support.lampyr_ok("dump", "--json", "--subprocesses", "--blocking", "-p", victim.pid)
        report = victim.report
        check_source(victim, json.loads(run.out)["processes"][0]["threads"])
    support.check_no_control_bytes(run.out, "the document")
    document = json.loads(run.out)
    check_schema(document)
    (process,) = document["processes"]
    check(process["pid"] == victim.pid, "it is of process %s" % process["pid"])
    check(process["python_version"].startswith(python.version.rstrip("t") + "."), process["python_version"])
    problems = compare_dump([Thread(thread) for thread in process["threads"]], report)
    check(not problems, "\n  ".join(problems[:20]))
    check_columns(python, process["threads"])
    same = json.loads(again.out)
    same["processes"][0]["time"] = process["time"]
    check(same == document, "with --blocking and --subprocesses it is another document")


if __name__ == "__main__":
    support.run_test(main)

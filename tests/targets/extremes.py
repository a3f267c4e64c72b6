# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""A program that is extreme in one way, and stands still in it.

    extremes.py --report FD CASE

CASE is deep, threads, long_name, line_table or names. The report says what the program knows of its stacks; for `deep`
only how many frames there are. Ends when standard input closes. Runs on Python 2.7 and 3.
"""
from __future__ import print_function

import ast
import os
import sys
import threading
import traceback

from parking import OS_THREAD, describe_threads, note_thread, park, text, wait_for_arrivals

PYTHON3 = sys.version_info[0] >= 3
DEPTH = 100000
THREADS = 300
LONG_NAME = 1000000
TABLE_BYTES = 1 << 20
FIRST_LINE = 1000  # of the first function with a hostile name; the next is at the next line


def start_thread(name, function):
    def body():
        note_thread()
        try:
            function()
        except BaseException:
            traceback.print_exc()
            sys.stdout.flush()
            os._exit(3)
    thread = threading.Thread(target=body, name=name)
    thread.daemon = True
    thread.start()


def replace_code(code, name, filename=None, first_line=None):
    """The code object under another name."""
    filename = code.co_filename if filename is None else filename
    first_line = code.co_firstlineno if first_line is None else first_line
    if hasattr(code, "replace"):
        changes = {"co_name": name, "co_filename": filename, "co_firstlineno": first_line}
        if hasattr(code, "co_qualname"):
            changes["co_qualname"] = name
        return code.replace(**changes)
    counts = [code.co_argcount] + ([code.co_kwonlyargcount] if PYTHON3 else [])
    return type(code)(*(counts + [
        code.co_nlocals, code.co_stacksize, code.co_flags, code.co_code, code.co_consts, code.co_names, code.co_varnames,
        filename, name, first_line, code.co_lnotab, code.co_freevars, code.co_cellvars]))


def renamed(name, filename, first_line=1):
    """A function of that name that parks."""
    namespace = {"park": park}
    exec("def standing(): park()\n", namespace)
    standing = namespace["standing"]
    return type(standing)(replace_code(standing.__code__, name, filename, first_line), namespace)


# --- the cases: each starts its threads and gives back how many will park ---------------------------------------------

def go_down(depth):
    if depth == 0:
        park()
    else:
        go_down(depth - 1)


def start_deep():
    threading.stack_size(512 * 1024 * 1024)
    sys.setrecursionlimit(DEPTH + 10000)
    start_thread("deep", lambda: go_down(DEPTH))
    return 1


def start_threads():
    threading.stack_size(256 * 1024)
    for number in range(THREADS):
        start_thread("number %d" % number, lambda number=number: go_down(number % 10))
    return THREADS


def start_long_name():
    start_thread("long name", renamed("n" * LONG_NAME, "long_name.py"))
    start_thread("long file", renamed("short", "f" * LONG_NAME + ".py"))
    start_thread("t" * LONG_NAME, renamed("short", "short.py"))
    return 3


def table_of(code):
    return code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab


def make_line_table():
    """Code whose line table has a megabyte, with three places to stop: near its ends and in its middle."""
    if sys.version_info >= (3, 11):
        statements = TABLE_BYTES // 7
    else:
        statements = TABLE_BYTES // 75
    stops = {1: 0, statements // 2: 1, statements - 2: 2}
    lines = ["stop(%d)" % stops[number] if number in stops else "a = b" for number in range(statements)]
    tree = ast.parse("\n".join(lines) + "\n", "table.py")
    for statement in tree.body:  # far apart: a long entry in the table for each line
        for node in ast.walk(statement):
            if hasattr(node, "lineno"):
                node.lineno = node.end_lineno = 10000 * node.lineno + (5000 if isinstance(node, ast.Name) else 0)
    return compile(tree, "table.py", "exec")


def start_line_table():
    code = make_line_table()
    if len(table_of(code)) < TABLE_BYTES:
        print("the line table has only %d bytes" % len(table_of(code)))
        sys.stdout.flush()
        os._exit(3)

    def run(mine):
        exec(code, {"b": 1, "stop": lambda number: park() if number == mine else None})
    for number in range(3):
        start_thread("stop %d" % number, lambda number=number: run(number))
    return 3


HOSTILE = [
    "semi;colon", "a;b 5", "new\nline", "\n", "carriage\rreturn", "tab\there", "nul\0inside", "x (y.py:3)", "", " ", "  two",
    "</script><script>alert(1)</script>", "]]><!-- -->", "&amp; & < > \" '", "</text></g></svg>", "{{curly}} %s {0} $1",
    "back\\slash", "\\", "\\\\", "literal \\x1b escape", "literal \\n escape", "literal \\u{202e} escape", "`$(reboot)`",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[2J", "\x01\x02\x03\x1f", "\x7f", "back\bspace", "(unproven)",
    "thread (1): fake", "process 1:\"fake\"", "__proto__", "=cmd|' /C calc'!A0", "100 %", "12", "a 12",
]
HOSTILE_UNICODE = [
    u"\u202eright to left\u202c", u"\u200bzero\u200dwidth\ufeff", u"\u0085next line", u"\u2028separator\u2029", u"\x9bcsi",
    u"\ud800 alone", u"\udfff", u"literal \\ud800", u"\uffff\ufffe", u"\U0010ffff", u"caf\u00e9", u"cafe\u0301", u"\u6f22\u5b57",
    u"\U0001f40d", u"\u0430dmin", u"\xa0",
]
HOSTILE_BYTES = [b"\xff\xfe", b"caf\xc3\xa9", b"caf\xe9", b"\xed\xa0\x80", b"\x9b31m"]


def hostile_names():
    return HOSTILE + (HOSTILE_UNICODE if PYTHON3 else HOSTILE_BYTES)


def start_names():
    """Hostile function names, then the same as file names (a NUL cannot be in one on all versions), then as thread names."""
    line = FIRST_LINE
    names = hostile_names()
    for name in names:
        start_thread("name", renamed(name, "names.py", line))
        line += 1
    for name in names:
        start_thread("file", renamed("function", name, line))
        line += 1
    for name in names:
        start_thread(name, renamed("function", "threads.py", line))
        line += 1
    return 3 * len(names)


def as_text(name):
    """A name as code points; bytes that are no UTF-8 as Python 3 would hold them in text."""
    if isinstance(name, type(u"")):
        return name
    try:
        decoded = name.decode("utf-8")
    except UnicodeDecodeError:
        decoded = u"\ud800"
    if not any(0xd800 <= ord(character) < 0xe000 for character in decoded):  # Python 2 lets surrogates through
        return decoded
    return u"".join(character if ord(character) < 0x80 else chr_of(ord(character)) for character in name.decode("latin-1"))


def chr_of(byte):
    return (u"\\udc%02x" % byte).encode("ascii").decode("unicode_escape")


def count_frames(frame):
    count = 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


def describe(case, own_frame):
    import json
    if case == "deep":
        own = threading.current_thread().ident
        report = {"depths": dict((OS_THREAD[ident], count_frames(own_frame if ident == own else frame))
                                 for ident, frame in sys._current_frames().items())}
    elif case == "names":
        report = {"names": [as_text(name) for name in hostile_names()], "first_line": FIRST_LINE}
    else:
        return describe_threads((), own_frame)
    return (json.dumps(report) + "\n").encode("ascii")


def main():
    report_to, case = int(sys.argv[2]), sys.argv[3]
    note_thread()
    threading.stack_size(512 * 1024)
    start = {"deep": start_deep, "threads": start_threads, "long_name": start_long_name, "line_table": start_line_table,
             "names": start_names}[case]
    wait_for_arrivals(start())
    os.write(report_to, describe(case, sys._getframe())); os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""Profiles of a program whose functions are called what acts somewhere: in XML, JSON, Markdown, a terminal, a workflow
command. Some are slower on the new side, one is gone and one is new."""
import math
import os
import random

NAMES = [b"main", b"]]>", b"a & b <c> \"d\" 'e'", b"line\nbreak\r\n::error::injected", b"\x1b[31mred\x07\x00end",
         b"\xed\xa0\x80lone", b"::error file=x::no", b"100%|`code`|%0A", b"##[error]old", b"<script>alert(1)</script>",
         b"[x](http://e.vil/) ![y](z)", b"www.example.com/@you #1", "\u202ertl".encode(), b"--> <!-- ]]>", b"\xff\xfe",
         ("é" * 300).encode(), b"a,b:c=d", b"-- \\ * _ ~"]
SLOWER = (3, 5, 6, 7, 8, 9, 11)
GONE, NEW = b"gone <only> base", b"new & only"
FILES = [b"lib.py", b"a,b:c%/x\ny.py", b"dir with blank/&<>.py"]


def visible(name):
    """`name` as reports for people show it (src/base/escape.hpp); the reader of raw files has made text of stray bytes."""
    out = ""
    for char in name.decode("utf-8", "surrogateescape"):
        code = ord(char)
        if 0xDC80 <= code <= 0xDCFF:
            out += "\\u{:04x}".format(code)
        elif code < 0x20 or code == 0x7F:
            out += "\\x{:02x}".format(code)
        else:
            out += "\\u{202e}" if code == 0x202E else char
    return out


def folded(name):
    """`name` in a raw file: whatever is not plain is escaped, for the reader to bring back."""
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 0x80 else "\\x{:02x}".format(byte) for byte in name)


def file_of(index):
    return FILES[index % len(FILES)]


def write_run(path, rng, new_side):
    host = math.exp(rng.gauss(0, 0.02))
    with open(path, "w") as out:
        def put(name, file, line, mean):
            count = max(1, round(rng.gauss(mean, math.sqrt(mean))))
            out.write("main (app.py:1);{} ({}:{}) {}\n".format(folded(name), folded(file), line, count))
        for index, name in enumerate(NAMES):
            factor = 1.5 if new_side and index in SLOWER else 1
            put(name, file_of(index), 10 * index + 10, 1000 * host * math.exp(rng.gauss(0, 0.005)) * factor)
        put(NEW if new_side else GONE, b"lib.py", 500, 400)
        put(b"<lambda>", b"/opt/one/twin.py", 7, 600 * (1.5 if new_side else 1))
        put(b"<lambda>", b"/opt/two/twin.py", 7, 600 * (1.5 if new_side else 1))


def make(folder, runs=10):
    for side in ("base", "new"):
        os.makedirs(os.path.join(folder, side))
        for run in range(runs):
            path = os.path.join(folder, side, "{:03}.txt".format(run))
            write_run(path, random.Random("{} {}".format(side, run)), side == "new")

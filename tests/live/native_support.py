# SPDX-License-Identifier: MIT
"""What the tests of native frames share: the library of known C functions, and the stacks of native_stacks.py."""
import os
import shutil
import struct
import subprocess

import support

FIRST = 6
OURS = ("native_stacks.py", "native_calls.so")


def build_library(folder):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        support.skip("no C compiler here")
    path = os.path.join(folder, "native_calls.so")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-fomit-frame-pointer", "-o", path,
                    os.path.join(support.TARGETS, "native_calls.c")], check=True, timeout=support.TIMEOUT)
    return path


def expected(levels):
    """The known stack, root first, from the function that all of it begins with."""
    names = ["work", "step", "from_c"]
    for _ in range(levels):
        names += ["native_call", "native_wide", "step", "from_c"]
    return names + ["innermost", "native_deep", "native_spin"]


def known_part(frames):
    """The frames of the target's own two files, root first, from `work` on."""
    names = [frame.name for frame in frames if frame.file in OURS and frame.name != "[unknown]"]
    return names[names.index("work"):] if "work" in names else []


def check_merged(summary, python):
    """How many samples of a program that is held may lack machine frames, apart from the first, which show where its stacks lie. Stops that last for milliseconds say that the processors
    are busy with something else; then some are given up, and their machine stacks are of another moment. Samples are counted, not
    the time they stand for: one that is marked may stand for the ticks that a busy machine left out before it."""
    most = 0.03 if python.number < (3,) else 0.01  # frames of 2.7 do not say whether they run
    if summary["stop_p99_us"] >= 1000:
        most = 0.06
    lost = summary["losses"]["native cut"] + summary["losses"]["native unmatched"]
    support.check(lost <= FIRST + most * summary["samples"],
                  "%d of %d samples are not merged: %s" % (lost, summary["samples"], summary["losses"]))


def section(path, name):
    """(offset, size) of a section of a 64-bit ELF file."""
    with open(path, "rb") as file:
        data = file.read()
    table, = struct.unpack_from("<Q", data, 0x28)
    entry, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * entry) for i in range(count)]
    for header in headers:
        start = headers[names][4] + header[0]
        if data[start:data.index(b"\0", start)].decode() == name:
            return header[4], header[5]
    raise support.Failure("no section %s in %s" % (name, path))

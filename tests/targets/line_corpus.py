# SPDX-License-Identifier: MIT
"""Writes what this interpreter says about the lines of at least MIN code objects of its standard library.

One record a code object, little-endian 32-bit numbers:
    first line, length of the bytecode, length of the table, the table,
    number of instructions, then for each: byte offset, line (-1: none),
    and when there are columns (3.11+): line, end line, column, end column (-1: none).
A record whose bytecode length is 0xffffffff ends the stream; 'columns' is a flag in the stream's first number.
The line is PyCode_Addr2Line's answer, the function behind frame.f_lineno and traceback.tb_lineno.
"""
import array
import ctypes
import os
import struct
import sys
import warnings

warnings.simplefilter("ignore")
HAS_COLUMNS = sys.version_info >= (3, 11)
UNITS = sys.version_info >= (3, 6)
HAVE_ARGUMENT = 90

addr2line = ctypes.pythonapi.PyCode_Addr2Line
addr2line.argtypes = [ctypes.py_object, ctypes.c_int]
addr2line.restype = ctypes.c_int

TRICKY = '''
def multi_line_call(a):
    return max(
        a,
        len(
            "x"
        ),
        [y
         for y in range(3)
         if y],
    )

def with_after_except(p):
    try:
        p()
    except ValueError as e:
        raise KeyError(
            e) from e
    finally:
        with p as q:
            q()
    return p

def loops(n):
    while True:
        for i in range(n):
            if i: continue
            break
        else:
            return None
        lambda: (
            yield_ for yield_ in [n])
''' + "\n" * 700 + '''
def far_down(a, b):
    x = (a +
''' + "\n" * 400 + '''
         b)
    return x

class K(
    object,
):
    f = property(
        lambda self: 1)
'''
if sys.version_info[0] == 2:
    TRICKY = TRICKY.replace(" from e", "")
LONG = "def long():\n    x = 0\n" + "".join("    x = max(x, %d,\n            x)\n" % i for i in range(400)) + "    return x\n"
WIDE = "a = [" + ", ".join("f(%d)" % i for i in range(80)) + "]\n"


def offsets(code):
    if UNITS:
        return range(0, len(code.co_code), 2)
    result, at, raw = [], 0, bytearray(code.co_code)
    while at < len(raw):
        result.append(at)
        at += 3 if raw[at] >= HAVE_ARGUMENT else 1
    return result


def code_objects(code):
    pending = [code]
    while pending:
        code = pending.pop()
        yield code
        pending.extend(c for c in code.co_consts if hasattr(c, "co_code"))


def sources():
    for text in (TRICKY, LONG, WIDE):
        yield "<corpus>", text
    for folder, folders, files in os.walk(os.path.dirname(os.__file__)):
        folders[:] = sorted(f for f in folders if f not in ("site-packages", "dist-packages", "lib2to3", "bad_coding"))
        for name in sorted(files):
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                if os.path.exists(path):  # packages leave dangling links
                    with open(path, "rb") as f:
                        yield path, f.read()


def none_to_minus_one(value):
    return -1 if value is None else value


def record(code):
    table = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
    numbers = array.array("i")
    positions = list(code.co_positions()) if HAS_COLUMNS else None
    starts = offsets(code)
    for index, offset in enumerate(starts):
        numbers.append(offset)
        numbers.append(addr2line(code, offset))
        if HAS_COLUMNS:
            numbers.extend([none_to_minus_one(v) for v in positions[index]])
    assert numbers.itemsize == 4
    head = struct.pack("<iII", code.co_firstlineno, len(code.co_code), len(table))
    body = numbers.tobytes() if hasattr(numbers, "tobytes") else numbers.tostring()
    return head + table + struct.pack("<I", len(starts)) + body


def main(minimum):
    out = getattr(sys.stdout, "buffer", sys.stdout)
    out.write(struct.pack("<I", HAS_COLUMNS))
    count = 0
    for path, text in sources():
        try:
            module = compile(text, path, "exec", 0, True)
        except (SyntaxError, ValueError, TypeError):
            continue  # test data that is wrong on purpose
        for code in code_objects(module):
            out.write(record(code))
            count += 1
        if count >= minimum:
            break
    out.write(struct.pack("<iII", 0, 0xFFFFFFFF, 0))
    out.flush()


main(int(sys.argv[1]))

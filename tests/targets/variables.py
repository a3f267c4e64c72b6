# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Waits in functions whose variables hold values of every kind, and reports what repr() says of them.

    variables.py --report FD
    variables.py --report FD busy    changes its variables all the time instead
    variables.py --report FD numpy   has scalars of numpy's types instead

Ends when standard input closes. Runs on Python 2.7 and 3. The report: for each function its arguments, locals and free
variables as {name: text}; a text that starts with "~" is a regular expression.
"""
from __future__ import print_function

import collections
import json
import os
import sys
import threading

PYTHON3 = sys.version_info[0] >= 3
EXPECTED = {}
AT = " at 0x[0-9a-f]+"


class Point(object):
    def __init__(self, x, y):
        self.x, self.y = x, y


class Slots(object):
    __slots__ = ("a", "b", "__hidden")

    def __init__(self):
        self.a, self.__hidden = [1], "h"


class MoreSlots(Slots):
    __slots__ = ("c", "__weakref__")

    def __init__(self):
        super(MoreSlots, self).__init__()
        self.b, self.c = None, 2.5


class SlotsAndDict(Slots):
    def __init__(self):
        super(SlotsAndDict, self).__init__()
        self.d = 4


class Meta(type):
    pass


HasMeta = Meta("HasMeta", (object,), {"__slots__": ("m",)})


class Number(int):
    pass


class Words(str):
    pass


class Names(dict):
    pass


class Oops(ValueError):
    pass


Pair = collections.namedtuple("Pair", "left right")


def slotted_record():
    """A dataclass with slots; None before 3.10."""
    if sys.version_info < (3, 10):
        return None
    import dataclasses
    return dataclasses.make_dataclass("Record", [("number", int), ("words", list)], slots=True)(1, ["a"])


def expect(function, arguments=(), variables=(), free=(), **special):
    """`special`: texts of what does not look as repr() has it."""
    def texts(variables):
        return {name: special.get(name, repr(value)) for name, value in variables}
    EXPECTED[function] = {"argument": texts(arguments), "local": texts(variables), "free": texts(free)}


def wait():
    report = int(sys.argv[sys.argv.index("--report") + 1])
    with os.fdopen(report, "w") as file:
        file.write(json.dumps({"pid": os.getpid(), "expected": EXPECTED}) + "\n")
    sys.stdin.read()


def numbers():
    none, true, false, dots = None, True, False, Ellipsis
    zero, one, minus, word = 0, 1, -1, 2 ** 63 - 1
    large, larger, digits = 2 ** 64, -(10 ** 30), 2 ** 300
    half, tenth, huge, tiny, whole = 0.5, 0.1, 1e300, -5e-324, 3.0
    infinite, nothing = float("inf"), float("nan")
    turned, both_parts, no_turn = 2j, -1.5 - 2.25j, complex(3)
    derived = Number(7)
    expect("numbers", variables=list(locals().items()), derived="Number(7)")
    texts("given", 2, 3, key="word")


def texts(first, *rest, **keywords):
    empty, plain, quotes, both = "", "plain", "it's", "'\""
    lines, control = "a\nb\tc\\", "\x01\x7f"
    raw = b"\x00\xffa'"
    long_text = "x" * 1000
    derived = Words("mine")
    arguments = [("first", first), ("rest", rest), ("keywords", keywords)]
    local = list(item for item in locals().items() if item[0] not in ("first", "rest", "keywords", "arguments"))
    expect("texts", arguments, local, derived="Words('mine')", long_text="~'x{119}\\.\\.\\.")
    EXPECTED["texts"]["local"]["arguments"] = "~\\[\\('first', 'given'\\), .*"
    EXPECTED["texts"]["local"]["local"] = "~\\[\\(.*"
    wide_texts()


def wide_texts():
    latin, greek, smile = u"caf\u00e9", u"\u03b1\u03b2", u"\U0001f600"
    lone = u"\ud800" if PYTHON3 else u"x"
    unicode_words = u"plain"
    shown = {"latin": u"'caf\u00e9'", "greek": u"'\u03b1\u03b2'", "smile": u"'\U0001f600'", "lone": u"'\\ud800'",
             "unicode_words": u"'plain'"}
    if not PYTHON3:
        shown = {name: u"u" + text for name, text in shown.items()}
        shown["lone"] = u"u'x'"
        if sys.maxunicode == 0xFFFF:
            shown["smile"] = u"u'\\ud83d\\ude00'"
    EXPECTED["wide_texts"] = {"argument": {}, "local": dict(shown, shown=u"~\\{.*"), "free": {}}
    containers()


def containers():
    empty_list, empty_tuple, empty_dict, empty_set = [], (), {}, set()
    few, one, nested = [1, 2.5, "a"], (1,), [[1, (2, [3])], {"k": [None]}]
    table, deleted = {"a": 1, 2: "b"}, {"a": 1, "b": 2, "c": 3}
    del deleted["b"]
    numbers_set, frozen = {1, 2, 3}, frozenset([5])
    numbers_set.discard(2)
    many = list(range(1000))
    endless = [1]
    endless.append(endless)
    deep = current = []
    for _ in range(100):
        current.append([])
        current = current[0]
    del current, _
    pair, names = Pair(1, "r"), Names(a=1)
    ordered = collections.OrderedDict([("z", 1), ("a", 2)])
    special = dict(
        endless="[1, [...]]", deep="[[[[...]]]]", pair="Pair((1, 'r'))", names="Names({'a': 1})",
        many="[%s, ...]" % ", ".join(map(str, range(12))),
        nested="[[1, (2, [...])], {'k': [None]}]", numbers_set="{1, 3}", empty_set="set()",
        frozen="frozenset({5})", ordered="~(collections\\.)?OrderedDict\\(\\{.*\\}\\)")
    local = list(item for item in locals().items() if item[0] != "special")
    expect("containers", variables=local, **special)
    EXPECTED["containers"]["local"].update(special="~\\{.*", local="~\\[\\(.*")
    objects(Point(1, "two"))


def objects(point):
    slots, bare, routine, builtin = Slots(), object(), wait, len
    kind, module, error = Point, os, Oops("bad", 3)
    bound = point.__init__
    late = Point(0, 0)
    late.__dict__["more"] = [1]
    more_slots, both, has_meta = MoreSlots(), SlotsAndDict(), HasMeta()
    has_meta.m = (1,)
    record = slotted_record()
    local = [("slots", slots), ("bare", bare), ("routine", routine), ("builtin", builtin), ("kind", kind),
             ("module", module), ("error", error), ("bound", bound), ("late", late), ("more_slots", more_slots),
             ("both", both), ("has_meta", has_meta), ("record", record)]
    inherited = "_Slots__hidden='h', a=\\[1\\]"
    expect("objects", [("point", point)], local + [("local", local)],
           point="~<Point%s: (x=1, y='two'|y='two', x=1)>" % AT, slots="~<Slots%s: %s>" % (AT, inherited), bare="~<object%s>" % AT,
           routine="<function wait>", builtin="~<builtin_function_or_method%s>" % AT, kind="<class 'Point'>",
           module="<module os>", error="Oops('bad', 3)", local="~\\[.*",
           more_slots="~<MoreSlots%s: _Slots__hidden='h', a=\\[1\\], b=None, c=2\\.5>" % AT,
           both="~<SlotsAndDict%s: %s, d=4>" % (AT, inherited), has_meta="~<HasMeta%s: m=\\(1,\\)>" % AT,
           record="None" if record is None else "~<Record%s: number=1, words=\\['a'\\]>" % AT,
           bound="~<(instance)?method%s>" % AT, late="~<Point%s: (x=0, y=0, more=\\[1\\]|.*more=\\[1\\].*)>" % AT)
    EXPECTED["objects"]["local"]["inherited"] = "~.*"
    outer(10, kept=20)


def outer(cell_argument, kept, unused=30):
    in_cell, unbound = [1], None
    del unbound

    def inner(own):
        mine = own + 1
        total = cell_argument + in_cell[0]
        expect(INNER, [("own", own)], [("mine", mine), ("total", total)],
               [("cell_argument", cell_argument), ("in_cell", in_cell)])
        wait()
    expect("outer", [("cell_argument", cell_argument), ("kept", kept), ("unused", unused)], [("in_cell", in_cell)])
    EXPECTED["outer"]["local"]["inner"] = "~<function (outer\\.<locals>\\.)?inner>"
    inner(1)


INNER = "outer.<locals>.inner" if sys.version_info >= (3, 11) else "inner"


def numpy_scalars():
    import numpy
    double, single, complex_number = numpy.float64(0.1), numpy.float32(0.1), numpy.complex128(1.5 - 2j)
    long, int32, int8, uint16 = numpy.int64(-5), numpy.int32(2 ** 31 - 1), numpy.int8(-7), numpy.uint16(65535)
    true, words = numpy.bool_(True), numpy.str_("words")
    bool_name = type(true).__name__
    expect("numpy_scalars", variables=[("bool_name", bool_name)])
    EXPECTED["numpy_scalars"]["local"].update(
        double="numpy.float64(0.1)", single="numpy.float32(0.1)", complex_number="numpy.complex128(1.5-2j)",
        long="numpy.int64(-5)", int32="numpy.int32(2147483647)", int8="numpy.int8(-7)", uint16="numpy.uint16(65535)",
        true="numpy.%s(True)" % bool_name, words="~.*'words'.*", numpy="<module numpy>")
    wait()


def leave_at_the_end():
    sys.stdin.read()
    os._exit(0)


def spin():
    number, pair = 0, (0, 0)
    while True:
        number += 1
        pair = (number, -number)


if __name__ == "__main__":
    if "busy" in sys.argv:
        threading.Thread(target=leave_at_the_end).start()
        with os.fdopen(int(sys.argv[sys.argv.index("--report") + 1]), "w") as file:
            file.write(json.dumps({"pid": os.getpid()}) + "\n")
        spin()
    if "numpy" in sys.argv:
        numpy_scalars()
    numbers()

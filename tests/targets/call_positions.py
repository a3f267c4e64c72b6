# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Blocks a thread in every place where a call can stand, and reports each thread's stack.

    call_positions.py --report FD

Each template below is the source of a function `start`. A `$` in it is a call of `hook`, which gives back what stands in
the braces behind it (`${[1]}`) or 0. For each `$` a thread runs the template and parks in just that call. So the lines that
the interpreter reports for callers in the middle of a statement are all met. Runs on Python 2.7 and 3.
"""
from __future__ import print_function

import functools
import json
import os
import re
import sys
import threading
import traceback

from parking import describe_threads, note_thread, park, wait_for_arrivals

threading.stack_size(256 * 1024)
MINE = threading.local()

TEMPLATES = [
    # arguments
    ("arguments", (2, 7), """
def start():
    return take(
        $,
        $,
        three=$,
        *${[1]},
        **${{}}
    )
"""),
    ("arguments_hanging", (2, 7), """
def start():
    value = take($, take($,
                         $),
                 take(
                     $
                 ), $
                 )
    return value
"""),
    ("nested_calls", (2, 7), """
def start():
    return take(
        take(
            take(
                $
            ),
            $,
        ),
        $
    ) + take(
        $)
"""),
    ("callee_expression", (2, 7), """
def start():
    ${take}(
        1,
        ${take}(
            2
        )
    )
"""),
    ("chained_methods", (2, 7), """
def start():
    return (Chain()
            .add(1)
            .add($)
            .add(
                $
            )
            .hooked(1)
            .add(3)
            .hooked(
                $,
            )
            .total())
class Chain(object):
    def add(self, *_):
        return self
    def hooked(self, *_):
        $
        return self
    def total(self):
        return $
"""),
    ("chain_with_backslashes", (2, 7), """
def start():
    return Chain() \\
        .add($) \\
        .add(1).add($) \\
        .add(
            $)
class Chain(object):
    def add(self, *_):
        return self
"""),
    ("keyword_arguments", (2, 7), """
def start():
    return dict(
        a=$,
        b=dict(
            c=$,
            d=[
                $,
            ],
        ),
        e=$
    )
"""),
    ("two_stars", (3, 5), """
def start():
    return take(
        *${[1]},
        *${[2]},
        $,
        **${{"a": 1}},
        **${{"b": 1}},
    )
"""),
    # definitions
    ("decorators", (2, 7), """
def start():
    @decorator(
        $,
        $
    )
    @decorator($)
    @decorator(

        $
    )
    def made(a=$,
             b=$,
             c=[$,
                $]):
        return a
    return made
"""),
    ("decorator_body", (2, 7), """
def start():
    @blocking(1)
    @blocking(
        2,
        3
    )
    def made():
        pass
    return made()
def blocking(*_):
    $
    def decorate(function):
        $
        def wrapper():
            return $ or function()
        return wrapper
    return decorate
"""),
    ("class_decorators_and_bases", (2, 7), """
def start():
    @decorator($)
    @decorator(
        $
    )
    class Made(
            ${object},
    ):
        first = $
        second = [
            1,
            $,
        ]

        def method(self, default=$):
            return $

        third = $
    return Made().method()
"""),
    ("defaults", (2, 7), """
def start():
    def made(
        a=$,
        b=1,
        c=$
    ):
        return a, b, c
    return (lambda x=$,
                   y=$: x + $ +
            $)()
"""),
    ("keyword_defaults_and_annotations", (3, 0), """
def start():
    def made(
        a: 1 = $,
        *,
        b: 2 = $,
        c=$
    ) -> 3:
        return a
    return made()
"""),
    ("class_keywords", (3, 6), """
def start():
    class Made(
        Registry,
        first=$,
        second=$,
    ):
        pass
class Registry:
    def __init_subclass__(cls, **named):
        $
"""),
    # displays and comprehensions
    ("displays", (2, 7), """
def start():
    return [
        $,
        ($,
         $),
        {$,
         $},
        {
            $: $,
            1: [
                $],
            $:
                $,
        },
    ]
"""),
    ("list_comprehension", (2, 7), """
def start():
    return [
        take(item,
             $)
        for item
        in ${[1, 2]}
        for other in
        ${[1]}
        if
        ${True}
        if (item and
            ${True})
    ]
"""),
    ("set_comprehension", (2, 7), """
def start():
    return {
        $
        for item in ${[1, 2]}
        if ${True}
    }
"""),
    ("dict_comprehension", (2, 7), """
def start():
    return {
        $:
            $
        for item in ${[1, 2]}
        if item
        if ${True}
    }
"""),
    ("generator_expression", (2, 7), """
def start():
    return list(
        take(
            $,
            item
        )
        for item in
        ${[1, 2]}
        for other in ${[1]}
        if ${True}
    )
"""),
    ("comprehension_in_comprehension", (2, 7), """
def start():
    return [
        [
            [$ for x in
             ${[1]}]
            for y in ${[1]}
        ]
        for z in ${[1]}
    ]
"""),
    ("comprehension_lambda", (2, 7), """
def start():
    return [
        (lambda n:
            $ +
            n)(
            $
        )
        for item in ${[1]}
    ]
"""),
    ("comprehension_with_exception_around", (2, 7), """
def start():
    try:
        return [
            int(${"x"})
            for item in [1]
        ]
    except ValueError:
        return [
            $
            for item in [1]
        ]
"""),
    # with
    ("with_one", (2, 7), """
def start():
    with manager(
            $,
            $
    ) as (
            a):
        $
        b = [
            $
        ]
    return $
"""),
    ("with_several", (2, 7), """
def start():
    with manager($) as a, \\
            manager($) as b, \\
            manager(
                $
            ) as c:
        $
    return a, b, c
"""),
    ("with_special_methods", (2, 7), """
def start():
    with Hooked(
        1
    ), Hooked(2), \\
            Hooked(
                3
            ):
        1
        2
    return 1
class Hooked(object):
    def __init__(self, number):
        self.number = number
        $
    def __enter__(self):
        return $
    def __exit__(self, *_):
        $
"""),
    ("with_exit_by_return", (2, 7), """
def start():
    with Hooked() as a:
        with Hooked() as b:
            if a is not b:
                return [
                    $,
                    1,
                ]
    return 2
class Hooked(object):
    def __enter__(self):
        return self
    def __exit__(self, *_):
        $
"""),
    ("with_exit_by_exception", (2, 7), """
def start():
    with Hooked():
        a = 1
        with Hooked():
            raise ValueError(
                $
            )
    try:
        with manager(1):
            int(
                "no number"
            )
    except ValueError:
        with manager($):
            $
    with Hooked():
        return $
class Hooked(object):
    def __enter__(self):
        return self
    def __exit__(self, *_):
        $
        return True
"""),
    ("with_exit_by_break_and_continue", (2, 7), """
def start():
    for item in ${[1, 2, 3]}:
        with Hooked():
            if item == 1:
                continue
            if item == 2:
                break
        never = 1
    return $
class Hooked(object):
    def __enter__(self):
        pass
    def __exit__(self, *_):
        $
"""),
    ("with_parentheses", (3, 9), """
def start():
    with (
        manager($) as a,
        manager(
            $
        ) as b,
        Hooked(),
    ):
        $
    return a, b
class Hooked:
    def __enter__(self):
        $
    def __exit__(self, *_):
        $
"""),
    # try
    ("try_all_parts", (2, 7), """
def start():
    for number in ${["1", "x", None]}:
        try:
            $
            int(
                number
            )
        except (
                ValueError,
                ${KeyError}):
            $
        except ${TypeError} as error:
            take(error,
                 $)
        else:
            take(
                $)
        finally:
            take(1,
                 $,
                 2)
"""),
    ("try_nested", (2, 7), """
def start():
    try:
        try:
            try:
                raise ValueError($)
            finally:
                $
        except KeyError:
            never = 1
        finally:
            $
    except ValueError:
        try:
            raise KeyError(
                $
            )
        except KeyError:
            $
        $
    return $
"""),
    ("finally_by_return", (2, 7), """
def start():
    try:
        try:
            return take(
                $,
            )
        finally:
            take(
                $
            )
    finally:
        $
"""),
    ("finally_in_loop", (2, 7), """
def start():
    for item in [1, 2]:
        try:
            if item == 1:
                continue
            break
        finally:
            $
    else:
        never = 1
    return $
"""),
    ("reraise", (2, 7), """
def start():
    try:
        try:
            fail()
        except ValueError:
            $
            raise
    except ValueError as error:
        return take(error,
                    $)
def fail():
    raise ValueError(
        "text %s" % (
            $
        )
    )
"""),
    ("raise_from", (3, 0), """
def start():
    try:
        raise ValueError(
            $
        ) from KeyError(
            $
        )
    except ValueError:
        $
"""),
    ("except_star", (3, 11), """
def start():
    try:
        raise ExceptionGroup(
            "several",
            [ValueError($),
             KeyError($)]
        )
    except* (ValueError,
             ${OSError}):
        $
    except* KeyError as group:
        take(group,
             $)
    finally:
        $
"""),
    # expressions
    ("conditional", (2, 7), """
def start():
    a = (
        $
        if ${True}
        else 1
    )
    b = (1
         if ${False}
         else
         $)
    return a if $ else (
        b if ${True} else 2
    )
"""),
    ("boolean", (2, 7), """
def start():
    a = (${True} and
         ${True} and
         $)
    b = (${0}
         or
         ${[]}
         or $)
    return (not
            $)
"""),
    ("comparison_chain", (2, 7), """
def start():
    return (
        $
        <= ${1}
        < ${2}
        !=
        ${3}
    )
"""),
    ("arithmetic", (2, 7), """
def start():
    value = (
        $
        + $ * $
        - (
            $
            ** 2
        )
    )
    value += (
        $
    )
    value |= take(
        ) or $
    return (-
            $)
"""),
    ("subscripts", (2, 7), """
def start():
    data = [[1, 2, 3], [4, 5, 6]]
    data[
        $
    ][
        $
    ] = $
    data[$:
         ${2}] = [
        data[0][
            $],
    ]
    del data[
        $
    ]
    return {0: 1}[
        $
    ]
"""),
    ("attributes", (2, 7), """
def start():
    ${Thing()}.value = $
    ${Thing()} \\
        .value \\
        .__class__
    thing = Thing()
    thing.other = thing.another = (
        $
    )
    del ${thing}.other
class Thing(object):
    value = 1
"""),
    ("unpacking", (2, 7), """
def start():
    a, b = (
        $,
        $
    )
    (c,
     d) = ${[1, 2]}
    [0, 0][
        $], e = (
        1, $
    )
"""),
    ("star_unpacking", (3, 5), """
def start():
    first, *rest = [
        *${[1, 2]},
        $,
        *(
            ${[3]}
        ),
    ]
    return {
        **${{}},
        **(
            ${{"a": 1}}
        ),
    }, {
        *${[1]},
        $
    }
"""),
    ("strings", (2, 7), """
def start():
    return ("%s %s"
            % ($,
               $)
            + "{} {}".format(
                $,
                $
            )
            + "".join(
                [str($),
                 str(
                     $)]
            ))
"""),
    ("f_strings", (3, 6), """
def start():
    a = f"{$} and {$:>{${10}}}"
    b = (f"{$}"
         f"{$!r}"
         " plain "
         f"{$}")
    c = f\"\"\"
    {$}
    {take($, 1)}

    {
    $
    }
    \"\"\"
    return a, b, c
"""),
    ("walrus", (3, 8), """
def start():
    if (value :=
            $) or (
            other := ${True}):
        return [
            last := $,
            last
        ]
"""),
    ("lambdas", (2, 7), """
def start():
    first = lambda a: \\
        $
    second = lambda a, b=$: (
        $ or take(
            $
        )
    )
    return first(1) or second(
        $
    ) or (
        lambda: (
            $
        )
    )()
"""),
    # statements
    ("returns", (2, 7), """
def start():
    one()
    two()
    return (
        three(),
    )
def one():
    return $
def two():
    return take(
        1,
        $
    )
def three():
    return (
        1,

        $,
    )
"""),
    ("if_chain", (2, 7), """
def start():
    if $:
        never = 1
    elif (
            $
    ):
        never = 2
    elif not (${True} and
              $):
        return [
            $
        ]
"""),
    ("while", (2, 7), """
def start():
    left = 2
    while (left
           and ${True}):
        left -= (
            ${1}
        )
        take(left,
             $)
    else:
        $
"""),
    ("for", (2, 7), """
def start():
    for (a,
         b) in zip(
             ${[1, 2]},
             ${[1, 2]}
         ):
        take(a,
             $)
    else:
        $
    for a in \\
            ${[1]}:
        b = \\
            $
"""),
    ("iteration_protocol", (2, 7), """
def start():
    for item in Counting(
            2
    ):
        item = item
    return list(
        Counting(2)
    ) + [
        item
        for item in
        Counting(2)
    ]
class Counting(object):
    def __init__(self, limit):
        self.limit = limit
    def __iter__(self):
        $
        return self
    def __next__(self):
        if self.limit <= $:
            raise StopIteration(
                $
            )
        self.limit -= 1
        return $
    next = __next__
"""),
    ("assertions", (2, 7), """
def start():
    assert ${True}
    assert (
        ${True}
    ), "never"
    try:
        assert ${False}, (
            "text",
            $
        )
    except AssertionError:
        $
"""),
    ("delete_and_global", (2, 7), """
def start():
    global made_here
    made_here = $
    made_here += (
        $
    )
    items = {0: 1, 1: 2}
    del items[$], \\
        items[${1}]
    made_here = \\
        $
"""),
    ("one_line", (2, 7), """
def start():
    if ${True}: $; $
    for x in ${[1]}: $
    while $: pass
    try: $
    finally: $
    with manager($): $
    class A(object): x = $; y = $
    return (lambda: $)()
"""),
    ("far_apart", (2, 7), """
def start():
    return take(
        $,
""" + "\n" * 300 + """        $,
""" + "\n" * 70 + """        take(
            $,
            1
""" + "\n" * 130 + """        ), $
    )
"""),
    ("long_lines", (2, 7), """
def start():
    a = take(%s, $, %s, $)
    return take(%s,
                $)
""" % (", ".join("1" * 40), ", ".join("2" * 150), ", ".join("3" * 200))),
    ("much_code_between", (2, 7), """
def start():
    a = $
%s
    return take(a,
                $)
""" % "\n".join("    a = [a, a, a, a][0] or (a + 1) * 2 or {1: a, 2: a}[1]" for _ in range(120))),
    # special methods
    ("special_methods", (2, 7), """
def start():
    thing = Special(
    )
    thing[
        1
    ]
    thing[1
          :2] = (
        3
    )
    del thing[
        4]
    (thing
     + 1
     - 2)
    1 + \\
        thing
    thing += (
        1)
    thing.missing
    thing.changed = (
        1
    )
    thing(
        1,
        2
    )
    (-
     thing)
    3 in (
        thing
    )
    thing < \\
        3
    (thing ==
     4)
    len(
        thing
    )
    if (
            thing):
        pass
    str(
        thing)
    "%s %r" % (
        thing,
        thing
    )
    hash(
        thing
    )
    sorted([
        thing,
        thing
    ])
class Special(object):
    def __new__(cls):
        $
        return object.__new__(cls)
    def __init__(self):
        $
    def __getitem__(self, key):
        $
    def __setitem__(self, key, value):
        $
    def __delitem__(self, key):
        $
    def __add__(self, other):
        $
        return self
    def __sub__(self, other):
        return $
    def __radd__(self, other):
        $
    def __iadd__(self, other):
        $
        return self
    def __getattr__(self, name):
        $
    def __setattr__(self, name, value):
        $
    def __call__(self, *arguments):
        $
    def __neg__(self):
        $
    def __contains__(self, item):
        return $
    def __lt__(self, other):
        return $
    def __eq__(self, other):
        return $
    def __len__(self):
        return ${1}
    def __str__(self):
        return ${""}
    def __repr__(self):
        return ${""}
    def __hash__(self):
        return ${1}
"""),
    ("descriptors", (2, 7), """
def start():
    thing = Owner()
    thing.field
    thing.field = (
        1
    )
    del thing \\
        .field
    thing.property
    return [
        thing
        .property
    ]
class Descriptor(object):
    def __get__(self, instance, owner):
        return $
    def __set__(self, instance, value):
        $
    def __delete__(self, instance):
        $
class Owner(object):
    field = Descriptor()
    @property
    def property(self):
        return $
"""),
    # generators and coroutines
    ("generators", (2, 7), """
def start():
    source = make(
        $
    )
    next(
        source)
    try:
        source.send(
            $
        )
        source.throw(
            ValueError(
                $
            )
        )
    finally:
        source.close(
        )
def make(first):
    try:
        value = yield (
            $
        )
        yield [
            value,
            $
        ]
    except ValueError:
        yield (
            1,
            $
        )
    finally:
        $
"""),
    ("yield_from", (3, 3), """
def start():
    return list(
        outer()
    )
def outer():
    value = yield from (
        inner(
            $
        )
    )
    yield $
    return (yield from
            inner($))
def inner(n):
    yield n
    yield (
        $
    )
    return $
"""),
    ("coroutines", (3, 6), """
def start():
    drive(
        outer()
    )
def drive(coroutine):
    try:
        while True:
            coroutine.send(
                None
            )
    except StopIteration:
        $
async def outer():
    await middle(
        $,
        await middle(
            $,
            1
        )
    )
    async with Manager() as (
            a):
        $
    async for item in numbers(
            $
    ):
        $
    return [
        $
        async for item
        in numbers(
            $)
        if ${True}
    ]
async def middle(a, b):
    await Waiting(
    )
    return (
        a,
        $
    )
async def numbers(n):
    yield n
    yield (
        $)
class Waiting:
    def __await__(self):
        yield $
class Manager:
    async def __aenter__(self):
        $
    async def __aexit__(self, *_):
        await middle($,
                     $)
"""),
    # callbacks
    ("callbacks", (2, 7), """
def start():
    sorted(
        [2, 1],
        key=lambda item: (
            $
        )
    )
    list(map(
        callback,
        [1]
    ))
    functools.reduce(
        lambda a, b:
        $,
        [1, 2, 3]
    )
    functools.partial(
        callback,
        2
    )(
    )
    re.sub(
        "a",
        lambda match: str(
            $
        ),
        "banana"
    )
    json.loads(
        '{"a": 1}',
        object_hook=callback
    )
    return max(
        [1, 2],
        key=callback
    )
def callback(item):
    return (
        1,
        $
    )
"""),
    ("nested_functions", (2, 7), """
def start():
    def first():
        def second():
            return third(
                $
            )
        return second() or (
            $)
    third = lambda n: (
        n or
        $)
    return first(
    )
"""),
    ("recursion_over_lines", (2, 7), """
def start(depth=3):
    if depth:
        return [
            start(
                depth
                - 1
            ),
            $ if depth == 1 else 0,
        ]
    return (
        $
    )
"""),
    ("exec_and_eval", (2, 7), """
def start():
    eval('''[
        1,
        hook2(
            1
        ),
    ]''', {"hook2": lambda n: $})
    exec(compile('''
def inside():
    return (
        hook2(
        )
    )
inside(
)
''', "inside exec", "exec"), {"hook2": lambda: $})
"""),
    ("match", (3, 10), """
def start():
    match ${[1, 2]}:
        case [1, 2, 3]:
            never = 1
        case [
            1,
            x
        ] if (
                ${False}
        ):
            never = 2
        case [a, b] if $ or \\
                ${True}:
            take(a,
                 $)
    match take(
        1,
        $
    ):
        case None:
            $
    match {"kind": 1, "of": Point()}:
        case {"kind": 2 | 3}:
            never = 3
        case {"kind": 1,
              "of": Point(0)}:
            never = 4
        case {"of":
              Point(
                  x=_)}:
            $
        case _:
            never = 5
class Point:
    __match_args__ = ("x",)
    @property
    def x(self):
        return ${1}
"""),
    ("type_parameters", (3, 12), """
def start():
    class Box[T: (int,
                  str)](
            ${dict}
    ):
        value = $
    def made[T](a: T = $,
                *,
                b: T = $
                ) -> T:
        return $
    type Alias[T] = (
        list[
            $
        ]
    )
    return made(), Alias.__value__
"""),
    ("f_string_in_f_string", (3, 12), """
def start():
    return f'''{
        f"{$}"
        f"{
            $
        :>{
            ${3}
        }}"
    } {take(f'{$}',
            $)}'''
"""),
]


def hook(number, value=0):
    if number == MINE.position:
        park()
    return value


def take(*arguments, **named):
    return None


class manager(object):
    def __init__(self, *arguments):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def decorator(*arguments):
    return lambda function: function


def fill_in(template):
    """The template as source, and how many positions it has."""
    pieces, count, at = [], 0, 0
    while True:
        mark = template.find("$", at)
        if mark < 0:
            return "".join(pieces) + template[at:], count
        pieces.append(template[at:mark])
        at = mark + 1
        value = ""
        if template[at:at + 1] == "{":
            depth, end = 1, at + 1
            while depth:
                depth += {"{": 1, "}": -1}.get(template[end], 0)
                end += 1
            value = ", " + template[at + 1:end - 1]
            at = end
        pieces.append("hook(%d%s)" % (count, value))
        count += 1


def run_position(start, position, label, failures):
    note_thread()
    MINE.position = position
    try:
        start()
        failures.append("%s: position %d was not reached" % (label, position))
    except BaseException:
        failures.append("%s: position %d: %s" % (label, position, traceback.format_exc()))
    import parking
    os.write(parking.ARRIVALS_IN, b"x")


def launch(label, template, failures):
    """Starts a thread for each position of a template; gives back their names."""
    source, count = fill_in(template)
    namespace = {"hook": hook, "take": take, "manager": manager, "decorator": decorator, "functools": functools,
                 "re": re, "json": json, "__name__": label}
    try:
        exec(compile(source, label + ".py", "exec"), namespace)
    except SyntaxError as error:
        failures.append("%s does not compile: %s" % (label, error))
        return []
    names = []
    for position in range(count):
        name = "%s %d" % (label, position)
        thread = threading.Thread(target=run_position, name=name, args=(namespace["start"], position, label, failures))
        thread.daemon = True
        thread.start()
        names.append(name)
    return names


def main():
    report_to = int(sys.argv[sys.argv.index("--report") + 1])
    note_thread()
    failures, names = [], []
    for label, version, template in TEMPLATES:
        if sys.version_info >= version:
            names.extend(launch(label, template, failures))
    wait_for_arrivals(len(names))
    if failures:
        print("\n".join(failures))
        sys.stdout.flush()
        os._exit(3)
    os.write(report_to, describe_threads((), sys._getframe())); os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    main()

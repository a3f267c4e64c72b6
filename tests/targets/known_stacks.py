# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
"""Parks one thread in each kind of place where Python code can be, and reports what it knows of all stacks.

    known_stacks.py --report FD

Ends when standard input closes. Runs on Python 2.7 and 3; newer syntax is compiled from strings where it exists.
"""
from __future__ import print_function

import contextlib
import ctypes
import functools
import json
import os
import re
import sys
import threading
import traceback

from parking import LIBC, OS_THREAD, describe_threads, note_thread, os_thread_id, park, wait_for_arrivals

PYTHON3 = sys.version_info[0] >= 3
CASES = []


def case(function):
    CASES.append((function.__name__, function))
    return function


# --- functions, methods, nesting --------------------------------------------------------------------------------------

@case
def plain_function():
    park()


class Base(object):
    def method(self):
        park()

    def overridden(self):
        park()

    @classmethod
    def class_method(cls):
        park()

    @staticmethod
    def static_method():
        park()

    @property
    def value(self):
        return park()

    def __call__(self, depth):
        if depth == 0:
            park()
        else:
            self(depth - 1)

    def __getattr__(self, name):
        park()

    def __eq__(self, other):
        park()

    __hash__ = None

    def __len__(self):
        park()
        return 0


class Derived(Base):
    def overridden(self):
        super(Derived, self).overridden()

    class Inner(object):
        def deep(self):
            def deeper():
                return (lambda: park())()
            return deeper()


@case
def method_of_object():
    Derived().method()


@case
def method_through_super():
    Derived().overridden()


@case
def class_method():
    Derived.class_method()


@case
def static_method():
    Derived.static_method()


@case
def property_getter():
    return Derived().value


@case
def callable_object():
    Derived()(3)


@case
def missing_attribute():
    return Derived().no_such_attribute


@case
def comparison():
    return Derived() == Derived()


@case
def truth_by_len():
    if Derived():
        pass


@case
def nested_class_and_functions():
    Derived.Inner().deep()


@case
def lambda_expression():
    twice = lambda function: function() or function()
    twice(lambda:
          park())


def recurse(depth):
    if depth == 0:
        park()
    else:
        recurse(depth - 1)


@case
def recursion_of_50():
    recurse(50)


@case
def many_arguments():
    def take(a, b, c, d=4, *rest, **named):
        local_1 = local_2 = local_3 = local_4 = [a, b, c]
        park()
        return local_1, local_2, local_3, local_4
    take(1, 2, 3, 4, 5, 6, seven=7, eight=8)


@case
def closure():
    captured = [1]

    def outer(x):
        def inner(y):
            park()
            return captured, x, y
        return inner(x)
    outer(1)


# --- comprehensions and generators ------------------------------------------------------------------------------------

@case
def list_comprehension():
    return [park() for _ in range(3)]


@case
def set_comprehension():
    return {park() for _ in range(3)}


@case
def dict_comprehension():
    return {n: park() for n in range(3)}


@case
def generator_expression():
    return list(park() for _ in range(3))


@case
def nested_comprehension():
    return [[park()
             for _ in range(2)]
            for _ in range(2)]


@case
def comprehension_of_lambda():
    return [(lambda: park())() for _ in range(2)]


def count_up():
    yield 1
    park()
    yield 2


def pass_on(source):
    for item in source:
        yield item


@case
def generator_in_for():
    for _ in count_up():
        pass


@case
def generator_chain():
    return sum(pass_on(pass_on(pass_on(count_up()))))


@case
def generator_next():
    source = count_up()
    next(source)
    next(source)


@case
def generator_close():
    def careful():
        try:
            yield 1
        finally:
            park()
    source = careful()
    next(source)
    source.close()


@case
def generator_throw():
    def catching():
        try:
            yield 1
        except KeyError:
            park()
            yield 2
    source = catching()
    next(source)
    source.throw(KeyError("thrown in"))


# --- class bodies, exec, eval, imports --------------------------------------------------------------------------------

@case
def class_body():
    class Body(object):
        before = 1
        park()
        after = 2

        def method(self):
            pass
    return Body


@case
def nested_class_body():
    class Outer(object):
        class Middle(object):
            class Innermost(object):
                park()
    return Outer


@case
def metaclass():
    class Meta(type):
        def __new__(mcs, name, bases, namespace):
            park()
            return type.__new__(mcs, name, bases, namespace)
    return Meta("Made", (object,), {})


@case
def executed_code():
    namespace = {"park": park}
    exec(compile("def inside():\n\n    park()\n\n\ninside()\n", "<executed>", "exec"), namespace)


@case
def evaluated_code():
    return eval("[1,\n park(),\n 3]", {"park": park})


@case
def deep_in_one_line_code():
    exec(compile("\n" * 70000 + "park()\n", "far/down.py", "exec"), {"park": park})


# --- callbacks from C -------------------------------------------------------------------------------------------------

def key(item):
    park()
    return item


@case
def sorted_key():
    return sorted([3, 1, 2], key=key)


@case
def sort_method():
    [3, 1, 2].sort(key=lambda item: key(item))


@case
def min_key():
    return min([3, 1, 2], key=key)


@case
def map_callback():
    return list(map(key, [1, 2, 3]))


@case
def filter_callback():
    return list(filter(key, [1, 2, 3]))


@case
def reduce_callback():
    return functools.reduce(lambda left, right: park(), [1, 2, 3])


@case
def partial_call():
    return functools.partial(key, 1)()


@case
def json_object_hook():
    def hook(found):
        park()
        return found
    return json.loads('{"a": {"b": 1}}', object_hook=hook)


@case
def regex_callback():
    return re.sub("a", lambda match: park() or "b", "banana")


@case
def ctypes_callback():
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))

    def compare(left, right):
        park()
        return left[0] - right[0]
    numbers = (ctypes.c_int * 3)(3, 1, 2)
    LIBC.qsort(numbers, ctypes.c_size_t(3), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int)), kind(compare))


@case
def finaliser():
    class Dying(object):
        def __del__(self):
            park()
    Dying()


@case
def string_conversion():
    class Shown(object):
        def __str__(self):
            park()
            return ""

        __repr__ = __str__
    return "%s" % [Shown()]


# --- decorators, with, exceptions -------------------------------------------------------------------------------------

def decorated_twice(function):
    @functools.wraps(function)
    def wrapper(*arguments, **named):
        return function(*arguments, **named)
    return wrapper


@decorated_twice
@decorated_twice
def decorated():
    park()


@case
def decorated_call():
    decorated()


@case
def decorator_itself():
    def blocking(function):
        park()
        return function

    @blocking
    def never_made():
        pass


class Manager(object):
    def __init__(self, on_enter, on_exit):
        self.on_enter, self.on_exit = on_enter, on_exit

    def __enter__(self):
        self.on_enter()

    def __exit__(self, kind, value, trace):
        self.on_exit()
        return True


def nothing():
    pass


@case
def with_body():
    with Manager(nothing, nothing):
        park()


@case
def with_enter():
    with Manager(park, nothing):
        pass


@case
def with_exit():
    with Manager(nothing, park):
        pass


@case
def with_exit_after_exception():
    with Manager(nothing, park):
        raise ValueError("to be swallowed")


@case
def with_generator_manager():
    @contextlib.contextmanager
    def managed():
        yield
        park()
    with managed():
        pass


@case
def try_body():
    try:
        park()
    finally:
        nothing()


@case
def except_handler():
    try:
        raise ValueError("caught")
    except ValueError:
        park()


@case
def handler_in_handler():
    try:
        raise ValueError("caught")
    except ValueError:
        try:
            raise KeyError("caught too")
        except KeyError:
            park()


@case
def else_block():
    try:
        nothing()
    except ValueError:
        pass
    else:
        park()


@case
def finally_block():
    try:
        nothing()
    finally:
        park()


@case
def finally_while_raising():
    try:
        try:
            raise ValueError("on its way")
        finally:
            park()
    except ValueError:
        pass


@case
def loop_else():
    for _ in range(2):
        pass
    else:
        park()


@case
def while_loop():
    left = 3
    while left:
        left -= 1
        if left == 1:
            park()


@case
def blocked_in_c_alone():
    import parking
    os.write(parking.ARRIVALS_IN, b"x"); parking.GATE.acquire()


# --- names ------------------------------------------------------------------------------------------------------------

def exec_case(label, source, filename="newer_syntax.py"):
    """A case from source; left out where it does not compile or import. The source's `start()` is run in the thread."""
    try:
        code = compile(source, filename, "exec")
    except (SyntaxError, UnicodeError):
        return
    namespace = {"park": park, "Manager": Manager, "nothing": nothing, "__name__": "newer_syntax"}
    try:
        exec(code, namespace)
    except ImportError:
        return
    CASES.append((label, namespace["start"]))


exec_case("odd_file_name", "def start():\n    park()\n", "no such folder/with (brackets) and spaces.py")
exec_case("empty_file_name", "def start():\n    park()\n", "")
exec_case("long_names", "def start():\n    %s()\ndef %s():\n    park()\n" % (("n" * 3000,) * 2), "f" * 4093 + ".py")

if PYTHON3:
    exec_case("latin_1_names", u"def start():\n    café()\ndef café():\n    park()\n", u"/tmp/café.py")
    exec_case("cyrillic_names", u"def start():\n    плохо()\ndef плохо():\n    park()\n", u"/tmp/плохо.py")
    exec_case("chinese_names", u"def start():\n    漢字()\ndef 漢字():\n    park()\n", u"/tmp/漢字.py")
    exec_case("names_beyond_16_bits", u"def start():\n    𐐀𐐁()\ndef 𐐀𐐁():\n    park()\n", u"/tmp/🐍𐐀.py")
else:
    exec_case("utf_8_file_name", "def start():\n    park()\n", "/tmp/плохо.py")


# --- newer syntax -----------------------------------------------------------------------------------------------------

exec_case("yield_from", """
def inner():
    yield 1
    park()
def middle():
    yield from inner()
def outer():
    yield from middle()
def start():
    return list(outer())
""")

COROUTINES = """
class Await:
    def __await__(self):
        park()
        yield

async def innermost():
    await Await()

async def middle(depth):
    if depth:
        await middle(depth - 1)
    else:
        await innermost()

async def numbers():
    yield 1
    park()
    yield 2

async def over_numbers():
    async for _ in numbers():
        pass

class AsyncManager:
    async def __aenter__(self):
        park()
    async def __aexit__(self, *_):
        pass

async def with_manager():
    async with AsyncManager():
        pass

async def comprehension():
    return [n async for n in numbers()]

def drive(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        pass
"""
exec_case("coroutines_by_hand", COROUTINES + "\ndef start():\n    drive(middle(5))\n")
exec_case("async_generator", COROUTINES + "\ndef start():\n    drive(over_numbers())\n")
exec_case("async_with", COROUTINES + "\ndef start():\n    drive(with_manager())\n")
exec_case("async_comprehension", COROUTINES + "\ndef start():\n    drive(comprehension())\n")
exec_case("asyncio_loop", COROUTINES + """
import asyncio
async def main():
    await asyncio.gather(middle(2), asyncio.sleep(0))
def start():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
""")
exec_case("asyncio_callback", """
import asyncio
def start():
    loop = asyncio.new_event_loop()
    loop.call_soon(park)
    loop.run_forever()
""")
exec_case("f_string", """
class Formatted:
    def __format__(self, how):
        park()
        return ""
def start():
    return f"{1} {Formatted():>10} {2}"
""")
exec_case("keyword_only_and_annotations", """
def start():
    def take(a: int = 1, *, b: str = "2", **rest) -> None:
        park()
    take(1, b="3", c=4)
""")
if sys.version_info >= (3, 6):
    exec_case("init_subclass_and_set_name", """
class Descriptor:
    def __set_name__(self, owner, name):
        park()
class Registry:
    def __init_subclass__(cls, **named):
        super().__init_subclass__()
def start():
    class Registered(Registry):
        field = Descriptor()
""")
exec_case("walrus_and_positional_only", """
def take(a, /, b):
    return (c := park())
def start():
    return [y for x in range(2) if (y := take(x, b=x))]
""")
exec_case("match_statement", """
class Point:
    __match_args__ = ("x",)
    @property
    def x(self):
        park()
def start():
    match Point():
        case Point(0):
            pass
        case Point(1):
            pass
""")
exec_case("exception_group", """
def start():
    try:
        raise ExceptionGroup("several", [ValueError(1), KeyError(2)])
    except* ValueError:
        park()
    except* KeyError:
        pass
""")
exec_case("type_parameters", """
def generic[T](value: T) -> T:
    park()
class Box[T]:
    def open(self):
        return generic(self)
def start():
    Box().open()
""")
exec_case("dataclass", """
import dataclasses
@dataclasses.dataclass
class Row:
    number: int
    def __post_init__(self):
        park()
def start():
    Row(1)
""")


# --- another interpreter ----------------------------------------------------------------------------------------------

SUBINTERPRETER = """
import os, sys
def describe(frame):
    lines = []
    while frame is not None:
        code = frame.f_code
        lines.append("%%s\\t%%s\\t%%d" %% (getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return "\\n".join(lines).encode()
def inside():
    os.write(%d, describe(sys._getframe()) + b"\\n\\n"); os.read(%d, 1)
inside()
"""


def find_subinterpreters():
    for name, run in (("_interpreters", "exec"), ("_xxsubinterpreters", "run_string")):
        try:
            module = __import__(name)
            return module, getattr(module, run)
        except (ImportError, AttributeError):
            pass
    return None, None


def run_subinterpreter(module, run, says, block):
    import parking
    source = SUBINTERPRETER % (says, block)
    try:
        interpreter = module.create()
        run(interpreter, source)
    finally:
        os.write(says, b"\n")  # nothing was said: there is no such interpreter


def start_subinterpreter():
    """The stack in the other interpreter as [name, file, line] rows, or nothing."""
    module, run = find_subinterpreters()
    if module is None:
        return None
    heard, says = os.pipe()
    block, _ = os.pipe()
    start_thread("in another interpreter", lambda: run_subinterpreter(module, run, says, block), False)
    said = b""
    while not said.endswith(b"\n\n"):
        said += os.read(heard, 65536)
        if said == b"\n":
            return None
    rows = [line.split("\t") for line in said.decode("utf-8").strip().split("\n")]
    return [[name, filename, int(line)] for name, filename, line in rows]


# --- the run ----------------------------------------------------------------------------------------------------------

READY = threading.Semaphore(0)


def start_thread(name, function, parks=True):
    def body():
        note_thread()
        READY.release()
        try:
            function()
        except BaseException:
            traceback.print_exc()
        if parks:
            print("the case %s did not park" % name)
            sys.stdout.flush()
            os._exit(3)
    thread = threading.Thread(target=body, name=name)
    thread.daemon = True
    thread.start()
    READY.acquire()
    return thread


def start_nameless():
    """A thread that `threading` does not know."""
    try:
        import _thread as low
    except ImportError:
        import thread as low

    def body():
        OS_THREAD[low.get_ident()] = os_thread_id()
        park()
    low.start_new_thread(body, ())


def main():
    report_to = int(sys.argv[sys.argv.index("--report") + 1])
    note_thread()
    extra = []
    inside = start_subinterpreter()
    if inside is not None:
        tid = [OS_THREAD[t.ident] for t in threading.enumerate() if t.name == "in another interpreter"][0]
        extra.append({"ident": 0, "tid": tid, "name": None, "frames": inside, "subinterpreter": True})
    for name, function in CASES:
        start_thread(name, function)
    named = [start_thread(u"плохо 漢字 🐍" if PYTHON3 else "utf-8 плохо", park),
             start_thread("a \"quoted\" name", park), start_thread("", park)]
    named[-1].name = "renamed"
    start_nameless()
    wait_for_arrivals(len(CASES) + len(named) + 1)
    os.write(report_to, describe_threads(extra, sys._getframe())); os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""Makes strings and code objects and writes where they are and what they hold. Lives until stdin closes.

    string ADDRESS LENGTH UTF8-HEX
    code ADDRESS NAME-HEX FILE-HEX FIRST-LINE BYTECODE-LENGTH
    not-code ADDRESS
"""
from __future__ import print_function
import binascii
import sys

PY2 = sys.version_info[0] == 2
keep = []


def utf8(text):
    return text if PY2 else text.encode("utf-8", "backslashreplace")


def string(text):
    keep.append(text)
    print("string", id(text), len(text), binascii.hexlify(utf8(text)).decode() or "-")


def code(function_code):
    keep.append(function_code)
    name = getattr(function_code, "co_qualname", function_code.co_name)
    print("code", id(function_code), binascii.hexlify(utf8(name)).decode() or "-",
          binascii.hexlify(utf8(function_code.co_filename)).decode() or "-",
          function_code.co_firstlineno, len(function_code.co_code))


class Text(str):
    pass


class Outer(object):
    class Inner(object):
        def method(self):
            def nested():
                return [x for x in range(3)]
            return nested


for length in (0, 1, 7, 8, 9, 100, 5000, 1000000):
    string("x" * length)
string(Text("a str subclass"))
if PY2:
    string("h\xc3\xa9llo")
else:
    for text in (u"latin \xe9", u"ucs2 \u2603", u"ucs4 \U0001f40d", u"lone \udc80", u"nul \0 inside"):
        string(text)
        string(text + u"." * 300)
        string(Text(text))
    string(u"\u2603" * 1000000)
    string(u"\U0001f40d" * 1000000)

code(Outer.Inner.method.__code__)
code(Outer().Inner().method().__code__)
code((lambda: 0).__code__)
code(compile("x = 1\n", "<string>", "exec"))
code(compile("def f():\n    return 1\n", "/tmp/" + "d" * 5000 + ".py", "exec"))
code(compile("\n" * 70000 + "y = 1\n" * 300, "far.py", "exec"))
big = compile("".join("x = %d\n" % i for i in range(60000)), "big.py", "exec")
code(big)
if sys.version_info >= (3, 8):
    long_name = "n" * 1000000
    code((lambda: 0).__code__.replace(co_name=long_name))
    code((lambda: 0).__code__.replace(co_name=u"name \udc80", co_filename=u"\u2603.py"))
    code((lambda: 0).__code__.replace(co_firstlineno=2 ** 31 - 1))
    if sys.version_info >= (3, 11):
        code((lambda: 0).__code__.replace(co_qualname=long_name))
        code((lambda: 0).__code__.replace(co_qualname=Text("A.b")))
for other in (object(), "text", Outer, [], len):
    keep.append(other)
    print("not-code", id(other))
print("end")
sys.stdout.flush()
sys.stdin.readline()

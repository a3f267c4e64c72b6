#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""native_languages.py VERSION cpp|cpp_threads|cython|rust|rust_legacy|debug|perf|nameless: names and places of other languages' frames.

cpp          C++: namespaces, templates, lambdas in std::function, work while an exception passes; two threads without the GIL
cython       an extension module with the names that Cython gives: shown as Python would name them
rust         both manglings
debug        functions inlined into others, with debug information in the library, and in separate files
nameless     an interpreter whose eval loop has no name
perf         an interpreter that makes code to call its functions by (-X perf, 3.12+): each function is shown once
"""
import os
import re
import shutil
import struct
import subprocess

import support
from native_support import check_merged, section
from support import check

FILE = "native_languages.py"
LOST = ("(native frames lost)", "(native frames unmatched)", "(unproven)")
TURN = {  # what the other language calls to get to Python, and where it works
    "cpp": (["cpp_call", "shop::Basket<int>::each(std::function<int (int)> const&) const",
             "cpp_call::{lambda(int)#1}::operator()(int) const"],
            ["cpp_work", "shop::dig(int, int)", "shop::dig(int, int)", "shop::Guard::~Guard()", "shop::spin(int)"]),
    "cython": (["descend"], ["Worker.run", "busy"]),
    "rust": (["rust_call", "native_calls::shelf::climb::<native_calls::shelf::Item<extern \"C\" fn(i32) -> i32>>",
              "<native_calls::shelf::Item<extern \"C\" fn(i32) -> i32> as native_calls::shelf::Visit>::visit"],
             ["rust_work", "native_calls::shelf::spin"]),
    "rust_legacy": (["rust_call", "native_calls::shelf::climb",
                     "<native_calls::shelf::Item<extern \"C\" fn(i32) .> i32> as native_calls::shelf::Visit>::visit"],
                    ["rust_work", "native_calls::shelf::spin"]),
}


def compiler(*names):
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    support.skip("none of %s here" % ", ".join(names))


def run(*words):
    subprocess.run([str(word) for word in words], check=True, timeout=support.TIMEOUT)


def build(folder, language, python, *options):
    source = os.path.join(support.TARGETS, "native_calls.")
    if language == "cpp":
        path = os.path.join(folder, "native_calls.so")
        run(compiler("c++", "g++", "clang++"), "-std=c++17", "-O1", "-shared", "-fPIC", "-fno-optimize-sibling-calls",
            "-fvisibility=hidden", "-Wl,--build-id", *options, "-o", path, source + "cpp")
    elif language == "cython":
        path = os.path.join(folder, "native_cython.so")
        flags = ["-DPYTHON2"] if python.number < (3,) else ["-DFREE_THREADED"] if python.free_threaded else []
        run(compiler("cc", "gcc", "clang"), "-O1", "-shared", "-fPIC", "-fno-optimize-sibling-calls", *flags, "-o", path,
            os.path.join(support.TARGETS, "native_cython.c"))
    else:
        path = os.path.join(folder, "native_calls.so")
        mangling = ["-C", "symbol-mangling-version=v0"] if language == "rust" else []
        run(compiler("rustc"), "--edition", "2021", "--crate-type", "cdylib", "--crate-name", "native_calls", "-C",
            "opt-level=1", *mangling, "-o", path, source + "rs")
    return path


def record(python, folder, language, library, threads=1, mode="gil", levels=3, **environment):
    with support.Victim(python, FILE, language.split("_")[0], library, threads, mode, levels, 20,
                        environment=support.clean_environment(**environment)) as victim:
        stacks, summary, ended = support.record_raw(folder, "--native", "-p", victim.pid, "-d", 3, "-r", 200)
        check(ended.status == 0, str(ended))
        check(victim.process.poll() is None, "the program did not survive")
        return stacks, summary


def expected(language, levels):
    call, work = TURN[language]
    return ["work", "step", "from_c"] + (call + ["step", "from_c"]) * levels + ["innermost"] + work


def frames_of(labels):
    """(name, file) of each; names hold blanks and brackets themselves."""
    for label in labels:
        name, _, file = label.rpartition(" (")
        yield name, file.rstrip(")").split(":")[0]


def known_part(labels, library):
    """From `work` on: the target's own frames and the library's, without those of languages' own libraries in it."""
    names = [name for name, file in frames_of(labels) if file in (FILE, os.path.basename(library))]
    names = [name for name in names if not is_foreign(name)]
    return names[names.index("work"):] if "work" in names else []


# Rust's own types: `<i64>::overflowing_add`, put into what std has put into our function.
BUILT_IN = re.compile(r"<(?:[iu](?:8|16|32|64|128|size)|f32|f64|bool|char|str|alloc::|[\[*&(])")


def is_foreign(name):
    words = name.split("(")[0]
    return ("std::" in words.split("<")[0] or words.startswith(("core::", "<core::", "<std::", "alloc::", "[unknown]", "_"))
            or BUILT_IN.match(words) is not None)


def check_stacks(python, stacks, summary, language, library, levels):
    wanted = expected(language, levels)
    whole = marked = total = 0
    for labels, count in stacks:
        total += count
        names = known_part(labels, library)
        if any(mark in labels for mark in LOST):
            marked += count
        elif names == wanted:
            whole += count
        else:
            check(names == wanted[:len(names)] or names[:-1] == wanted[:len(names) - 1],
                  "a stack that cannot be: %s" % " > ".join(labels))
    print("%d samples, %d whole, %d marked" % (total, whole, marked))
    check(total >= 50, "only %d samples" % total)
    check_merged(summary, python)
    check(whole >= 0.8 * total, "only %d of %d samples are in the innermost function: %s" % (
        whole, total, max(stacks, key=lambda stack: stack[1])[0]))


def test_known(python, language, threads=1, mode="gil"):
    with support.scratch() as folder:
        library = build(folder, language, python)
        stacks, summary = record(python, folder, language, library, threads, mode)
        check_stacks(python, stacks, summary, language, library, 3)
        if language == "cpp":
            check(any("std::_Function_handler<int (int), cpp_call::{lambda(int)#1}>::_M_invoke" in label
                      for labels, _ in stacks for label in labels), "the standard library's own frame is missing")


def test_perf(python):
    if python.number < (3, 12):
        support.skip("-X perf came with 3.12")
    with support.scratch() as folder:
        library = build(folder, "cython", python)
        stacks, summary = record(python, folder, "cython", library, PYTHONPERFSUPPORT="1")
        check_stacks(python, stacks, summary, "cython", library, 3)
        check(not any("py::" in label for labels, _ in stacks for label in labels), "functions are shown twice")


def nameless_copy(python, folder):
    """The interpreter without the names of its own functions, and with one that is exported called no function."""
    original = os.path.realpath(python.path)
    linked = subprocess.run(["ldd", original], stdout=subprocess.PIPE, check=True, timeout=support.TIMEOUT).stdout.decode()
    shared = re.search(r"(libpython\S+) => (\S+)", linked)
    path = os.path.join(folder, shared.group(1) if shared else "python")
    run(compiler("strip"), "--strip-all", "-o", path, shared.group(2) if shared else original)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (offset, size), (names, _) = section(path, ".dynsym"), section(path, ".dynstr")
    found = 0
    for at in range(offset, offset + size, 24):
        name, info = struct.unpack_from("<IB", data, at)
        if data[names + name:data.index(b"\0", names + name)] == b"_PyEval_EvalFrameDefault":
            data[at + 4] = info & 0xf0
            found += 1
    if not found:
        support.skip("the eval loop is not in the program itself")
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, 0o755)
    return python if shared else support.Python(python.version, path)


def test_nameless(python):
    with support.scratch() as folder:
        home = subprocess.run([python.path, "-c", "import sys; print(sys.prefix)"], stdout=subprocess.PIPE, check=True,
                              env=support.clean_environment(), timeout=support.TIMEOUT).stdout.decode().strip()
        library = build(folder, "cython", python)
        stacks, summary = record(nameless_copy(python, folder), folder, "cython", library, PYTHONHOME=home,
                                 LD_LIBRARY_PATH=folder)
        check_stacks(python, stacks, summary, "cython", library, 3)


def share_of_inlined(stacks):
    """Of the samples in the working function, how many show what was put into it."""
    working = sum(count for labels, count in stacks if any(label.startswith("shop::spin(int) ") for label in labels))
    shown = sum(count for labels, count in stacks
                if any(name == "count_up" for name, _ in frames_of(labels)))
    check(working >= 100, "only %d samples in the working function" % working)
    return shown / working


def test_debug(python):
    strip, objcopy = compiler("strip"), compiler("objcopy")
    with support.scratch() as folder:
        library = build(folder, "cpp", python, "-g")
        check(share_of_inlined(record(python, folder, "cpp", library)[0]) > 0.5, "inlined functions are not shown")
        debug = os.path.join(folder, "native_calls.debug")
        run(objcopy, "--only-keep-debug", library, debug)
        run(strip, "--strip-all", library)
        stacks = record(python, folder, "cpp", library)[0]
        check(not any("shop::" in label for labels, _ in stacks for label in labels), "the library was not stripped")
        run(objcopy, "--add-gnu-debuglink=" + debug, library)
        check(share_of_inlined(record(python, folder, "cpp", library)[0]) > 0.5, "the debug file is not found")
        os.mkdir(os.path.join(folder, ".debug"))
        os.rename(debug, os.path.join(folder, ".debug", "native_calls.debug"))
        check(share_of_inlined(record(python, folder, "cpp", library)[0]) > 0.5, "the debug file in .debug is not found")
        other = build(os.path.join(folder, ".debug"), "cpp", python, "-g", "-DOTHER", "-O2")
        os.rename(other, os.path.join(folder, ".debug", "native_calls.debug"))
        stacks = record(python, folder, "cpp", library)[0]
        check(not any("shop::" in label for labels, _ in stacks for label in labels), "another build's file was believed")


def main(arguments):
    version, case = arguments
    if os.uname().machine != "x86_64":
        support.skip("machine frames are read on x86-64 only")
    python = support.find_python(version)
    if case == "cpp_threads":
        test_known(python, "cpp", 2, "nogil")
    elif case == "nameless":
        test_nameless(python)
    elif case == "perf":
        test_perf(python)
    elif case == "debug":
        test_debug(python)
    elif case in TURN:
        test_known(python, case)
    else:
        raise support.Failure("unknown case %s" % case)


support.run_test(main)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""embedded.py VERSION CASE: interpreters that are no `python`, against what tests/targets/boxed.py knows of itself.

main, thread   a program that loads libpython, and runs it in its main thread or another
leader         the main thread has ended, and the process has a zombie as its leader
again          the interpreter was finalised, and initialised anew
bundle         a launcher unpacks libpython, and the child that runs it deletes it: attached to, found below the launcher, started
static         linked with libpython.a, without a dynamic section, and stripped of all names
two            two libpythons run: one is shown, and the other is not kept silent about
"""
import contextlib
import os
import re
import shutil
import subprocess
import time

import support
from subprocesses import functions_of
from support import check, skip

SCRIPT = os.path.join(support.TARGETS, "boxed.py")
ASK = ("import sys, sysconfig as s; print('\\n'.join([s.get_config_var('LIBDIR') + '/' + (s.get_config_var('INSTSONAME') or ''), "
       "s.get_config_var('LIBPL') + '/' + s.get_config_var('LIBRARY'), sys.base_prefix, s.get_config_var('LIBS'), "
       "s.get_config_var('SYSLIBS') or '']))")
WAIT = "def parked():\n import time; time.sleep(1000)\nparked()"


class Interpreter:
    """The files of an interpreter that others embed."""

    def __init__(self, python):
        if python.number < (3, 8):
            skip("Py_BytesMain is new in 3.8")
        lines = subprocess.run([python.path, "-E", "-c", ASK], stdout=subprocess.PIPE, check=True,
                               timeout=support.TIMEOUT).stdout.decode().split("\n")
        self.python, self.shared, self.archive, self.home = python, lines[0], lines[1], lines[2]
        self.libraries = lines[3].split() + lines[4].split()

    def need_shared(self):
        if ".so" not in self.shared or not os.path.exists(self.shared):
            skip("python%s is here without a shared library" % self.python.version)
        return self

    @property
    def environment(self):
        return support.clean_environment(PYTHONHOME=self.home)


def build(folder, *options):
    compiler = shutil.which("cc") or shutil.which("gcc") or skip("no C compiler here")
    path = os.path.join(folder, "application")
    run = subprocess.run([compiler, "-O1", "-o", path, os.path.join(support.TARGETS, "embedding.c")] + list(options)
                         + ["-lpthread", "-ldl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=support.TIMEOUT)
    return path if run.returncode == 0 else None


@contextlib.contextmanager
def running(program, how, interpreter):
    """The program, and the process of it that is Python."""
    victim = support.Victim(None, SCRIPT, environment=interpreter.environment, prefix=[program, how, interpreter.shared])
    with victim:
        support.wait_in_kernel(victim.process, victim.report["pid"], ("pipe",))  # it says that it is ready a moment before it waits
        yield victim, victim.report["pid"]
        check(victim.process.poll() is None, "the program has ended")


def check_stack(frames, report, what):
    got = [[frame.name, frame.line] for frame in frames]
    check(got == report["stack"], "%s: %s, not %s" % (what, got, report["stack"]))


def check_process(victim, pid):
    """All commands see what is there."""
    for options in ([], ["--blocking"]):
        run = support.lampyr_ok("dump", *options, "-p", pid)
        threads = support.parse_dump(run.out)
        check(len(threads) == 2, "two threads, not these: %s" % run.out.decode())
        by_name = {thread.name: thread for thread in threads}
        check(set(by_name) == {"MainThread", "spinner"}, "the threads are called %s" % sorted(by_name, key=str))
        check(all(thread.tid in support.threads_of(pid) for thread in threads), "a thread that is none: %s" % run.out.decode())
        check(by_name["MainThread"].state == "idle", "the main thread is %s" % by_name["MainThread"].state)
        check(by_name["spinner"].state.startswith("active"), "the spinner is %s" % by_name["spinner"].state)
        check_stack(by_name["MainThread"].frames, victim.report, "dump %s" % options)
        check(by_name["spinner"].frames[0].name == "spin", "it spins in %s" % by_name["spinner"].frames[0].name)
    with support.scratch() as folder:
        for options in (["-i"], ["--blocking"], ["--native"]):
            stacks, summary, run = support.record_raw(folder, "-F", "-p", pid, "-d", "0.5", "-r", "200", *options)
            check(run.status == 0, str(run))
            check(summary["reason"] == "duration", "it ended: %s" % summary["reason"])
            spun = sum(count for labels, count in stacks if any(frame.name == "spin" for frame in support.frames_of(labels)))
            check(spun >= 10, "%s: seen %d times: %s" % (options, spun, stacks[:3]))
    status = support.lampyr("doctor", pid)
    check(status.status == 0 and b"It can be profiled" in status.out, "doctor: %s\n%s" % (status, status.out.decode()))


def test_simple(interpreter, how):
    interpreter.need_shared()
    with support.scratch() as folder:
        with running(build(folder) or skip("it does not compile"), how, interpreter) as (victim, pid):
            check(pid == victim.pid, "it is another process")
            main_state = support.stat_fields(pid, pid)[0]
            check((main_state == "Z") == (how == "leader"), "the leader's state is %s" % main_state)
            check_process(victim, pid)


def test_bundle(interpreter):
    interpreter.need_shared()
    with support.scratch() as folder:
        program = build(folder) or skip("it does not compile")
        with running(program, "bundle", interpreter) as (victim, pid):
            check(pid != victim.pid, "there is no launcher")
            with open("/proc/%d/maps" % pid) as file:
                check(re.search(r"/payload\.bin \(deleted\)$", file.read(), re.M), "it was not unpacked and deleted")
            check_process(victim, pid)
            said = support.lampyr_ok("dump", "-s", "-p", victim.pid).out.decode()
            check(re.findall(r"^Process (\d+):", said, re.M) == [str(pid)], "below the launcher: %s" % said)
            check(support.lampyr("doctor", victim.pid).out.decode().count("lampyr doctor %d" % pid) == 1, "no hint at the child")
        profile = os.path.join(folder, "profile.raw")
        reading, writing = os.pipe()
        run = support.lampyr("record", "-s", "-F", "-r", "200", "-f", "raw", "-o", profile, "--", program, "bundle",
                             interpreter.shared, SCRIPT, "--for", "0.7", "--report", str(writing), env=interpreter.environment,
                             pass_fds=[writing])
        os.close(writing)
        report = support.read_report(reading, support.TIMEOUT)
        os.close(reading)
        check(run.status == 7, "the status is not the program's: %s" % run)
        with open(profile, "rb") as file:
            seen = functions_of(support.parse_raw(file.read()))
        check(list(seen) == [report["pid"]] and "spin" in seen[report["pid"]], "seen: %s" % seen)


def test_static(interpreter):
    with support.scratch() as folder:
        if not os.path.exists(interpreter.archive):
            skip("no %s" % interpreter.archive)
        # -Wl,-E would be needed by extension modules; there are none in such a program.
        program = build(folder, "-static", "-s", "-DLINKED", "-w", interpreter.archive, *interpreter.libraries, "-lm")
        if program is None:
            skip("%s cannot be linked statically here" % os.path.basename(interpreter.archive))
        said = subprocess.run(["readelf", "-lS", program], stdout=subprocess.PIPE, check=True).stdout.decode()
        check("INTERP" not in said and ".dynsym" not in said and ".symtab" not in said, "it is not static, or has names")
        with running(program, "thread", interpreter) as (victim, pid):
            check_process(victim, pid)


def test_two(interpreter):
    interpreter.need_shared()
    found = subprocess.run([os.path.join(support.ROOT, "tools", "scripts", "find-pythons")], stdout=subprocess.PIPE,
                           check=True).stdout.decode().split("\n")
    others = [line.split(" ", 1) for line in found if line]
    for version, path in others:
        other = support.Python(version, path)
        if other.number < (3, 8) or other.number == interpreter.python.number:
            continue
        with contextlib.suppress(support.Skip):
            other = Interpreter(other).need_shared()
            break
    else:
        skip("only one shared libpython here")
    with support.scratch() as folder:
        program = build(folder) or skip("it does not compile")
        process = subprocess.Popen([program, "two", interpreter.shared, interpreter.home, other.shared, other.home, WAIT],
                                   env=support.clean_environment())
        try:
            support.wait_in_kernel(process, process.pid, ("nanosleep", "poll_schedule"), threads=2)
            run = support.lampyr_ok("dump", "-p", process.pid)
            parked = [thread for thread in support.parse_dump(run.out) if thread.frames[:1] and thread.frames[0].name == "parked"]
            shown = re.search(r"^Python v(\d+\.\d+)", run.out.decode(), re.M).group(1)
            versions = [interpreter.python.version, other.python.version]
            check(shown in versions and len(parked) == 1, run.out.decode())
            (hidden,) = [version for version in versions if version != shown]
            with support.scratch() as profiles:
                _, _, recorded = support.record_raw(profiles, "-i", "-p", process.pid, "-d", "0.2")
            for words in (run.err, recorded.err, support.lampyr("doctor", process.pid).out):
                check(re.search(r"also runs Python %s" % re.escape(hidden), words.decode()), "no word of %s: %r" % (hidden, words))
        finally:
            support.kill(process)


def main(arguments):
    version, case = arguments
    interpreter = Interpreter(support.find_python(version))
    if case in ("main", "thread", "leader", "again"):
        test_simple(interpreter, case)
    else:
        {"bundle": test_bundle, "static": test_static, "two": test_two}[case](interpreter)


if __name__ == "__main__":
    support.run_test(main)

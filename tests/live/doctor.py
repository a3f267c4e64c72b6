#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doctor.py [VERSION]: `lampyr doctor` names the one cause, and what to do, in each situation that can be made here.

Each situation is made for real: users and capabilities with setpriv, user and pid namespaces with unshare, a process that is
not dumpable, one that is traced. Needs root. What cannot be made on this system is named and left out.
"""
import ctypes
import os
import re
import shutil
import subprocess
import sys
import time

import support
from support import check, skip

QUICK = 10  # seconds
PR_SET_DUMPABLE = 4
PTRACE_SEIZE = 0x4206
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all"]


def doctor(pid, prefix=()):
    run = support.lampyr("doctor", str(pid), timeout=QUICK, prefix=list(prefix))
    support.check_no_control_bytes(run.out, "doctor")
    text = run.out.decode("utf-8")
    check(not run.err, "something on standard error: %r" % run.err)
    check(text.count("\n") <= 24, "more than a screen:\n%s" % text)
    return run.status, text


def check_healthy(what, pid, version, *words, prefix=()):
    status, text = doctor(pid, prefix)
    check(status == 0 and "It can be profiled: lampyr record -p %d" % pid in text, "%s: %d\n%s" % (what, status, text))
    for word in ("Python %s" % version,) + words:
        check(re.search(word, text, re.MULTILINE), "%s: no %r in\n%s" % (what, word, text))
    print("%-28s can be profiled" % what)


def check_refused(what, pid, cause, hint, prefix=()):
    status, text = doctor(pid, prefix)
    check(status == 1, "%s: status %d\n%s" % (what, status, text))
    last = text[text.index("It cannot be profiled: "):].splitlines()
    check(re.search(cause, last[0]), "%s: no %r in %r" % (what, cause, last[0]))
    check(len(last) == (2 if hint else 1), "%s: not one cause and one thing to do: %s" % (what, last))
    if hint:
        check(re.search(hint, last[1]), "%s: no %r in %r" % (what, hint, last[1]))
    print("%-28s %s" % (what, last[0]))


class Program:
    """A program that sleeps."""

    def __init__(self, words):
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + QUICK  # by then it has come to its sleep
        while time.monotonic() < deadline and not self.sleeps():
            time.sleep(0.05)

    def sleeps(self):
        pid = self.process.pid
        while True:  # of a launcher, what it has started
            children = open("/proc/%d/task/%d/children" % (pid, pid)).read().split()
            if not children:
                break
            pid = int(children[0])
        return "nanosleep" in open("/proc/%d/wchan" % pid).read()

    def __enter__(self):
        check(self.process.poll() is None, "the program did not run: %s" % self.process.args)
        return self.process.pid

    def __exit__(self, *_):
        for child in open("/proc/%d/task/%d/children" % ((self.process.pid,) * 2)).read().split():
            os.kill(int(child), 9)
        support.kill(self.process)


def test_ended():
    status = support.lampyr("doctor", "1073741822", timeout=QUICK)
    check(status.status == 1 and b"does not exist" in status.err, "no such process: %s" % status)
    ended = subprocess.Popen(["true"])
    try:
        while support.stat_fields(ended.pid)[0] != "Z":
            time.sleep(0.001)
        check_refused("a zombie", ended.pid, "has ended", None)
    finally:
        ended.wait()
    with Program(["sleep", "60"]) as pid:
        check_refused("no Python", pid, "holds no Python interpreter", None)
    with Program(["sh", "-c", "%s -c 'import time; time.sleep(60)' & wait" % sys.executable]) as pid:
        check_refused("a shell with a Python child", pid, "holds no Python interpreter", r"its child process \d+ holds one: lampyr doctor")
    if os.path.exists("/proc/2/comm") and support.status_field(2, "Name") == "kthreadd":
        check_refused("a kernel thread", 2, "kernel", None)


def as_nobody(dumpable):
    """A program that becomes nobody by itself, because nobody may perhaps not start this interpreter."""
    import pwd
    nobody = pwd.getpwnam("nobody")
    return ("import ctypes, os, time; os.setgroups([]); os.setgid(%d); os.setuid(%d); ctypes.CDLL(None).prctl(%d, %d); "
            "time.sleep(60)" % (nobody.pw_gid, nobody.pw_uid, PR_SET_DUMPABLE, dumpable))


def test_users(python, victim):
    check_refused("another user's", victim, r"belongs to root \(uid 0\) and lampyr runs as nobody", "sudo|as root",
                  prefix=AS_NOBODY + ["--bounding-set=-all"])
    with Program([python.path, "-c", as_nobody(dumpable=1)]) as pid:
        check_healthy("nobody's, seen by root", pid, python.version, r"^user +nobody \(uid \d+\); lampyr runs as root")
        without = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
        check_refused("root without the capability", pid, "root lacks the capability CAP_SYS_PTRACE", "SYS_PTRACE",
                      prefix=without)


def test_not_dumpable(python):
    with Program([python.path, "-c", as_nobody(dumpable=0)]) as pid:
        check_refused("not dumpable", pid, "made itself unreadable", "sudo|as root", prefix=AS_NOBODY + ["--bounding-set=-all"])


def test_user_namespace(python):
    if subprocess.run(["unshare", "-Ur", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("user namespaces cannot be made here")
        return
    with Program([python.path, "-c", "import time; time.sleep(60)"]) as pid:
        check_refused("from a user namespace", pid, "user namespace", "sudo", prefix=["unshare", "-Ur"])


def test_pid_namespace(python):
    words = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run(words + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("pid namespaces cannot be made here")
        return
    with Program(words + [python.path, "-c", "import time; time.sleep(60)"]) as outer:
        children = open("/proc/%d/task/%d/children" % (outer, outer)).read().split()
        check(children, "no child in the namespace")
        check_healthy("in a pid namespace", int(children[0]), python.version, r"^container .* in which it is 1$")


def trace(pid):
    """A process that traces `pid` until it is ended."""
    child = os.fork()
    if child == 0:
        result = ctypes.CDLL(None, use_errno=True).ptrace(PTRACE_SEIZE, pid, None, None)
        os.write(1, b"" if result == 0 else b"not traced\n")
        time.sleep(60)
        os._exit(0)
    return child


def test_traced(python, victim):
    tracer = trace(victim)
    try:
        deadline = time.monotonic() + QUICK
        while support.status_field(victim, "TracerPid") == "0" and time.monotonic() < deadline:
            time.sleep(0.01)
        check_healthy("traced", victim, python.version, r"^stopping +not possible: process %d \(" % tracer)
    finally:
        os.kill(tracer, 9)
        os.waitpid(tracer, 0)


def main(arguments):
    version = arguments[0] if arguments else "%d.%d" % sys.version_info[:2]
    python = support.find_python(version)
    test_ended()
    if os.getuid() != 0 or not shutil.which("setpriv"):
        skip("the permission situations need root and setpriv")
    with support.scratch() as folder, support.Victim(python, "working.py") as victim:
        check_healthy("ours", victim.pid, python.version, r"^threads +\d+ Python threads?: ", r"^reading .* us$",
                      r"^stopping +possible")
        os.chmod(folder, 0o755)  # nobody may not reach the build folder
        copy = shutil.copy(support.lampyr_path(), folder)
        os.chmod(copy, 0o755)
        os.environ["LAMPYR"] = copy
        test_users(python, victim.pid)
        test_not_dumpable(python)
        test_user_namespace(python)
        test_pid_namespace(python)
        test_traced(python, victim.pid)


if __name__ == "__main__":
    support.run_test(main)

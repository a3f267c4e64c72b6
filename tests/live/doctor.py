#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doctor.py [VERSION]: `lampyr doctor` names the one cause, and what to do, in each situation that can be made here.

Each situation is made for real: users and capabilities with setpriv, namespaces and other file systems in the place of /proc
with unshare, seccomp filters, a process that is not dumpable, one that is traced. Needs root. What cannot be made on this system is
named and left out; docs/permissions.md has the list.
"""
import ctypes
import os
import re
import shutil
import subprocess
import sys
import time

import support
from namespaces import UNSHARE, Box
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


def check_unseen(what, pid, cause, hint, prefix):
    """Refused before anything of the process is known: one sentence, also by the other commands."""
    for command in (["doctor", str(pid)], ["dump", "-p", str(pid)]):
        run = support.lampyr(*command, timeout=QUICK, prefix=prefix)
        lines = run.err.decode("utf-8").splitlines()
        check(run.status == 1 and not run.out and len(lines) == (2 if hint else 1), "%s: %s" % (what, run))
        check(re.search(cause, lines[0]), "%s: no %r in %r" % (what, cause, lines[0]))
        check(not hint or re.search(hint, lines[1]), "%s: no %r in %r" % (what, hint, lines))
    print("%-28s %s" % (what, lines[0]))


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


def as_nobody(dumpable, users="os.setuid(%d)"):
    """A program that becomes nobody by itself, because nobody may perhaps not start this interpreter."""
    import pwd
    nobody = pwd.getpwnam("nobody")
    return ("import ctypes, os, time; os.setgroups([]); os.setgid(%d); %s; ctypes.CDLL(None).prctl(%d, %d); "
            "time.sleep(60)" % (nobody.pw_gid, users % nobody.pw_uid, PR_SET_DUMPABLE, dumpable))


def yama():
    """kernel.yama.ptrace_scope; 0 where the kernel has no Yama. It is never changed here."""
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope") as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def test_users(python, victim):
    check_refused("another user's", victim, r"belongs to root \(uid 0\) and lampyr runs as nobody", "sudo|as root",
                  prefix=AS_NOBODY + ["--bounding-set=-all"])
    with Program([python.path, "-c", as_nobody(dumpable=1)]) as pid:
        check_healthy("nobody's, seen by root", pid, python.version, r"^user +nobody \(uid \d+\); lampyr runs as root")
        without = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
        check_refused("root without the capability", pid, "root lacks the capability CAP_SYS_PTRACE", "SYS_PTRACE",
                      prefix=without)
        own = AS_NOBODY + ["--bounding-set=-all"]
        if yama() == 0:
            check_healthy("nobody's, seen by nobody", pid, python.version, r"^user +nobody .*; lampyr runs as nobody", prefix=own)
            print("Yama is off or not in this kernel: its rules cannot be tried")
        elif yama() < 3:
            check_refused("Yama %d" % yama(), pid, "kernel.yama.ptrace_scope is %d" % yama(), "sudo|as root", prefix=own)
    check_refused("root's, by less of a root", victim, "root lacks the capability CAP_SYS_PTRACE", "SYS_PTRACE", prefix=without)
    with Program([python.path, "-c", as_nobody(dumpable=1, users="os.setresuid(%d, 0, 0)")]) as pid:
        check_refused("a set-uid program", pid, "a set-uid program of nobody", "sudo|as root",
                      prefix=AS_NOBODY + ["--bounding-set=-all"])


def test_not_dumpable(python):
    with Program([python.path, "-c", as_nobody(dumpable=0)]) as pid:
        if yama() == 0:
            check_refused("not dumpable", pid, "made itself unreadable", "sudo|as root",
                          prefix=AS_NOBODY + ["--bounding-set=-all"])
        check_healthy("not dumpable, seen by root", pid, python.version)


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


def mounted(script):
    """A prefix that runs lampyr in a mount namespace of its own, after `script`."""
    return ["unshare", "--mount", "sh", "-c", script + ' && exec "$@"', "sh"]


def test_proc(victim):
    check_unseen("/proc of another namespace", victim, "another pid namespace", "mount -t proc", ["unshare", "--pid", "--fork"])
    if subprocess.run(mounted("true") + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("mount namespaces cannot be made here")
        return
    hide = mounted("mount -t proc -o hidepid=2 proc /proc")
    if subprocess.run(hide + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("/proc cannot be mounted with hidepid here")
    else:
        check_unseen("hidden by hidepid", victim, r"/proc hides it", "sudo", hide + AS_NOBODY + ["--bounding-set=-all"])
    with open(support.lampyr_path(), "rb") as file:
        binary = file.read()
    if b"__asan_init" in binary or b"__tsan_init" in binary:
        print("the sanitizers need /proc: without it nothing can be tried")
    else:
        check_unseen("without /proc", victim, "/proc is not mounted", "mount -t proc", mounted("umount -l /proc"))
        check_unseen("something else as /proc", victim, "/proc is not mounted", "mount -t proc", mounted("mount -t tmpfs tmpfs /proc"))
    check_unseen("a host's number inside", victim, "does not exist", None, ["unshare", "--pid", "--fork", "--mount-proc"])


def filtered(answer, calls):
    return [sys.executable, "-B", os.path.join(os.path.dirname(os.path.abspath(__file__)), "filtered.py"), answer, calls]


def test_filters(python, victim):
    cause = "a seccomp filter on lampyr forbids"
    for answer in ("EPERM", "ENOSYS"):  # /proc/PID/mem is another way to read
        check_healthy("readv: %s" % answer, victim, python.version, r"^stopping +possible", prefix=filtered(answer, "readv"))
        check_healthy("ptrace: %s" % answer, victim, python.version, r"^stopping +not possible: a seccomp filter",
                      prefix=filtered(answer, "readv,ptrace"))
        run = support.lampyr("dump", "--blocking", "-p", str(victim), prefix=filtered(answer, "ptrace"))
        check(run.status == 1 and re.search(cause, run.err.decode()), "stopping with a filter: %s" % run)
    check_refused("readv: SIGSYS", victim, cause, "seccomp|sandbox", prefix=filtered("kill", "readv"))
    check_healthy("ptrace: SIGSYS", victim, python.version, r"^stopping +not possible: a seccomp filter",
                  prefix=filtered("kill", "ptrace"))
    check_refused("other user's, and a filter", victim, "belongs to root", "sudo|as root",
                  prefix=filtered("EPERM", "readv,ptrace") + AS_NOBODY + ["--bounding-set=-all"])


def test_container(python):
    """Root of a container that has not the capability, as containers are by default, and what kind of container it is."""
    if subprocess.run(UNSHARE + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("containers cannot be made here")
        return
    kinds = {"/.dockerenv": "docker run --cap-add=SYS_PTRACE", "/run/.containerenv": "podman run --cap-add=SYS_PTRACE",
             "/var/run/secrets/kubernetes.io/token": r"capabilities: \{add: \[SYS_PTRACE\]\}"}
    outside = support.lampyr_path()
    for mark, hint in kinds.items():
        with support.scratch() as work, Box(python, work, [mark]).victim("working.py") as inside:
            words, os.environ["LAMPYR"] = inside.entrance
            try:
                check_refused("container with %s" % mark, 1, "root lacks the capability CAP_SYS_PTRACE", hint,
                              prefix=words + ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"])
                check_healthy("the same with it", 1, python.version, prefix=words)
            finally:
                os.environ["LAMPYR"] = outside
            check_healthy("the same from the host", inside.pid, python.version, r"^container .* in which it is 1$")


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
    # LeakSanitizer, in builds that have it, cannot look for leaks under filters.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
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
        test_proc(victim.pid)
        test_filters(python, victim.pid)
        test_container(python)


if __name__ == "__main__":
    support.run_test(main)

# SPDX-License-Identifier: MIT
"""Programs on processors of their own, and what they used: start, stop, processor time, peak memory.

The target has the first processor, a profiler the last. Where root allows it each child is a session of its own whose
scheduling group comes before all others, and a target may ask for real-time priority (`fifo`), so that other work on the
machine costs it as little as can be had. What is left is said in the report: `Facts`.
"""
import ctypes
import os
import platform
import re
import select
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "live"))
import support  # noqa: E402

CPUS = sorted(os.sched_getaffinity(0))
TARGET_CPU, PROFILER_CPU = CPUS[0], CPUS[-1]
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
TIME = shutil.which("time")  # a small program: a child of a large one inherits its peak memory


def prepare(cpu, fifo=False):
    """For `preexec_fn`. What is not allowed is left undone; facts() says what is allowed."""
    def child():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.sched_setaffinity(0, {cpu})
        try:
            with open("/proc/self/autogroup", "w") as file:
                file.write("-20")
        except OSError:
            pass
        try:
            if fifo:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
            else:
                os.setpriority(os.PRIO_PROCESS, 0, -20)
        except OSError:
            pass
    return child


def may_be_first():
    return subprocess.run(["true"], preexec_fn=lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
                          check=False).returncode == 0 if os.geteuid() == 0 else False


class Usage:
    """How a profiler ended and what it used."""

    def __init__(self, status, out, err, cpu, wall, peak_kib, ready_after):
        self.status, self.out, self.err = status, out, err
        self.cpu, self.wall, self.peak_kib = cpu, wall, peak_kib  # seconds, seconds, KiB or None
        self.ready_after = ready_after  # seconds until it said that it samples, or None

    @property
    def last_words(self):
        lines = [text.strip() for text in re.sub(r"\x1b\[[0-9;]*m", "", self.err + self.out).splitlines() if text.strip()]
        complaints = [text for text in lines if re.search(r"annot|can't|rror|ailed", text)]
        return (complaints or lines or ["no word"])[-1]


class Program:
    """A profiler on its own processor. Use in a `with` statement, which ends it in any case."""

    def __init__(self, words, folder, ready=None, timeout=60):
        self.peak = os.path.join(folder, "peak")
        if TIME:
            words = [TIME, "-q", "-f", "%M", "-o", self.peak] + words
        self.ready, self.ready_after = ready, None
        self.begin = time.monotonic()
        self.deadline = self.begin + timeout
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            start_new_session=True, preexec_fn=prepare(PROFILER_CPU), env=support.clean_environment())
        self.texts = {self.process.stdout: b"", self.process.stderr: b""}
        self.open_ends = set(self.texts)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def wait(self, until):
        """Takes in what it writes until then, until it says that it is ready (first time only), or until it ends."""
        until = min(until, self.deadline)
        while self.open_ends and time.monotonic() < until:
            for end in select.select(list(self.open_ends), [], [], max(0.0, until - time.monotonic()))[0]:
                piece = os.read(end.fileno(), 1 << 16)
                self.texts[end] += piece
                if not piece:
                    self.open_ends.discard(end)
            if self.ready and self.ready_after is None and any(self.ready in text for text in self.texts.values()):
                self.ready_after = time.monotonic() - self.begin
                return

    def interrupt(self):
        if self.open_ends:
            os.kill(innermost_child(self.process.pid), signal.SIGINT)

    def finish(self):
        while self.open_ends:
            support.check(time.monotonic() < self.deadline, "no end of %s" % " ".join(self.process.args))
            self.wait(self.deadline)
        _, status, used = os.wait4(self.process.pid, 0)
        wall = time.monotonic() - self.begin
        self.process.returncode = os.waitstatus_to_exitcode(status)
        out, err = (text.decode("utf-8", "replace") for text in self.texts.values())
        return Usage(self.process.returncode, out, err, used.ru_utime + used.ru_stime, wall, read_peak(self.peak),
                     self.ready_after)


def run(words, folder, ready=None, stop_after=None, timeout=60):
    """Runs a program to its end. With `stop_after` it gets SIGINT so many seconds after it said `ready` (or was started)."""
    with Program(words, folder, ready, timeout) as program:
        if stop_after is not None:
            if ready:
                program.wait(program.deadline)
            program.wait(time.monotonic() + stop_after)
            program.interrupt()
        return program.finish()


def innermost_child(pid):
    while True:
        try:
            below = support.children(pid)
        except OSError:
            return pid
        if not below:
            return pid
        pid = below[0]


def read_peak(path):
    try:
        with open(path) as file:
            return int(file.read().split()[-1])
    except (OSError, ValueError, IndexError):
        return None


def busy_seconds():
    """Time that the processors of target and profilers were busy or taken by the host, as the kernel counts it (in 10 ms)."""
    total = 0
    with open("/proc/stat") as file:
        for text in file:
            words = text.split()
            if words[0] in {"cpu%d" % cpu for cpu in (TARGET_CPU, PROFILER_CPU)}:
                total += sum(int(word) for word in words[1:9]) - int(words[4]) - int(words[5])
    return total / os.sysconf("SC_CLK_TCK")


def first_line(path, key):
    try:
        with open(path) as file:
            return next((text.split(":", 1)[1].strip() for text in file if text.startswith(key)), "unknown")
    except OSError:
        return "unknown"


def facts():
    """What the figures depend on, as (name, value)."""
    return [
        ("processor", "%s, %d processors used of %s" % (first_line("/proc/cpuinfo", "model name"), len(CPUS), os.cpu_count())),
        ("virtual machine", "yes" if "hypervisor" in first_line("/proc/cpuinfo", "flags").split() else "not seen"),
        ("kernel", platform.release()),
        ("placement", "target on processor %d, profilers on %d" % (TARGET_CPU, PROFILER_CPU)),
        ("real-time priority for targets", "yes" if may_be_first() else "not allowed; other work disturbs the figures"),
        ("peak memory", "from %s" % TIME if TIME else "not measured: the program `time` is absent"),
        ("load at the start", "%.1f %.1f %.1f" % os.getloadavg()),
    ]

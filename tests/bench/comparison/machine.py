# SPDX-License-Identifier: MIT
"""Programs on processors of their own, and what they used: start, stop, processor time, peak memory.

The target has the first processor, a profiler the last. Where root allows it each child is a session of its own whose
scheduling group comes before all others, and a target may ask for real-time priority (`fifo`), so that other work on the
machine costs it as little as can be had. What is left is said in the report: `Facts`.
"""
import ctypes
import os
import platform
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

    def __init__(self, status, out, err, cpu, wall, peak_kib):
        self.status, self.out, self.err = status, out, err
        self.cpu, self.wall, self.peak_kib = cpu, wall, peak_kib  # seconds, seconds, KiB or None


def innermost_child(pid):
    while True:
        try:
            below = support.children(pid)
        except OSError:
            return pid
        if not below:
            return pid
        pid = below[0]


def run(words, folder, ready=None, stop_after=None, timeout=60):
    """Runs a program to its end on the profiler's processor.

    With `stop_after`, SIGINT is sent so many seconds after its standard error said `ready` (or after it started).
    """
    peak = os.path.join(folder, "peak")
    if TIME:
        words = [TIME, "-q", "-f", "%M", "-o", peak] + words
    begin = time.monotonic()
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                               start_new_session=True, preexec_fn=prepare(PROFILER_CPU), env=support.clean_environment())
    try:
        out, err = read_to_end(process, ready, stop_after, begin + timeout)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()
        process.stderr.close()
    wall = time.monotonic() - begin
    return Usage(process.returncode, out, err, usage.ru_utime + usage.ru_stime, wall, read_peak(peak))


def read_peak(path):
    try:
        with open(path) as file:
            return int(file.read().split()[-1])
    except (OSError, ValueError, IndexError):
        return None


def read_to_end(process, ready, stop_after, deadline):
    """Both outputs; sends SIGINT in time."""
    texts = {process.stdout: b"", process.stderr: b""}
    stop_at = None if stop_after is None or ready else time.monotonic() + stop_after
    open_ends = set(texts)
    while open_ends:
        now = time.monotonic()
        if stop_at is not None and now >= stop_at:
            os.kill(innermost_child(process.pid), signal.SIGINT)
            stop_at = stop_after = None
        if now >= deadline:
            os.killpg(process.pid, signal.SIGKILL)
            break
        until = deadline if stop_at is None else min(stop_at, deadline)
        for end in select.select(list(open_ends), [], [], max(0.0, until - now))[0]:
            piece = os.read(end.fileno(), 1 << 16)
            texts[end] += piece
            if not piece:
                open_ends.discard(end)
        if ready and stop_after is not None and stop_at is None and ready in texts[process.stderr] + texts[process.stdout]:
            stop_at = time.monotonic() + stop_after
    return tuple(text.decode("utf-8", "replace") for text in texts.values())


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

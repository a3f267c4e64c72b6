# SPDX-License-Identifier: MIT
"""The profilers: how each is told to sample a process, and how many samples it says or shows it took.

A sample is one sweep: every thread of the process read once. All are told to read every thread, waiting or not, and to
count by the wall clock, because not all can do more. `Taken.sweeps` counts only what is in the profile; what a profiler
itself threw away is in `lost`.
"""
import collections
import json
import os
import re

from . import mojo
from .machine import run, support

FLAT_OUT = 1000000  # hertz; no profiler keeps it, each does what it can


class Taken:
    """What one run of a profiler gave."""

    def __init__(self, usage, sweeps, lost=0, seconds=None):
        self.usage, self.sweeps, self.lost = usage, sweeps, lost
        self.seconds = seconds  # of sampling, where the profiler says so


class Tool:
    """A profiler with one set of options. `peer` is what the goals compare with ("" for lampyr itself)."""

    name = peer = ""
    start_text = None     # on standard error, once it samples
    seconds_to_start = 0  # where it says nothing
    fixed_duration = False

    def __init__(self, path):
        self.path = path

    def version(self):
        usage = run([self.path, "--version"], "/tmp", timeout=20)
        return (usage.out + usage.err).strip().splitlines()[0]

    def record(self, target, rate, seconds, folder):
        """One run. Its profile stays in `folder` until the next."""
        out = os.path.join(folder, "profile")
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        stop = None if self.fixed_duration else seconds + self.seconds_to_start
        usage = run(self.words(target.pid, rate, seconds, out), folder, ready=self.start_text, stop_after=stop,
                    timeout=seconds + 40)
        target.check_alive()
        return self.taken(usage, out, target)

    def read_folded(self, out):
        """Samples of the main thread in a profile of folded stacks."""
        if not os.path.exists(out):
            return 0
        sweeps = 0
        with open(out, "rb") as file:
            for text in file:
                stack, _, count = text.rpartition(b" ")
                if self.is_main(stack):
                    sweeps += int(count)
        return sweeps

    def is_main(self, stack):
        return stack.startswith(b"<module>")


class Lampyr(Tool):
    name = "lampyr"
    start_text = b"recording"
    fixed_duration = True
    options = ("-i",)

    def words(self, pid, rate, seconds, out):
        return [self.path, "record", "-p", str(pid), "-d", str(seconds), "-r", str(rate), "-f", "raw", "-o", out,
                "--summary-json", out + ".json", *self.options]

    def taken(self, usage, out, target):
        support.check(usage.status == 0, "lampyr ended with %s: %s" % (usage.status, usage.err.strip()[-500:]))
        with open(out + ".json") as file:
            summary = json.load(file)
        return Taken(usage, summary["ticks"], summary["losses"]["unproven"], summary["duration_s"])

    def folded(self, out):
        with open(out, "rb") as file:
            return support.parse_raw(file.read())


class LampyrOnCpu(Lampyr):
    name = "lampyr, on CPU only"
    options = ()


class LampyrBlocking(Lampyr):
    name = "lampyr --blocking"
    options = ("-i", "--blocking")


def plain(stacks):
    """Files by their last part, as every profiler shortens them in its own way."""
    return [([re.sub(r"\([^()]*/", "(", label) for label in labels], count) for labels, count in stacks]


class PySpy(Tool):
    name = peer = "py-spy"
    start_text = b"Press Control-C to exit"
    options = ()

    def words(self, pid, rate, seconds, out):
        # Its duration is a number of samples, so that at a rate it cannot keep it would never end: SIGINT ends it.
        return [self.path, "record", "-p", str(pid), "-i", "-r", str(rate), "-d", "100000", "-f", "raw", "-o", out,
                *self.options]

    def taken(self, usage, out, target):
        lost = re.search(r"Errors: (\d+)", usage.err)
        return Taken(usage, self.read_folded(out), int(lost.group(1)) if lost else 0)

    def folded(self, out):
        with open(out, "rb") as file:
            stacks = [text.decode("utf-8", "replace").rpartition(" ") for text in file]
        return plain([(stack.split(";") if stack else [], int(count)) for stack, _, count in stacks])


class PySpyNonblocking(PySpy):
    name = "py-spy --nonblocking"
    options = ("--nonblocking",)


class Austin(Tool):
    name = peer = "austin"
    start_text = b"version:"

    def words(self, pid, rate, seconds, out):
        return [self.path, "-i", str(max(1, round(1e6 / rate))), "-p", str(pid), "-o", out]

    def taken(self, usage, out, target):
        data = self.data(out)
        lost = mojo.totals(data)[1] / len(support.threads_of(target.pid))
        return Taken(usage, mojo.count_of_thread(data, target.pid, target.pid) - lost, lost)

    def data(self, out):
        if not os.path.exists(out):
            return b""
        with open(out, "rb") as file:
            return file.read()

    def folded(self, out):
        counts = collections.Counter(
            tuple("%s (%s:%d)" % (function, os.path.basename(file), line) if file else "(unreadable frame)"
                  for function, file, line in stack) for stack in mojo.stacks(self.data(out)))
        return [(list(stack), count) for stack, count in counts.items() if stack]


class Profiling(Tool):
    """CPython's own: runs in, and reads, one version of Python."""

    name = peer = "profiling.sampling"
    seconds_to_start = 0.35  # Python itself and its modules
    options = ()

    def words(self, pid, rate, seconds, out):
        return [self.path, "-m", "profiling.sampling", "attach", "-a", "-r", str(rate), "--collapsed", "-o", out,
                *self.options, str(pid)]

    def version(self):
        return super().version() + " -m profiling.sampling"

    def taken(self, usage, out, target):
        said = re.search(r"Captured ([\d,]+) samples in ([\d.]+) seconds", usage.out + usage.err)
        sweeps = self.read_folded(out)
        if not said:
            return Taken(usage, sweeps)
        return Taken(usage, sweeps, max(0, int(said.group(1).replace(",", "")) - sweeps), float(said.group(2)))

    def is_main(self, stack):
        return b":<module>:" in stack.split(b";", 2)[1]

    def folded(self, out):
        stacks = []
        with open(out, encoding="utf-8") as file:
            for text in file:
                stack, _, count = text.rpartition(" ")
                frames = [frame.rsplit(":", 2) for frame in stack.split(";")[1:]]
                frames = [frame for frame in frames if frame[1] not in ("<GC>", "<native>")]
                stacks.append((["%s (%s:%s)" % (function, os.path.basename(name), line) for name, function, line in frames],
                               int(count)))
        return stacks


class ProfilingBlocking(Profiling):
    name = "profiling.sampling --blocking"
    options = ("--blocking",)

# SPDX-License-Identifier: MIT
"""The programs that are profiled: started on their own processor, ready when they say so, killed at the end.

A target that counts its work writes (count, time of its own clock, count) to shared memory; `Meter` reads it with the
time it had to wait for its processor.
"""
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time

from .machine import TARGET_CPU, prepare, support


class Target:
    """One target process. Use in a `with` statement."""

    def __init__(self, python, script, *arguments, fifo=False):
        self.python, self.script = python, script
        self.path = os.path.join(support.TARGETS, script)
        self.folder = tempfile.mkdtemp(prefix="lampyr-bench-")
        counter = os.path.join(self.folder, "counter")
        with open(counter, "wb") as file:
            file.write(bytes(24))
        with open(counter, "rb") as file:
            self.memory = mmap.mmap(file.fileno(), 24, prot=mmap.PROT_READ)
        reading, writing = os.pipe()
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.counter = counter
        self.process = subprocess.Popen(
            [python.path, self.path] + self.words(writing, [str(argument) for argument in arguments]),
            stdin=subprocess.PIPE, stdout=self.log, stderr=self.log,
            pass_fds=[writing], start_new_session=True, preexec_fn=prepare(TARGET_CPU, fifo), env=support.clean_environment())
        os.close(writing)
        self.report_fd = reading

    def words(self, report, arguments):
        counter = ["--counter", self.counter] if self.script.startswith("bench_") else []
        return ["--report", str(report)] + counter + arguments

    def wait_until_ready(self):
        if support.read_report(self.report_fd, support.TIMEOUT) is None:
            self.log.seek(0)
            raise support.Failure("the target ended before it was ready: %s" % self.log.read().decode()[-1500:])

    def wait_for_log(self, text):
        deadline = time.monotonic() + support.TIMEOUT
        while True:
            with open(self.log.name, "rb") as file:
                if text in file.read():
                    return
            support.check(time.monotonic() < deadline and self.process.poll() is None, "the target was not ready")
            time.sleep(0.01)

    def __enter__(self):
        try:
            self.wait_until_ready()
            return self
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    pid = property(lambda self: self.process.pid)

    def close(self):
        support.kill(self.process)
        self.process.stdin.close()
        self.log.close()
        self.memory.close()
        os.close(self.report_fd)
        shutil.rmtree(self.folder, ignore_errors=True)

    def put_others_first(self):
        """At real-time priority a thread that is to stop would never run beside a busy one: the others come before it."""
        for tid in support.threads_of(self.pid):
            if tid != self.pid and os.sched_getscheduler(tid) == os.SCHED_FIFO:
                os.sched_setscheduler(tid, os.SCHED_FIFO, os.sched_param(2))

    def check_alive(self):
        support.check(self.process.poll() is None, "%s ended while it was profiled" % self.script)
        support.check(support.stat_fields(self.pid)[0] not in "Tt", "%s was left stopped" % self.script)


class Reading:
    """Work done until an instant of the target's clock, and how long its main thread had waited for a processor."""

    def __init__(self, done, at, waited):
        self.done, self.at, self.waited = done, at, waited  # units, ns, ns


class Meter:
    """Reads the counter of a target that counts."""

    def __init__(self, target):
        self.target = target

    def read(self):
        """The next count the target writes, so that the age of the reading is that of one unit of work."""
        before, deadline = self.count()[0], time.monotonic() + support.TIMEOUT
        while True:
            done, at, again = self.count()
            if done == again != before:
                return Reading(done, at, self.waited())
            support.check(time.monotonic() < deadline, "the target does not work")
            time.sleep(0.0001)

    def count(self):
        return struct.unpack("<QQQ", self.target.memory[:24])

    def waited(self):
        with open("/proc/%d/task/%d/schedstat" % (self.target.pid, self.target.pid)) as file:
            return int(file.read().split()[1])

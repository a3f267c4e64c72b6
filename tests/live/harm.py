#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""harm.py CASE VERSION: the target and its world are as they were, whatever happens to lampyr or to the target.

kill, kill-blocking, kill-native
                     lampyr is killed 200 times at random moments; the target is never left stopped or traced and works on
interrupts           no blocked system call of the target ends early while it is recorded
ends                 the target exits, dies, or becomes another program while it is recorded: the profile is written
stops                a target stopped by SIGSTOP stays stopped, and a recording survives SIGSTOP and SIGCONT
spawn                the program's own status or signal is lampyr's, and ending lampyr's work does not end the program
"""
import os
import random
import select
import signal
import subprocess
import threading
import time

import support
from support import Failure, check

KILLS = 200
BATCHES = 4


def start_lampyr(*arguments, **popen):
    popen.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen([support.lampyr_path()] + [str(argument) for argument in arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, bufsize=0, env=support.clean_environment(), **popen)


def wait_until(condition, what, timeout=support.TIMEOUT):
    deadline = time.monotonic() + timeout
    while not condition():
        check(time.monotonic() < deadline, "waited %s s: %s" % (timeout, what))
        time.sleep(0.002)


def order(victim, byte):
    victim.process.stdin.write(byte)
    victim.process.stdin.flush()


# --- kill -9 ----------------------------------------------------------------------------------------------------------

def counters(path):
    with open(path, "rb") as file:
        data = file.read()
    return [int.from_bytes(data[at:at + 8], "little") for at in range(0, len(data), 8)]


def stopped_threads(pid):
    states = {}
    for tid in support.threads_of(pid):
        try:
            states[tid] = support.stat_fields(pid, tid)[0]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return {tid: state for tid, state in states.items() if state in "Tt"}


def check_unharmed(victim, path, attempt):
    """A tracer's death frees its tracees as the kernel reaps it, so a moment is given; nothing may stay after it."""
    def free():
        return support.status_field(victim.pid, "TracerPid") == "0" and not stopped_threads(victim.pid)
    wait_until(free, "after kill %d the target is still traced or stopped: %s" % (attempt, stopped_threads(victim.pid)), 5)
    before = counters(path)
    wait_until(lambda: all(now > then for now, then in zip(counters(path), before)),
               "after kill %d a thread of the target does not count on" % attempt, 10)


def kill_batch(python, folder, number, options, failures, seed):
    rng = random.Random(seed)
    path = os.path.join(folder, "counter.%d" % number)
    with open(path, "wb") as file:
        file.write(bytes(24))
    try:
        with support.Victim(python, "working.py", "--counter", path) as victim:
            for attempt in range(KILLS // BATCHES):
                process = start_lampyr("record", "-p", victim.pid, "-f", "raw", "-o", path + ".raw", *options)
                try:
                    time.sleep(rng.uniform(0, 0.2))
                finally:
                    process.kill()
                    process.communicate()
                check_unharmed(victim, path, attempt)
                check(victim.process.poll() is None, "the target died")
    except Exception as failure:
        failures.append(failure)


def test_kill(python, *options):
    failures = []
    seed = random.randrange(1 << 30)
    print("seed %d" % seed)
    with support.scratch() as folder:
        batches = [threading.Thread(target=kill_batch, args=(python, folder, number, options, failures, seed + number))
                   for number in range(BATCHES)]
        for batch in batches:
            batch.start()
        for batch in batches:
            batch.join()
        left = [name for name in os.listdir(folder) if name.endswith(".raw")]
    check(not failures, "; ".join(str(failure) for failure in failures))
    check(not left, "a killed recording left %s" % left)
    print("%d kills, target unharmed" % KILLS)


# --- interrupted system calls -----------------------------------------------------------------------------------------

def test_interrupts(python):
    with support.scratch() as folder, support.Victim(python, "blocked_calls.py") as victim:
        _, summary, _ = support.record_raw(folder, "-p", victim.pid, "-i", "-d", 5, "-r", 1000)
        order(victim, b"r")
        counts = victim.read_report()
        check(victim.finish() == 0, "the target did not end well")
    check(summary["ticks"] > 2000, "only %d ticks" % summary["ticks"])
    for name, count in sorted(counts.items()):
        print("    %-14s %4d calls, %d EINTR, %d other ends" % (name, count["calls"], count["eintr"], count["other"]))
        check(count["calls"] > 20, "%s was called %d times only" % (name, count["calls"]))
        check(not count["eintr"] and not count["other"], "%s ended early" % name)


# --- the target's end -------------------------------------------------------------------------------------------------

STARTED = set()


def ticking(process):
    """Waits until lampyr says that it records and has taken some samples since."""
    if process not in STARTED:
        line = b""
        while b"recording" not in line:
            check(select.select([process.stderr], [], [], support.TIMEOUT)[0], "lampyr does not say that it records")
            line = process.stderr.readline()
            check(line, "lampyr ended before it recorded")
        STARTED.add(process)
    support.wait_for_ticks(process, 30)


def processor_time(pid):
    """Nanoseconds of CPU that the threads of a process have used."""
    used = 0
    for tid in support.threads_of(pid):
        with open("/proc/%d/task/%d/schedstat" % (pid, tid)) as file:
            used += int(file.read().split()[0])
    return used


def wait_for_work(pid, intervals):
    """A raw profile counts CPU time in whole intervals (10 ms here): without a CPU for the target, ticks leave it empty."""
    goal = processor_time(pid) + intervals * 10_000_000
    wait_until(lambda: processor_time(pid) >= goal, "the target does not get to work")


def record_through(python, byte, *options):
    """Records a working target that is told `byte` once sampling runs. Gives the status, the stacks, and the words."""
    with support.scratch() as folder, support.Victim(python, "working.py") as victim:
        path = os.path.join(folder, "profile.raw")
        process = start_lampyr("record", "-p", victim.pid, "-f", "raw", "-o", path, *options)
        try:
            ticking(process)
            wait_for_work(victim.pid, 2)
            check(process.poll() is None, "the recording ended by itself")
            order(victim, byte)
            begin = time.monotonic()
            try:
                _, err = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                raise Failure("the target got %r, the recording goes on" % byte)
            took = time.monotonic() - begin
        finally:
            support.kill(process)
        check(process.returncode == 0, "status %s: %s" % (process.returncode, err.decode("utf-8", "replace")))
        check(os.path.exists(path), "no profile was written: %s" % err.decode("utf-8", "replace"))
        with open(path, "rb") as file:
            stacks = support.parse_raw(file.read())
    check(any("work (working.py" in label for labels, _ in stacks for label in labels),
          "%r: the profile lacks the work done: %s %s" % (byte, stacks[:5], err.decode("utf-8", "replace")))
    return took, err.decode("utf-8", "replace")


def test_ends(python):
    for blocking in ((), ("--blocking",)):
        for byte, what in ((b"x", "exit"), (b"k", "SIGKILL"), (b"s", "exec of sleep")):
            took, _ = record_through(python, byte, *blocking)
            print("%s %s: written after %.2f s" % (" ".join(blocking) or "default", what, took))
        # Another Python in the same process: the recording may end or go on, but it ends in time and is written.
        took, _ = record_through(python, b"p", "-d", 4, *blocking)
        print("%s exec of Python: written after %.2f s" % (" ".join(blocking) or "default", took))


# --- SIGSTOP ----------------------------------------------------------------------------------------------------------

def is_stopped(pid):
    return all(support.stat_fields(pid, tid)[0] == "T" for tid in support.threads_of(pid))


def check_goes_on(victim, path):
    os.kill(victim.pid, signal.SIGCONT)
    before = counters(path)
    wait_until(lambda: all(now > then for now, then in zip(counters(path), before)), "the target does not go on", 10)


def test_stops(python):
    with support.scratch() as folder:
        path = os.path.join(folder, "counter")
        with open(path, "wb") as file:
            file.write(bytes(24))
        with support.Victim(python, "working.py", "--counter", path) as victim:
            for blocking in ((), ("--blocking",)):
                os.kill(victim.pid, signal.SIGSTOP)
                wait_until(lambda: is_stopped(victim.pid), "SIGSTOP does not stop")
                support.lampyr_ok("dump", "-p", victim.pid, *blocking)
                wait_until(lambda: is_stopped(victim.pid), "a dump set the stopped target going", 2)
                before = counters(path)
                support.record_raw(folder, "-p", victim.pid, "-i", "-d", 0.5, *blocking)
                wait_until(lambda: is_stopped(victim.pid), "a recording set the stopped target going", 2)
                check(counters(path) == before, "the stopped target worked while it was recorded")
                check_goes_on(victim, path)

                process = start_lampyr("record", "-p", victim.pid, "-f", "raw", "-o", path + ".raw", *blocking)
                try:
                    ticking(process)
                    os.kill(victim.pid, signal.SIGSTOP)
                    wait_until(lambda: is_stopped(victim.pid), "SIGSTOP does not stop a recorded target", 10)
                    ticking(process)
                    check_goes_on(victim, path)
                    ticking(process)
                    process.send_signal(signal.SIGTERM)
                    _, err = process.communicate(timeout=20)
                finally:
                    support.kill(process)
                check(process.returncode == 0, "status %s: %s" % (process.returncode, err.decode("utf-8", "replace")))
                check(not stopped_threads(victim.pid), "the target was left stopped")
                print("%s: stays stopped, goes on" % (" ".join(blocking) or "default"))


# --- spawn ------------------------------------------------------------------------------------------------------------

def test_spawn(python):
    cases = (("exit 0", "pass", 0), ("exit 7", "import sys; sys.exit(7)", 7), ("an exception", "1 / 0", 1),
             ("os._exit", "import os; os._exit(200)", 200),
             ("SIGTERM", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + signal.SIGTERM),
             ("SIGKILL", "import os; os.kill(os.getpid(), 9)", 137),
             ("a crash", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 128 + signal.SIGSEGV),
             ("a slow end", "import time, sys; time.sleep(0.5); sys.exit(3)", 3))
    with support.scratch() as folder:
        path = os.path.join(folder, "profile.raw")
        for what, source, status in cases:
            run = support.lampyr("record", "-i", "-f", "raw", "-o", path, "--", python.path, "-c",
                                 "import time; time.sleep(0.3)\n" + source)
            check(run.status == status, "%s should be status %d: %s" % (what, status, run))
            check(os.path.exists(path), "%s: no profile: %s" % (what, run))
            os.unlink(path)
        for what, words, status in (("a shell that becomes Python", ["/bin/sh", "-c", 'exec "$0" -c "import time, sys; '
                                                                    'time.sleep(0.5); sys.exit(5)"', python.path], 5),):
            run = support.lampyr("record", "-i", "-f", "raw", "-o", path, "--", *words)
            check(run.status == status, "%s should be status %d: %s" % (what, status, run))
        run = support.lampyr("record", "-o", path, "--", os.path.join(folder, "nothing here"))
        check(run.status == 127, "a program that is not there should be status 127: %s" % run)
        run = support.lampyr("record", "-o", path, "--", folder)
        check(run.status == 126, "a folder as program should be status 126: %s" % run)
        check_stdio(python, path)
        check_left_running(python, path)
    print("%d ends" % (len(cases) + 3))


def check_stdio(python, path):
    """The program has lampyr's standard streams to itself."""
    source = "import sys, time; time.sleep(0.3); sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('apart\\n')"
    process = start_lampyr("record", "-q", "-i", "-f", "raw", "-o", path, "--", python.path, "-c", source,
                           stdin=subprocess.PIPE)
    try:
        out, err = process.communicate(b"words\n", timeout=30)
    finally:
        support.kill(process)
    check(out == b"WORDS\n", "standard output is %r" % out)
    check(b"apart\n" in err, "standard error is %r" % err)


def check_left_running(python, path):
    """SIGTERM ends the recording, not the program; its status is ours all the same."""
    process = start_lampyr("record", "-i", "-f", "raw", "-o", path + ".2", "--", python.path, "-c",
                           "import os, sys; os.read(0, 1); sys.exit(9)", stdin=subprocess.PIPE)
    try:
        ticking(process)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: os.path.exists(path + ".2"), "SIGTERM does not end the recording", 10)
        check(process.poll() is None, "lampyr did not wait for the program")
        process.communicate(timeout=20)  # closes standard input
    finally:
        support.kill(process)
    check(process.returncode == 9, "status %s instead of the program's 9" % process.returncode)


def main(arguments):
    case, python = arguments[0], support.find_python(arguments[1])
    if case == "kill":
        test_kill(python, "-r", 1000)
    elif case == "kill-blocking":
        test_kill(python, "-r", 1000, "--blocking")
    elif case == "kill-native":
        test_kill(python, "-r", 1000, "--native")
    else:
        {"interrupts": test_interrupts, "ends": test_ends, "stops": test_stops, "spawn": test_spawn}[case](python)


if __name__ == "__main__":
    support.run_test(main)

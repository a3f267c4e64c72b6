# SPDX-License-Identifier: MIT
"""What the live tests share: interpreters, victims, lampyr runs, and readers of what lampyr writes.

A victim is a Python program of tests/targets. It is started with two pipes: on `--report FD` it says one JSON line when it
is ready, and it ends when its standard input closes. So no test sleeps and hopes. Every child has a time limit and is
killed in a `finally`. A test ends with exit status 0 (passed), 1 (failed) or 77 (skipped by name).
"""
import contextlib
import glob
import json
import math
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGETS = os.path.join(ROOT, "tests", "targets")
TIMEOUT = 60  # seconds; for what should take a few
SKIP = 77


class Failure(Exception):
    """The product did not do what the test asks for."""


class Skip(Exception):
    """The test cannot run here; the text says why."""


def skip(why):
    raise Skip(why)


def check(condition, message):
    if not condition:
        raise Failure(message)


def run_test(main):
    """Runs `main(arguments)` and turns its end into an exit status."""
    try:
        main(sys.argv[1:])
    except Skip as why:
        print("SKIPPED: %s" % why)
        sys.exit(SKIP)
    except Failure as failure:
        print("FAILED: %s" % failure)
        sys.exit(1)
    print("PASSED")


# --- interpreters -----------------------------------------------------------------------------------------------------

class Python:
    """One interpreter: `version` as find-pythons says it ("3.13t"), `number` as (3, 13), and its path."""

    def __init__(self, version, path):
        self.version, self.path = version, path
        self.number = tuple(int(part) for part in version.rstrip("td").split("."))
        self.free_threaded = "t" in version

    @property
    def has_own_frames(self):
        """3.11+: frames live in a stack of their own, not as heap objects."""
        return self.number >= (3, 11)


def find_python(version):
    finder = os.path.join(ROOT, "tools", "scripts", "find-pythons")
    lines = subprocess.run([finder], stdout=subprocess.PIPE, timeout=TIMEOUT, check=True).stdout.decode().splitlines()
    for line in lines:
        name, path = line.split(" ", 1)
        if name == version:
            return Python(version, path)
    skip("no python%s here" % version)


# --- lampyr -----------------------------------------------------------------------------------------------------------

def lampyr_path():
    path = os.environ.get("LAMPYR")
    if not path:
        raise Failure("set LAMPYR to the path of the lampyr binary")
    return path


def clean_environment(**extra):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment.update(LC_ALL="C.UTF-8", PYTHONIOENCODING="utf-8", PYTHONDONTWRITEBYTECODE="1", NO_COLOR="1")
    environment.update(extra)
    return environment


class Run:
    """How a lampyr run ended. Output is bytes: a profile may hold anything."""

    def __init__(self, arguments, status, out, err):
        self.arguments, self.status, self.out, self.err = arguments, status, out, err

    def __str__(self):
        return "%s: status %s, stderr: %s" % (
            " ".join(self.arguments), self.status, self.err.decode("utf-8", "replace").strip()[-1500:])


def lampyr(*arguments, timeout=TIMEOUT, prefix=(), **popen):
    """Runs lampyr to its end. A run longer than `timeout` is a failure, not a hang."""
    words = list(prefix) + [lampyr_path()] + [str(argument) for argument in arguments]
    popen.setdefault("stdin", subprocess.DEVNULL)
    popen.setdefault("env", clean_environment())
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise Failure("no end after %s s: %s" % (timeout, Run(words, "killed", out, err)))
    finally:
        kill(process)
    return Run(words, process.returncode, out, err)


def lampyr_ok(*arguments, **keywords):
    run = lampyr(*arguments, **keywords)
    check(run.status == 0, str(run))
    return run


def kill(process):
    if process.poll() is None:
        process.kill()
        process.wait()


@contextlib.contextmanager
def scratch():
    folder = tempfile.mkdtemp(prefix="lampyr-live-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class WaitMeter(threading.Thread):
    """Watches a program that lampyr starts: how long it ran, and how long it waited for a processor (schedstat)."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ran = self.waited = 0
        self.done = threading.Event()

    def run(self):
        me = os.getpid()
        while not self.done.wait(0.02):
            try:
                for lampyr_pid in children(me):
                    for pid in children(lampyr_pid):
                        with open("/proc/%d/schedstat" % pid) as file:
                            self.ran, self.waited = [int(word) for word in file.read().split()[:2]]
            except (OSError, ValueError):
                pass

    @property
    def share(self):
        """Time waited as a share of the time run."""
        return self.waited / self.ran if self.ran else 0.0


def children(pid):
    found = []
    for tid in threads_of(pid):
        with open("/proc/%d/task/%d/children" % (pid, tid)) as file:
            found.extend(int(word) for word in file.read().split())
    return found


def record_raw(folder, *options, name="profile.raw", timeout=TIMEOUT, **keywords):
    """A raw profile as (stacks, summary)."""
    path = os.path.join(folder, name)
    summary = path + ".summary.json"
    before, after = list(options), []
    if "--" in before:
        cut = before.index("--")
        before, after = before[:cut], before[cut:]
    run = lampyr("record", "-f", "raw", "-o", path, "--summary-json", summary, *before, *after, timeout=timeout,
                 **keywords)
    check(os.path.exists(path), "no profile written by %s" % run)
    with open(path, "rb") as file:
        stacks = parse_raw(file.read())
    with open(summary, encoding="utf-8") as file:
        return stacks, json.load(file), run


# --- victims ----------------------------------------------------------------------------------------------------------

def pinned(cpu):
    """For `preexec_fn`: keeps a program on the processor with that index, when there are several to choose from."""
    cpus = sorted(os.sched_getaffinity(0))
    if cpu is None or len(cpus) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cpus[cpu % len(cpus)]})


class Victim:
    """A target program that has said it is ready; `report` is what it said. Use in a `with` statement. `prefix` are the words
    of a launcher that starts it."""

    def __init__(self, python, script, *arguments, environment=None, timeout=TIMEOUT, cpu=None, prefix=()):
        path = script if os.path.isabs(script) else os.path.join(TARGETS, script)
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        self.report_fd = reading
        executable = [python.path] if isinstance(python, Python) else []
        self.process = subprocess.Popen(
            list(prefix) + executable + [path, "--report", str(writing)] + [str(argument) for argument in arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, close_fds=False,
            env=environment or clean_environment(), preexec_fn=pinned(cpu))
        os.close(writing)
        self.timeout = timeout
        self.report = None

    def __enter__(self):
        try:
            self.report = read_report(self.report_fd, self.timeout)
            if self.report is None:
                self.process.kill()
                words = self.process.stdout.read().decode("utf-8", "replace")
                raise Failure("the victim ended before it was ready: %s" % words[-1500:])
            return self
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    @property
    def pid(self):
        return self.process.pid

    def close(self):
        kill(self.process)
        if self.report_fd is not None:
            os.close(self.report_fd)
            self.report_fd = None
        self.process.stdin.close()
        self.process.stdout.close()

    def read_report(self):
        return read_report(self.report_fd, self.timeout)

    def finish(self):
        """Closes the victim's input and waits for its end."""
        self.process.stdin.close()
        try:
            return self.process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            raise Failure("the victim does not end after its input was closed")


def read_report(fd, timeout):
    """One line of JSON from a pipe; None when the other end closed it first."""
    deadline = time.monotonic() + timeout
    data = b""
    while not data.endswith(b"\n"):
        left = deadline - time.monotonic()
        check(left > 0, "the victim was not ready after %s s" % timeout)
        if not select.select([fd], [], [], left)[0]:
            continue
        piece = os.read(fd, 1 << 16)
        if not piece:
            return None
        data += piece
    return json.loads(data.decode("utf-8"))


def stat_fields(pid, tid=None):
    """The fields of /proc/PID/stat behind the name: [0] is the state."""
    path = "/proc/%d/stat" % pid if tid is None else "/proc/%d/task/%d/stat" % (pid, tid)
    with open(path) as file:
        return file.read().rsplit(")", 1)[1].split()


def status_field(pid, name):
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            if line.startswith(name + ":"):
                return line.split(":", 1)[1].strip()
    return None


def threads_of(pid):
    return [int(name) for name in os.listdir("/proc/%d/task" % pid)]


def switches(pid):
    total = 0
    for status in glob.glob("/proc/%d/task/*/status" % pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile
            with open(status) as file:
                total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M).group(1))
    return total


def wait_for_ticks(process, count):
    """Each tick sleeps until the next one, so a sampler that ticks gives up the processor each time."""
    deadline = time.monotonic() + TIMEOUT
    goal = None
    while process.poll() is None:
        now = switches(process.pid)
        goal = now + count if goal is None else goal
        if now >= goal:
            return
        check(time.monotonic() < deadline, "lampyr does not tick")
        time.sleep(0.01)


def wait_in_kernel(process, pid, places, threads=1, tid=None):
    """Until so many threads of the process, or that one, wait in functions of the kernel that are called like one of `places`."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        check(process.poll() is None, "the program has ended")
        waiting = 0
        for each in threads_of(pid) if tid is None else [tid]:
            with open("/proc/%d/task/%d/wchan" % (pid, each)) as file:
                where = file.read()
            waiting += any(place in where for place in places)
        if waiting >= threads:
            return
        time.sleep(0.01)
    raise Failure("it does not come to wait in %s" % (places,))


# --- what lampyr writes -----------------------------------------------------------------------------------------------

FOLDED_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u\{([0-9a-f]+)\}|(\\))")
UNICODE_ESCAPE = re.compile(r"(\\+)(?:u(d[89a-f][0-9a-f]{2})|U((?!000[0-9a-f]{5}|0010[0-9a-f]{4})[0-9a-f]{8}))")


def unescape_folded(label):
    """A label of a raw profile as it was before it was made fit for a line (src/base/escape.hpp)."""
    def character(match):
        digits = match.group(1) or match.group(2)
        return chr(int(digits, 16)) if digits else "\\"
    return FOLDED_ESCAPE.sub(character, label)


def unescape_unicode(text):
    """A text of the target as it was before it was made valid UTF-8 (src/base/utf8.hpp): surrogates come back."""
    def run(match):
        slashes, digits = match.group(1), match.group(2) or match.group(3)
        if len(slashes) % 2 == 0:
            return "\\" * (len(slashes) // 2) + match.group(0)[len(slashes):]
        value = int(digits, 16)
        return "\\" * (len(slashes) // 2) + (chr(value) if value < 0x110000 else "<%x>" % value)
    return UNICODE_ESCAPE.sub(run, text)


LABEL = re.compile(r"^(?P<name>.*?) \((?P<file>.*?)(?::(?P<line>\d+))?\)$", re.DOTALL)


class Frame(tuple):
    """(name, file, line) of one label; line None when the label has none. A marker has no file."""

    __slots__ = ()

    def __new__(cls, name, file=None, line=None):
        return tuple.__new__(cls, (name, file, line))

    name = property(lambda self: self[0])
    file = property(lambda self: self[1])
    line = property(lambda self: self[2])


def parse_label(label):
    match = LABEL.match(label)
    if not match:
        return Frame(label)
    line = match.group("line")
    return Frame(match.group("name"), match.group("file"), int(line) if line is not None else None)


def parse_raw(data):
    """A raw profile as a list of ([label, ...], count), root first, labels unescaped. Checks the grammar."""
    stacks = []
    check(not data or data.endswith(b"\n"), "the raw profile does not end with a newline")
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        text = line.decode("utf-8")
        labels, space, count = text.rpartition(" ")
        check(space and labels and count.isdigit(), "raw line %d is no 'stack count': %r" % (number, text[:200]))
        stacks.append(([unescape_folded(label) for label in labels.split(";")], int(count)))
    return stacks


def frames_of(labels):
    return [parse_label(label) for label in labels]


UNPROVEN = "(unproven)"
MARKERS = re.compile(r"^\((?:unproven|unreadable frame|reused code|\d+ frames elided)\)$")


def claimed(labels):
    """The part of a stack that the profile vouches for: what is below the first mark."""
    for number, label in enumerate(labels):
        if MARKERS.match(label):
            return labels[:number]
    return labels


class DumpedThread:
    def __init__(self, match):
        self.tid, self.state, self.name = int(match.group("tid"), 0), match.group("state"), match.group("name")
        self.interpreter = int(match.group("interpreter") or 0)
        self.frames = []


THREAD_LINE = re.compile(r'^Thread (?P<tid>0x[0-9a-fA-F]+|\d+) \((?P<state>[^)]*)\)(?: interpreter (?P<interpreter>\d+))?(?:: "(?P<name>.*)")?$')


def parse_dump(data):
    """The threads of `lampyr dump`, in order. Everything is text in py-spy's layout."""
    threads = []
    for line in data.decode("utf-8").split("\n"):
        if line.startswith("Task "):
            break  # asyncio's tasks stand behind the threads
        match = THREAD_LINE.match(line)
        if match:
            threads.append(DumpedThread(match))
        elif line.startswith("    ") and threads:
            threads[-1].frames.append(parse_label(line[4:]))
    return threads


def check_no_control_bytes(data, what):
    for match in re.finditer(rb"[\x00-\x09\x0b-\x1f\x7f]", data):
        at = match.start()
        raise Failure("%s holds the control byte %#04x: %r" % (what, data[at], data[max(0, at - 60):at + 20]))


# --- numbers ----------------------------------------------------------------------------------------------------------

def binomial_tail(hits, trials, probability):
    """The chance of `hits` or more in `trials` when each has `probability`."""
    if hits <= 0:
        return 1.0
    if trials == 0:
        return 0.0
    log_p, log_q = math.log(probability), math.log1p(-probability)

    def term(k):
        return math.exp(math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
                        + k * log_p + (trials - k) * log_q)
    return max(0.0, 1.0 - sum(term(k) for k in range(hits)))


def check_rarer(hits, trials, limit, what):
    """Fails when so many hits would come up less than once in a thousand runs at the rate allowed."""
    if hits > limit * trials and binomial_tail(hits, trials, limit) < 1e-3:
        raise Failure("%s: %d in %d, allowed is 1 in %d" % (what, hits, trials, round(1 / limit)))

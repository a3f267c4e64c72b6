#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""file_kill.py VERSION [KILLS]: lampyr is killed with SIGKILL at random times while it records into a lampyr file. Each file
that is left is read and converted, and holds what was sampled up to about the last second."""
import json
import os
import random
import re
import subprocess
import time

import support
from support import check

KILLS = 20
RATE = 200
# A block is cut once a second; beyond that, starting up and a busy machine.
LATEST = 1.0


def start(path, pid):
    return subprocess.Popen([support.lampyr_path(), "record", "-q", "-r", str(RATE), "-o", path, "-p", str(pid)],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            env=support.clean_environment())


def wait_for(path, process):
    deadline = time.monotonic() + support.TIMEOUT
    while not os.path.exists(path):
        if process.poll() is not None:
            raise support.Failure("lampyr ended: %r" % process.stderr.read())
        check(time.monotonic() < deadline, "no file after %s s" % support.TIMEOUT)
        time.sleep(0.001)


def recorded_seconds(path):
    """How much time the file holds, by the words of the report."""
    run = support.lampyr("report", path)
    check(run.status == 0, str(run))
    said = run.out.decode() + run.err.decode()
    check("cut off" in said or "left out" in said, "a killed recording is not said to be cut off: " + said)
    found = re.search(r"cut off after ([0-9.]+) s|up to ([0-9.]+) s is here", said)
    check(found, "the report does not say how much is there: " + said)
    return float(found.group(1) or found.group(2))


def folded_count(path):
    run = support.lampyr("report", "-q", "-f", "raw", "-o", "-", path)
    check(run.status == 0, str(run))
    return sum(int(line.rsplit(b" ", 1)[1]) for line in run.out.splitlines())


def convert(path, folder):
    """Every format, each read back by its own rules."""
    for name in ("out.svg", "out.json", "out.lampyr"):
        run = support.lampyr("report", "-q", "-o", os.path.join(folder, name), path)
        check(run.status == 0, str(run))
    with open(os.path.join(folder, "out.json"), encoding="utf-8") as file:
        json.load(file)
    check(folded_count(os.path.join(folder, "out.lampyr")) == folded_count(path), "a copy does not hold the same")


def kill_once(victim, folder, number, after):
    path = os.path.join(folder, "%d.lampyr" % number)
    process = start(path, victim.pid)
    try:
        wait_for(path, process)
        begun = time.monotonic()
        time.sleep(after)
        process.kill()
        ran = time.monotonic() - begun
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    held = recorded_seconds(path)
    convert(path, folder)
    os.unlink(path)
    return ran, held


def main(arguments):
    python = support.find_python(arguments[0])
    kills = int(arguments[1]) if len(arguments) > 1 else KILLS
    rng = random.Random(kills)
    late = []
    with support.scratch() as folder, support.Victim(python, "working.py") as victim:
        for number in range(kills):
            ran, held = kill_once(victim, folder, number, rng.uniform(0, 3.5))
            check(held <= ran + 0.5, "the file holds %.2f s of %.2f s" % (held, ran))
            late.append(ran - held)
    # The machine may be busy for once, but not every time.
    late.sort()
    print("%d kills; missing at the end: median %.2f s, most %.2f s" % (kills, late[len(late) // 2], late[-1]))
    check(late[len(late) // 2] <= LATEST, "in the middle %.2f s are missing at the end" % late[len(late) // 2])


support.run_test(main)

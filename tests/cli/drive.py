# SPDX-License-Identifier: MIT
"""Runs a command and does things to it at the right moment, never by sleeping and hoping.

    drive.py [--victim] [--tty] [STEP...] -- COMMAND...

--victim starts tests/targets/shares.py, waits until it is ready, puts its process id where the command says {pid},
and ends it afterwards. --tty gives the command a terminal. A STEP is `--until TEXT` (read what the command prints until
the text appears), `--exists PATTERN` (wait until such a file is in the directory), `--gap SECONDS`, `--send SIGNAL`
(to the command) or `--send-group SIGNAL` (to its process group, as a terminal's Ctrl-C). What the command prints is
passed on; its status (128+signal) is ours, 99 when a step never came true.
"""

import fnmatch
import os
import pty
import select
import signal
import subprocess
import sys
import time

LIMIT_S = 40
NEVER = 99


class Driven:
    """The command with its output in one stream."""

    def __init__(self, command, terminal):
        if terminal:
            self.stream, theirs = pty.openpty()
        else:
            self.stream, theirs = os.pipe()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                                        preexec_fn=os.setpgrp)
        os.close(theirs)
        self.seen = b""
        self.deadline = time.monotonic() + LIMIT_S

    def read_some(self, patience):
        """False at the end of the stream."""
        if not select.select([self.stream], [], [], patience)[0]:
            return True
        try:
            piece = os.read(self.stream, 65536)
        except OSError:  # a terminal without a writer
            return False
        self.seen += piece
        sys.stdout.buffer.write(piece)
        sys.stdout.flush()
        return bool(piece)

    def until(self, true):
        while not true():
            if time.monotonic() > self.deadline or not self.read_some(0.05):
                return bool(true())
        return True

    def step(self, kind, value):
        if kind == "--until":
            return self.until(lambda: value.encode() in self.seen)
        if kind == "--exists":
            return self.until(lambda: fnmatch.filter(os.listdir("."), value))
        if kind == "--gap":
            time.sleep(float(value))
        elif kind == "--send":
            self.process.send_signal(getattr(signal, "SIG" + value))
        elif kind == "--send-group":
            os.killpg(self.process.pid, getattr(signal, "SIG" + value))
        else:
            raise SystemExit("drive: unknown step " + kind)
        return True

    def end(self):
        """Reads until the command has ended; others may hold the stream open longer."""
        self.until(lambda: self.process.poll() is not None)
        try:
            self.process.wait(max(self.deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            print("drive: it did not end")
            self.process.kill()
            return NEVER
        while select.select([self.stream], [], [], 0)[0] and self.read_some(0):
            pass
        code = self.process.returncode
        return code if code >= 0 else 128 - code


def start_victim():
    program = os.path.join(os.environ["TARGETS"], "shares.py")
    victim = subprocess.Popen([os.environ["PYTHON"], program, "--seconds", "60", "--report", os.devnull],
                              stdout=subprocess.PIPE)
    if victim.stdout.readline().strip() != b"ready":
        raise SystemExit("drive: the victim did not start")
    return victim


def main():
    words = sys.argv[1:]
    split = words.index("--")
    words, command = words[:split], words[split + 1:]
    flags = {word for word in words if word in ("--victim", "--tty")}
    steps = [word for word in words if word not in flags]
    victim = start_victim() if "--victim" in flags else None
    try:
        if victim:
            command = [word.replace("{pid}", str(victim.pid)) for word in command]
        driven = Driven(command, "--tty" in flags)
        for kind, value in zip(steps[::2], steps[1::2]):
            if not driven.step(kind, value):
                print("drive: it never came to {} {}".format(kind, value))
                driven.process.kill()
                return NEVER
        return driven.end()
    finally:
        if victim:
            victim.kill()
            victim.wait()


if __name__ == "__main__":
    sys.exit(main())

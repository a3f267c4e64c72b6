#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""top.py VERSION CASE: lampyr top on a real terminal, driven by tmux: keys, sizes, the ends of the program and of lampyr,
suspension. After each the terminal is as it was. `stream` needs no terminal."""
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import time

import support
from support import check

FAMILY = os.path.join(support.TARGETS, "family.py")
PROMPT = "ready>"


class Terminal:
    """A shell in a tmux server of its own."""

    def __init__(self, folder, columns=110, rows=30):
        if shutil.which("tmux") is None:
            support.skip("no tmux here")
        self.socket = os.path.join(folder, "tmux")
        environment = support.clean_environment(TERM="xterm-256color", ENV="", LAMPYR=support.lampyr_path(), TMUX="")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", folder, "sh",
                  env=environment)
        self.type("PS1='%s'" % PROMPT)
        self.wait("^%s$" % PROMPT)
        self.type("clear; stty -g > before")
        self.wait(r"\A\s*%s$" % PROMPT)
        self.folder = folder

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], stderr=subprocess.DEVNULL, timeout=support.TIMEOUT)

    def tmux(self, *words, **keywords):
        run = subprocess.run(["tmux", "-S", self.socket] + list(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             timeout=support.TIMEOUT, **keywords)
        check(run.returncode == 0, "tmux %s: %r" % (" ".join(words), run.stderr))
        return run.stdout.decode()

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def type(self, line):
        self.tmux("send-keys", "-l", line)
        self.keys("Enter")

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def wait(self, *patterns, absent=False):
        """Until all of the patterns are on the screen, or none is."""
        deadline = time.monotonic() + support.TIMEOUT
        while True:
            screen = self.screen()
            wrong = [pattern for pattern in patterns if bool(re.search(pattern, screen.rstrip("\n"), re.M)) == absent]
            if not wrong:
                return screen
            check(time.monotonic() < deadline, "%r is%s on the screen:\n%s" % (wrong[0], " still" if absent else " never", screen))
            time.sleep(0.02)

    def wait_for_rest(self):
        """Until the screen stays as it is for half a second: it may be seen while it is being drawn."""
        deadline = time.monotonic() + support.TIMEOUT
        before = self.screen()
        while True:
            time.sleep(0.5)
            screen = self.screen()
            if screen == before:
                return
            check(time.monotonic() < deadline, "the screen never comes to rest:\n%s" % screen)
            before = screen

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def lampyr_pid(self):
        shell = int(self.tmux("display-message", "-p", "#{pane_pid}"))
        found = support.children(shell)
        check(len(found) == 1, "children of the shell: %s" % found)
        return found[0]

    def check_restored(self, status):
        """The shell has the terminal again, as it was."""
        self.wait(r"^%s$" % PROMPT)
        alternate = self.tmux("display-message", "-p", "#{alternate_on}#{cursor_flag}").strip()
        check(alternate == "01", "the other screen is still on, or the cursor is off: " + alternate)
        self.type("echo status $?; stty -g > after; echo compared $(cmp before after && echo equal)")
        screen = self.wait(r"^compared")
        check("compared equal" in screen, "the terminal's modes are not what they were:\n" + screen)
        check("status %d" % status in screen, "the status is not %d:\n%s" % (status, screen))


def start(terminal, *words):
    terminal.type(" ".join(['"$LAMPYR"', "top"] + [str(word) for word in words]))


def keys(folder, victim):
    with Terminal(folder) as terminal:
        start(terminal, "--delay", "0.2", "-p", victim.pid)
        busiest_first = r"\A(.*\n){4}.*work \(working.py"
        terminal.wait(busiest_first, "process %d" % victim.pid, "Hz", "4 threads", "GIL held", "RSS", "lampyr's CPU",
                      "no losses|unproven|late|mispredicted")
        terminal.keys("Down", "Up", "Enter")
        terminal.wait(r"called by (run|Thread\.run)")
        terminal.keys("Escape")
        terminal.wait("called by", absent=True)
        terminal.keys("t")
        terminal.wait(r"thread \d+: MainThread")
        terminal.keys("t", "l")
        terminal.wait(r"function \(file:line\)")
        terminal.keys("p")
        terminal.wait(r"process %d: " % victim.pid)
        terminal.keys("Enter")
        terminal.wait(r"only process %d" % victim.pid)
        terminal.keys("a", "l", "/")
        terminal.tmux("send-keys", "-l", "nothing_has_this_name")
        terminal.wait("filter: nothing_has")
        terminal.keys("Enter")
        terminal.wait("nothing matches the filter")
        terminal.keys("Escape")
        terminal.wait(r"work \(working.py")
        terminal.keys("/")
        terminal.tmux("send-keys", "-l", "(")
        terminal.keys("Enter")
        terminal.wait("bad filter")
        terminal.keys("Escape", "h")
        terminal.wait("reset: count anew")
        terminal.keys("x", "Space")
        terminal.wait("paused")
        terminal.wait_for_rest()
        terminal.keys("Space")
        terminal.wait("paused", absent=True)
        terminal.keys("w")
        terminal.wait(r"wrote lampyr-working-%d-\S+\.svg" % victim.pid)
        svg = [name for name in os.listdir(folder) if name.endswith(".svg")]
        check(len(svg) == 1, "files: %s" % os.listdir(folder))
        with open(os.path.join(folder, svg[0])) as file:
            check("work" in file.read(), "no function in the picture")
        terminal.keys("r", "+", "-", "3", "s", "q")
        terminal.check_restored(0)


def sizes(folder, victim):
    with Terminal(folder) as terminal:
        start(terminal, "--delay", "0.2", "-p", victim.pid)
        terminal.wait(r"work \(working.py")
        for columns, rows in ((40, 8), (3, 2), (1, 1), (20, 3), (250, 70), (80, 24)):
            terminal.resize(columns, rows)
            terminal.keys("Down")
            if columns >= 40:
                terminal.wait("work")
        screen = terminal.wait(r"function \(file:first line\)")
        check(all(len(line) <= 80 for line in screen.splitlines()), "a line is too wide")
        terminal.keys("q")
        terminal.check_restored(0)


def target_ends(folder, victim):
    with Terminal(folder) as terminal:
        start(terminal, "--delay", "0.2", "-p", victim.pid)
        terminal.wait(r"work \(working.py")
        victim.process.stdin.write(b"x")
        victim.process.stdin.flush()
        victim.process.wait(support.TIMEOUT)
        screen = terminal.wait("the program has ended")
        check("work" in screen, "what was found is gone:\n" + screen)
        terminal.keys("q")
        terminal.check_restored(0)


def killed(folder, victim):
    for number, (send, status) in enumerate(((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGSEGV, 139), (signal.SIGABRT, 134))):
        place = os.path.join(folder, str(number))
        os.mkdir(place)
        with Terminal(place) as terminal:
            start(terminal, "--delay", "0.2", "-p", victim.pid)
            terminal.wait(r"work \(working.py")
            os.kill(terminal.lampyr_pid(), send)
            terminal.check_restored(status)
        check(victim.process.poll() is None, "the program has ended, too")


def suspended(folder, victim):
    with Terminal(folder) as terminal:
        start(terminal, "--delay", "0.2", "-p", victim.pid)
        terminal.wait(r"work \(working.py")
        terminal.keys("C-z")
        terminal.wait(r"^%s$" % PROMPT)
        terminal.type("stty -g > stopped; echo compared $(cmp before stopped && echo equal)")
        terminal.wait("compared equal")
        terminal.type("fg")
        terminal.wait(r"GIL held")
        terminal.keys("t")
        terminal.wait(r"thread \d+: MainThread")
        terminal.keys("q")
        terminal.check_restored(0)


def spawned(folder, victim):
    """The program prints; that is seen when the screen is gone. Its exit status is ours. And its children are shown."""
    del victim
    python = support.find_python(VERSION)
    with Terminal(folder) as terminal:
        log = os.path.join(folder, "pids")
        start(terminal, "-s", "-i", "--delay", "0.2", "--", "sh", "-c",
              "'echo said by the program; %s %s short --log %s'" % (python.path, FAMILY, log))
        terminal.wait(r"short_life")
        terminal.keys("p")
        screen = terminal.wait(r"process \d+: .*python")
        below_the_head = "\n".join(screen.splitlines()[1:])  # the head has the command line
        check("said by the program" not in below_the_head, "the program wrote into the screen")
        terminal.wait("the program has ended")
        terminal.keys("q")
        screen = terminal.wait("^said by the program")
        terminal.check_restored(7)


def refused(folder, victim):
    """A terminal that cannot show a screen, and a process that is not there: words, and the terminal as it was."""
    with Terminal(folder) as terminal:
        # The terminal library leaks a little there, in builds that look for it.
        terminal.type('TERM=no-such-kind ASAN_OPTIONS=detect_leaks=0 "$LAMPYR" top -p %d' % victim.pid)
        terminal.wait("lampyr: no screen can be drawn")
        terminal.check_restored(2)
        start(terminal, "-p", "1073741822")
        terminal.wait("lampyr: .*1073741822")
        terminal.check_restored(1)


def stream(folder, victim):
    del folder
    said = support.lampyr_ok("top", "--once", "--delay", "0.5", "-p", victim.pid).out.decode()
    check(re.search(r"work \(working.py:\d+\)", said), said)
    said = support.lampyr_ok("top", "-f", "json", "--delay", "0.2", "-d", "1.1", "-p", victim.pid).out.decode()
    tables = [json.loads(line) for line in said.splitlines()]
    check(len(tables) >= 4, "%d tables in 1.1 s" % len(tables))
    last = tables[-1]
    total = next(row["all_total_s"] for row in last["rows"] if "_bootstrap (" in row["label"])
    added = sum(row["all_self_s"] for row in last["rows"])
    check(0 < added and abs(added - total) <= 0.05 * added, "%s s in rows, %s s in all threads: %s" % (added, total, said))
    check(last["rows"][0]["label"].startswith("work (working.py"), said)
    check(last["threads"] == 4 and last["processes"] == 1, said)
    # Three threads want the GIL all the time: one has it, and most of the time the others wait for it.
    check(last["gil_held"] > 0.5, "GIL held %s" % last["gil_held"])
    check(any(table["gil_waiting_threads"] > 0.5 for table in tables), "nobody waits for the GIL: " + said)
    said = support.lampyr_ok("top", "-f", "csv", "--once", "--by", "thread", "--delay", "0.3", "-p", victim.pid).out.decode()
    rows = list(csv.DictReader(io.StringIO(said)))
    check(len(rows) == 4 and all(row["by"] == "thread" for row in rows), said)


CASES = {"keys": keys, "sizes": sizes, "target_ends": target_ends, "killed": killed, "suspended": suspended, "spawned": spawned,
         "refused": refused, "stream": stream}
VERSION = None


def main(arguments):
    global VERSION
    VERSION = arguments[0]
    with support.scratch() as folder, support.Victim(support.find_python(VERSION), "working.py") as victim:
        CASES[arguments[1]](folder, victim)


support.run_test(main)

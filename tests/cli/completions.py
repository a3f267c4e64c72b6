#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""completions.py LAMPYR: what the shells themselves complete, with TAB pressed on a terminal. A shell that is absent skips its
tests by name."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

LAMPYR = None
COMMANDS = ["record", "top", "dump", "report", "diff", "check", "doctor", "completions"]


def script(shell):
    return subprocess.run([LAMPYR, "completions", shell], check=True, capture_output=True, text=True).stdout


def options_in_help(command):
    """Long and short names of a command's options, as its help lists them."""
    text = subprocess.run([LAMPYR, command, "--help"], check=True, capture_output=True, text=True).stdout
    found = set()
    for line in re.findall(r"^  (?:  )?(-[^\s,]+(?:, --[^\s]+)?|    --[^\s]+)", text, re.MULTILINE):
        found.update(line.replace(",", " ").split())
    return found


class Terminal:
    """An interactive shell on a pseudo terminal; `line` types a line with tabs and returns what the command then got."""

    def __init__(self, command, setup, folder):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.environ.update(TERM="dumb", HOME=folder, PS1="", LC_ALL="C.UTF-8")
            os.execvp(command[0], command)
        self.pid, self.seen, self.number = pid, "", 0
        self.type(setup + "\n")
        self.line("ready")

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, pattern):
        deadline = time.monotonic() + 30
        while not re.search(pattern, self.seen):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError("{!r} never came; there was {!r}".format(pattern, self.seen[-2000:]))
            self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
        return re.search(pattern, self.seen)

    def line(self, typed):
        """`lampyr TYPED` where a tab is pressed at each \\t; the words that lampyr was called with."""
        self.number += 1
        self.seen = ""
        self.type("lampyr {}".format(typed))
        self.type(" end{}\n".format(self.number))
        words = self.wait(r"<([^\r\n]*)>\[end{}\]".format(self.number))[1]
        return words.split("><") if words else []

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Shell:
    """The same promises for each shell; a subclass says how to start it."""
    command = setup = None
    duration = ("--duration", "5")

    @classmethod
    def setUpClass(cls):
        if not shutil.which(cls.command[0]):
            raise unittest.SkipTest("no " + cls.command[0])
        cls.folder = tempfile.TemporaryDirectory(prefix="lampyr-completions-")
        cls.addClassCleanup(cls.folder.cleanup)
        name = os.path.join(cls.folder.name, "script")
        with open(name, "w") as out:
            out.write(script(cls.command[0]))
        with open(os.path.join(cls.folder.name, "unmistakable.lampyr"), "w"):
            pass
        cls.terminal = Terminal(cls.command, cls.setup, cls.folder.name)
        cls.addClassCleanup(cls.terminal.close)

    def completed(self, typed, *expected):
        self.assertEqual(self.terminal.line(typed), list(expected), typed)

    def test_commands(self):
        self.completed("rec\t", "record")
        self.completed("comp\t zs\t", "completions", "zsh")

    def test_options(self):
        self.completed("record --dur\t5", "record", *self.duration)
        self.completed("check --adap\t", "check", "--adaptive")

    def test_a_shortened_command(self):
        self.completed("rep --full\t", "rep", "--full-filenames")

    def test_values(self):
        self.completed("record -f spe\t", "record", "-f", "speedscope")
        self.completed("report --by mod\t", "report", "--by", "module")
        self.completed("top --format cs\t", "top", "--format", "csv")
        self.completed("check --color alw\t", "check", "--color", "always")

    def test_files(self):
        self.completed("report unmis\t", "report", "unmistakable.lampyr")
        self.completed("diff unmis\t --to unmis\t", "diff", "unmistakable.lampyr", "--to", "unmistakable.lampyr")

    def test_processes(self):
        pid = str(os.getpid())
        self.completed("doctor {}\t".format(pid), "doctor", pid)

    def test_behind_the_program_its_words_are_its_own(self):
        self.completed("record -q sh --dur\t", "record", "-q", "sh", "--dur")
        self.completed("record -r 99 -- sh unmis\t", "record", "-r", "99", "--", "sh", "unmistakable.lampyr")


class Bash(Shell, unittest.TestCase):
    command = ["bash", "--norc", "--noprofile"]
    setup = "bind 'set bell-style none'; source ./script; lampyr() { printf '<%s>' \"${@:1:$#-1}\"; printf '[%s]\\n' \"${@: -1}\"; }"

    def candidates(self, *words):
        code = ("source ./script; COMP_WORDS=(lampyr \"$@\"); COMP_CWORD=$(($#)); _lampyr; printf '%s\\n' \"${COMPREPLY[@]}\"")
        return set(subprocess.run(["bash", "-c", code, "x", *words], cwd=self.folder.name, check=True, text=True,
                                  capture_output=True).stdout.split())

    def test_every_command_and_every_option_of_the_help(self):
        self.assertEqual(self.candidates(""), set(COMMANDS) | {"help", "--help", "--version"})
        for command in COMMANDS:
            options = options_in_help(command)
            self.assertLessEqual({"-h", "--help", "--color"}, options)
            self.assertEqual(self.candidates(command, "-"), options, command)

    def test_an_equals_sign_is_a_word_of_its_own(self):
        self.assertEqual(self.candidates("record", "--format", "=", "s"), {"speedscope"})
        self.assertEqual(self.candidates("record", "--color", "="), {"auto", "always", "never"})

    def test_letters_together(self):
        self.assertEqual(self.candidates("record", "-qf", "ch"), {"chrometrace"})
        self.assertEqual(self.candidates("record", "-qfraw", "--dura"), {"--duration"})

    def test_each_value_offered_is_taken(self):
        """The parser judges values after it has split the line, so their list stands beside it."""
        nobody = ["-p", "2147483646"]
        rest = {"record": [*nobody, "-o", "/dev/null"], "top": nobody, "dump": nobody, "report": ["none"],
                "diff": ["none", "--to", "none"], "check": ["--base-profiles", "none", "--new-profiles", "none"]}
        offers = 0
        for command, words in rest.items():
            for option in options_in_help(command):
                kind = subprocess.run(["bash", "-c", 'source ./script; _lampyr_value "$@"', "x", command, option], text=True,
                                      cwd=self.folder.name, capture_output=True).stdout.split()
                for value in kind[1:] if kind[:1] == ["words"] else []:
                    status = [subprocess.run([LAMPYR, command, option, one, *words], cwd=self.folder.name,
                                             capture_output=True).returncode for one in (value, "no" + value)]
                    self.assertTrue(status[0] != 2 == status[1], (command, option, value, status))
                    offers += 1
        self.assertGreaterEqual(offers, 40)

    def test_free_values_offer_nothing(self):
        self.assertEqual(self.candidates("record", "-r", ""), set())


class Zsh(Shell, unittest.TestCase):
    command = ["zsh", "-f", "-i"]
    duration = ("--duration=5",)  # zsh takes this way where both are possible
    setup = ("unsetopt prompt_cr prompt_sp; autoload -U compinit; compinit -u -d ./dump; source ./script; "
             "lampyr() { printf '<%s>' \"${@[1,-2]}\"; printf '[%s]\\n' \"${@[-1]}\"; }")


class Fish(Shell, unittest.TestCase):
    command = ["fish", "--no-config", "-i"]
    setup = ("source ./script; function lampyr; for word in $argv[1..-2]; printf '<%s>' $word; end; "
             "printf '[%s]\\n' $argv[-1]; end")

    def candidates(self, line):
        code = "source ./script; complete -C 'lampyr {}'".format(line)
        lines = subprocess.run(["fish", "--no-config", "-c", code], cwd=self.folder.name, check=True, text=True,
                               capture_output=True).stdout.splitlines()
        return {line.split("\t")[0] for line in lines}

    def test_every_command_and_every_option_of_the_help(self):
        self.assertEqual(self.candidates(""), set(COMMANDS))
        for command in COMMANDS:
            long = {name for name in options_in_help(command) if name.startswith("--")}
            self.assertEqual(self.candidates(command + " --"), long, command)


if __name__ == "__main__":
    LAMPYR = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)

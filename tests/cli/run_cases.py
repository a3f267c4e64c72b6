#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs text cases against the lampyr command.

A case file holds cases separated by blank lines; lines with # in front are comments. A case is made of these lines:

    NAME text            what is promised
    NEED what            skipped by name unless there: root, mount, unprivileged
    RUN command          a line of a bash script (several make one script), run in an empty directory
    EXPECT text          occurs in what the script printed (standard output and error together)
    EXPECT_NOT text      does not occur
    EXPECT_REGEX regex   matches somewhere
    STDOUT text          occurs on standard output; with no text, standard output is empty
    FILE name [text]     the file is there when the script has ended, and holds the text
    ABSENT pattern       no file in the directory matches the pattern
    GOLDEN name          standard output is golden/name, byte for byte
    STATUS number        exit status of the script (default 0)

The script has $LAMPYR, $PYTHON (the interpreter that runs this), $TARGETS (tests/targets), $DRIVE (drive.py: starts
victims, waits for words, sends signals), $UNPRIVILEGED (a prefix that drops root) and $SYSTEM_PYTHON (which
anybody may start).
LAMPYR_UPDATE_GOLDEN=1 writes the golden files anew instead of comparing.
"""

import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77
LIMIT_S = 60
MULTIPLE = {"RUN", "NEED", "EXPECT", "EXPECT_NOT", "EXPECT_REGEX", "STDOUT", "FILE", "ABSENT"}
SINGLE = {"NAME", "GOLDEN", "STATUS"}


class Case:
    def __init__(self, lines, place):
        self.place = place
        self.parts = {key: [] for key in MULTIPLE | SINGLE}
        for line in lines:
            key, _, text = line.partition(" ")
            if key not in self.parts:
                raise SystemExit("{}: unknown line {!r}".format(place, line))
            self.parts[key].append(text)
        for key in SINGLE:
            if len(self.parts[key]) > 1:
                raise SystemExit("{}: {} given twice".format(place, key))
        if not self.parts["NAME"] or not self.parts["RUN"]:
            raise SystemExit("{}: a case needs NAME and RUN".format(place))

    @property
    def name(self):
        return self.parts["NAME"][0]

    @property
    def status(self):
        return int((self.parts["STATUS"] or ["0"])[0])


def read_cases(path):
    cases, lines, first = [], [], 0
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(list(file) + [""], 1):
            line = line.rstrip("\n")
            if line.startswith("#"):
                continue
            if line:
                first = first if lines else number
                lines.append(line)
            elif lines:
                cases.append(Case(lines, "{}:{}".format(os.path.basename(path), first)))
                lines = []
    return cases


def can_mount():
    probe = ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    return shutil.which("unshare") is not None and subprocess.call(probe, stderr=subprocess.DEVNULL) == 0


def can_drop_root(env):
    """setpriv is there, and somebody without rights can start lampyr and a Python."""
    probe = "$UNPRIVILEGED $LAMPYR --version && $UNPRIVILEGED $SYSTEM_PYTHON -c 0"
    return subprocess.call(["bash", "-c", probe], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


NEEDS = {
    "root": lambda env: os.geteuid() == 0,
    "mount": lambda env: os.geteuid() == 0 and can_mount(),
    "unprivileged": can_drop_root,
}


def environment(options, directory):
    result = {key: value for key, value in os.environ.items()
              if key not in ("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "SUDO_UID", "SUDO_GID")}
    result.update(LAMPYR=os.path.abspath(options.lampyr), PYTHON=os.path.realpath(sys.executable),
                  TARGETS=os.path.join(HERE, "..", "targets"), SYSTEM_PYTHON="/usr/bin/python3", TMP=directory, TERM="xterm",
                  DRIVE="{} {}".format(os.path.realpath(sys.executable), os.path.join(HERE, "drive.py")),
                  UNPRIVILEGED="" if os.geteuid() else "setpriv --reuid=65534 --regid=65534 --clear-groups")
    return result


def check_golden(name, got, update):
    path = os.path.join(HERE, "golden", name)
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(got)
        return []
    with open(path, encoding="utf-8") as file:
        wanted = file.read()
    return [] if wanted == got else ["standard output differs from golden/{}; got:\n{}".format(name, got)]


def check_files(case, directory):
    for text in case.parts["FILE"]:
        name, _, wanted = text.partition(" ")
        path = os.path.join(directory, name)
        if not os.path.isfile(path):
            yield "no file {}; there is {}".format(name, sorted(os.listdir(directory)))
        else:
            with open(path, encoding="utf-8", errors="replace") as file:
                if wanted not in file.read():
                    yield "{!r} is not in {}".format(wanted, name)
    for pattern in case.parts["ABSENT"]:
        for name in fnmatch.filter(sorted(os.listdir(directory)), pattern):
            yield "{} should not be there".format(name)


def check(case, directory, status, out, err, update):
    both = out + err
    if status != case.status:
        yield "status {} instead of {}".format(status, case.status)
    yield from ("{!r} was not said".format(text) for text in case.parts["EXPECT"] if text not in both)
    yield from ("{!r} was said".format(text) for text in case.parts["EXPECT_NOT"] if text in both)
    yield from ("nothing matches {!r}".format(text) for text in case.parts["EXPECT_REGEX"]
                if not re.search(text, both, re.MULTILINE))
    for text in case.parts["STDOUT"]:
        if (text not in out) if text else out:
            yield "standard output is not as expected ({!r})".format(text)
    yield from check_files(case, directory)
    for name in case.parts["GOLDEN"]:
        yield from check_golden(name, out, update)


def run(case, options):
    """Faults of one case; None: skipped."""
    directory = tempfile.mkdtemp(prefix="lampyr-cli-")
    os.chmod(directory, 0o755)
    env = environment(options, directory)
    if not all(NEEDS[need](env) for need in case.parts["NEED"]):
        os.rmdir(directory)
        return None
    try:
        script = subprocess.Popen(["bash", "-c", "\n".join(case.parts["RUN"])], cwd=directory, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                                  env=env)
        try:
            out, err = script.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(script.pid, 9)
            script.communicate()
            return ["not finished after {} s".format(LIMIT_S)]
        out, err = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
        faults = list(check(case, directory, script.returncode, out, err, options.update))
        return faults + ["it printed:\n" + out + err] if faults else []
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lampyr", required=True)
    parser.add_argument("--only", default="", help="run the cases whose name holds this text")
    parser.add_argument("--update", action="store_true", default=bool(os.environ.get("LAMPYR_UPDATE_GOLDEN")))
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    tally = {"ok": 0, "FAILED": 0, "skipped": 0}
    for path in options.files:
        for case in read_cases(path):
            if options.only not in case.name:
                continue
            faults = run(case, options)
            verdict = "skipped" if faults is None else "FAILED" if faults else "ok"
            tally[verdict] += 1
            print("{:8}{} {}".format(verdict, case.place, case.name), flush=True)
            for fault in faults or []:
                print("        " + fault.replace("\n", "\n        "))
    print(", ".join("{} {}".format(count, verdict) for verdict, count in tally.items()))
    if tally["FAILED"]:
        return 1
    return 0 if tally["ok"] else SKIPPED


if __name__ == "__main__":
    sys.exit(main())

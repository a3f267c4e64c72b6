# SPDX-License-Identifier: MIT
"""The files of a checkout, and how a lint check reports."""
import os
import subprocess
import sys

SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache"}


def files(root, *folders):
    """Paths below root (or below some of its folders), relative to it, sorted. Only what git tracks or would add."""
    try:
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True).stdout.decode().split("\0")
        if not os.path.isdir(os.path.join(root, ".git")) and not os.path.isfile(os.path.join(root, ".git")):
            listed = None  # some folder inside another checkout, as in the checks' own tests
    except (OSError, subprocess.CalledProcessError):
        listed = None
    if listed is None:
        listed = []
        for folder, folders_below, names in os.walk(root):
            folders_below[:] = [name for name in folders_below if name not in SKIPPED_FOLDERS]
            listed += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    wanted = [path for path in listed
              if path and os.path.isfile(os.path.join(root, path)) and not os.path.islink(os.path.join(root, path))]
    if folders:
        wanted = [path for path in wanted if path.split("/")[0] in folders]
    return sorted(wanted)


def text(root, path):
    """A file's text, or None when it is not text."""
    with open(os.path.join(root, path), "rb") as file:
        data = file.read()
    if b"\0" in data:
        return None
    return data.decode("utf-8", errors="replace")


def run(check):
    """check(root) gives complaints; prints them and exits 1 when there are any."""
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    complaints = check(os.path.abspath(root))
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)

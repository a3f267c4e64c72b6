#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each source file says its licence in its first line, is not longer than 800 lines, and scripts of pictures never turn
text into markup or code. No committed text names a machine's own paths or a package archive."""
import re

import source_tree

LONGEST = 800
# Programs made to be profiled are as long as the positions they cover.
MAY_BE_LONG = re.compile(r"^tests/targets/")
SOURCE = re.compile(r"\.(cpp|hpp|h|c|hpp\.in|py|js|css|sh|cmake)$|(^|/)CMakeLists\.txt$")
LICENCE = "SPDX-License-Identifier: MIT"
# Names come from profiled programs: a viewer that does one of these lets a function name run as code.
UNSAFE_SCRIPT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\s*\(|new\s+Function\s*\(")
SCRIPT_PLACES = re.compile(r"\.(js|svg|html)$|^src/export/.*\.(cpp|hpp)$")
# Kept in two pieces, so that this file does not contain what it looks for.
FOREIGN_WORDS = re.compile("|".join([
    r"(?<![\w.~$}/-])/wo" r"rk/",
    r"/ro" r"ot/\.(pyenv|cache)",
    r"(deb|ftp\.\w+|snapshot|security)\.deb" r"ian\.org",
]))


def is_script(path, content):
    return "." not in path.split("/")[-1] and content.startswith("#!")


def check(root):
    complaints = []
    for path in source_tree.files(root):
        content = source_tree.text(root, path)
        if content is None:
            continue
        lines = content.splitlines()
        if SOURCE.search(path) or is_script(path, content):
            first = next((line for line in lines if not re.match(r"#!|# -\*-", line)), "")
            if LICENCE not in first:
                complaints.append(f"{path}:1: the first line must say {LICENCE}")
            if len(lines) > LONGEST and not MAY_BE_LONG.match(path):
                complaints.append(f"{path}: {len(lines)} lines, more than {LONGEST}")
        for number, line in enumerate(lines, 1):
            if SCRIPT_PLACES.search(path) and UNSAFE_SCRIPT.search(line):
                complaints.append(f"{path}:{number}: turns text into markup or code")
            if FOREIGN_WORDS.search(line):
                complaints.append(f"{path}:{number}: names a machine's own path or a package archive")
    return complaints


if __name__ == "__main__":
    source_tree.run(check)

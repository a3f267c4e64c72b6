#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the #include lines of src, include and tools and complains about an arrow that is not in the table below, about
a system call or library header outside its folder, and about code that asks for an interpreter's version outside the
layout tables."""
import os
import re

import source_tree

# Folder: what it may include besides itself and the public API <lampyr/…>. A sample flows one way:
# process → elf → cpython / native → sampler → profile → export / check → tools.
# "process/remote_memory.hpp" stands for that header alone.
MAY_INCLUDE = {
    "include/lampyr": [],
    "src/base": [],
    "src/process": ["base"],
    "src/elf": ["base", "process/remote_memory.hpp", "process/unique_fd.hpp"],
    # The seam, the maps, and the files of a target: where its images are.
    "src/cpython": ["base", "process/remote_memory.hpp", "process/held_copy.hpp", "process/proc_maps.hpp",
                    "process/target_files.hpp", "elf"],
    "src/native": ["base", "process", "elf"],
    "src/sampler": ["base", "process", "elf", "cpython", "native", "profile"],
    "src/profile": ["base"],
    "src/export": ["base", "profile"],
    "src/import": ["base", "profile"],
    "src/check": ["base", "profile", "export"],
    "tools/lampyr": [],
    "tools/layoutgen": ["base", "process", "elf", "cpython"],
    "tools/snapshot": ["base", "process", "elf", "cpython"],
}
LAYERS = {folder[4:] for folder in MAY_INCLUDE if folder.startswith("src/")}

# Headers with which one looks into or acts on another process, or reads ELF: only these folders may.
CONFINED_HEADERS = [
    (re.compile(r"(sys/(ptrace|uio|wait|user|syscall|mount)|linux/(ptrace|wait)|spawn|sched)\.h"), {"src/process"}),
    (re.compile(r"(elfutils/.*|libelf|gelf|dwarf|libdw|libdwfl)(\.h)?"), {"src/elf", "src/native", "tools/layoutgen"}),
    (re.compile(r"CLI/.*"), {"tools/lampyr", "tools/layoutgen", "tools/snapshot"}),
]

# A comparison of a version's parts with a number, or of a version with a Version.
VERSION_QUESTION = re.compile(
    r"[.>](major|minor|micro)(\(\))?\s*(==|!=|<=?|>=?)\s*\d"
    r"|\d\s*(==|!=|<=?|>=?)\s*[\w.>-]*[.>](major|minor|micro)\b"
    r"|\bversion\w*\s*(==|!=|<=?|>=?)\s*(\w+::)*Version\b")
# The layout tables themselves, and the probe that judges whether bytes can be a version at all.
MAY_ASK_VERSION = re.compile(r"src/cpython/(layouts/|layout_table\.|version_probe\.)")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path):
    return "/".join(path.split("/")[:2])


def include_complaint(root, path, quote, target):
    """Why `path` may not include `target`, or None."""
    folder = folder_of(path)
    for pattern, folders in CONFINED_HEADERS:
        if quote == "<" and pattern.fullmatch(target) and folder not in folders:
            return f"only {', '.join(sorted(folders))} may include <{target}>"
    if target.startswith("lampyr/"):
        return None if quote == "<" else f"write <{target}>, it is a public header"
    layer = target.split("/")[0]
    if quote == "<":
        if "/" in target and layer in LAYERS and os.path.isfile(os.path.join(root, "src", target)):
            return f'write "{target}", it is not a public header'
        return None
    if "/" in target and layer in LAYERS:
        allowed = MAY_INCLUDE[folder]
        if f"src/{layer}" == folder or layer in allowed or target in allowed:
            return None
        return f'{folder} must not include "{target}"'
    if folder.startswith("src/") or folder.startswith("include/"):
        return f'write "{target}" from src/, as "{folder[4:]}/…"'
    if folder == "tools/layoutgen" and path.endswith(".c"):
        return None  # compiled against an interpreter's own headers
    if os.path.isfile(os.path.join(root, os.path.dirname(path), target)):
        return None
    # A tool may have folders of its own; its includes are spelt from the tool's.
    if folder.startswith("tools/") and os.path.isfile(os.path.join(root, folder, target)):
        return None
    return f'"{target}" is not in {os.path.dirname(path)}'


def check(root):
    complaints = []
    for path in source_tree.files(root, "src", "include", "tools"):
        if not re.search(r"\.(cpp|hpp|h|c|hpp\.in)$", path):
            continue
        if folder_of(path) not in MAY_INCLUDE:
            complaints.append(f"{path}: folder {folder_of(path)} is not in the table of tests/lint/layering.py")
            continue
        for number, line in enumerate(source_tree.text(root, path).splitlines(), 1):
            found = INCLUDE.match(line)
            complaint = include_complaint(root, path, found[1], found[2]) if found else None
            if complaint:
                complaints.append(f"{path}:{number}: {complaint}")
            code = line.split("//")[0]
            if VERSION_QUESTION.search(code) and not MAY_ASK_VERSION.match(path):
                complaints.append(f"{path}:{number}: asks for a version; make it a field of the layout")
    return complaints


if __name__ == "__main__":
    source_tree.run(check)

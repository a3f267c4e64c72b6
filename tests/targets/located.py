# SPDX-License-Identifier: MIT
"""Says what it is and waits until its standard input closes; with `map FILE`, after mapping FILE read-only."""
import sys

if len(sys.argv) > 2 and sys.argv[1] == "map":
    import mmap
    handle = open(sys.argv[2], "rb")
    view = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    view[:1]
level = {"alpha": "a%d", "beta": "b%d", "candidate": "rc%d"}.get(sys.version_info[3])
sys.stdout.write("%d.%d.%d" % tuple(sys.version_info[:3]) + (level % sys.version_info[4] if level else ""))
sys.stdout.write("t\n" if "t" in getattr(sys, "abiflags", "") else "\n")
sys.stdout.flush()
sys.stdin.read()

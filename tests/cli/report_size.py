#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report_size.py LAMPYR [--any-memory]: `lampyr report` on a file of a million samples, written by a program of its own from
the description of the format. The counts are right, memory stays below 200 MB, and ten times the samples cost about ten times
the processor time (a ratio of two runs, so a busy machine does not matter)."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lampyr_file

SMALL, LARGE = 100_000, 1_000_000
MOST_MB = 200
MOST_RATIO = 20


def report(lampyr, path, out):
    """CPU seconds and largest resident size in MB; what was printed is in `out`."""
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
            os.execv(lampyr, [lampyr, "report", "-q", "--top", "10", path])
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, "lampyr report failed with status %d" % status
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def check_counts(lampyr, path, counts):
    """Each sample stands for one interval, so a folded stack's number is how often it was seen."""
    raw = subprocess.run([lampyr, "report", "-q", "-f", "raw", "-o", "-", path], stdout=subprocess.PIPE, check=True).stdout
    got = {}
    for line in raw.decode().splitlines():
        stack, count = line.rsplit(" ", 1)
        name = stack.rsplit(";", 1)[-1].split(" ")[0]
        got[name] = got.get(name, 0) + int(count)
    assert got == counts, "counts of %d functions differ" % sum(got.get(name) != count for name, count in counts.items())


def main():
    lampyr = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="lampyr-size-") as folder:
        out = os.path.join(folder, "out")
        costs = []
        for samples in (SMALL, LARGE):
            path = os.path.join(folder, "%d.lampyr" % samples)
            counts = lampyr_file.write_recording(path, samples)
            costs.append(min((report(lampyr, path, out) for _ in range(3)), key=lambda cost: cost[0]))
            with open(out, encoding="utf-8") as file:
                text = file.read()
            check_counts(lampyr, path, counts)
            assert "samples   {:,} in 8 threads".format(samples) in text, text
    (small_s, small_mb), (large_s, large_mb) = costs
    print("%d samples: %.3f s of CPU, %.0f MB; %d samples: %.3f s, %.0f MB" % (SMALL, small_s, small_mb, LARGE, large_s, large_mb))
    assert large_s <= MOST_RATIO * max(small_s, 0.01), "ten times the samples cost %.0f times as much" % (large_s / small_s)
    assert "--any-memory" in sys.argv or large_mb <= MOST_MB, "it needed %.0f MB" % large_mb


if __name__ == "__main__":
    main()

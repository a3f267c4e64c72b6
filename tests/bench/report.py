#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report.py LAMPYR [SAMPLES]: time and memory of `lampyr report` on a file of SAMPLES (1,000,000) samples, none merged with
its neighbour, for each kind of output. The aims are 2 s and 200 MB for the report in words."""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lampyr_file


def run(lampyr, arguments):
    """Wall seconds, CPU seconds, largest resident size in MB, of one run."""
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.execv(lampyr, [lampyr, "report", "-q", *arguments])
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit("lampyr report %s failed" % " ".join(arguments))
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    lampyr = os.path.abspath(sys.argv[1])
    samples = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="lampyr-bench-") as folder:
        path = os.path.join(folder, "in.lampyr")
        lampyr_file.write_recording(path, samples)
        print("%d samples, %.1f MB" % (samples, os.path.getsize(path) / 1e6))
        print("%-34s %8s %8s %8s" % ("lampyr report …", "wall s", "CPU s", "MB"))
        for arguments in ([], ["--by", "module"], ["--time", "100-200", "--function", "method_1[0-9]"]):
            print("%-34s %8.2f %8.2f %8.0f" % (" ".join(arguments), *run(lampyr, [*arguments, path])))
        packed = os.path.join(folder, "packed.lampyr")
        for name in ("packed.lampyr", "out.svg", "out.txt", "out.json", "out.pb.gz", "out.trace.json"):
            out = os.path.join(folder, name)
            # Neighbours here have nothing in common, so a trace of all of it would be gigabytes.
            part = ["--time", "0-5"] if name == "out.trace.json" else []
            figures = run(lampyr, ["-o", out, *part, path])
            print("%-34s %8.2f %8.2f %8.0f   %.1f MB written" % ("-o " + name, *figures, os.path.getsize(out) / 1e6))
        for name in ("packed.lampyr", "out.txt", "out.pb.gz", "out.json"):
            print("%-34s %8.2f %8.2f %8.0f" % (name, *run(lampyr, [os.path.join(folder, name)])))


if __name__ == "__main__":
    main()

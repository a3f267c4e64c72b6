#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""made_runs.py (same|slow) [RUNS]: writes folded profiles of a made-up program into base/ and new/, ten runs a side unless
told otherwise. "slow": its function f4 takes 30 % longer on the new side. The same arguments give the same files."""
import math
import os
import random
import sys


def write(path, rng, factor):
    host = math.exp(rng.gauss(0, 0.02))
    with open(path, "w") as out:
        for i in range(12):
            mean = 4000 / (i + 1) * host * math.exp(rng.gauss(0, 0.01)) * (factor if i == 4 else 1)
            count = max(1, round(rng.gauss(mean, math.sqrt(mean))))
            out.write("main (app.py:1);f{} (lib.py:{}) {}\n".format(i, 10 * i + 10, count))


def main():
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    for side in ("base", "new"):
        os.makedirs(side, exist_ok=True)
        for run in range(runs):
            factor = 1.3 if side == "new" and sys.argv[1] == "slow" else 1
            write("{}/{:03}.txt".format(side, run), random.Random("{} {}".format(side, run)), factor)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""Makes, runs and frees code objects at a high rate, so that their addresses are used again for others.

    code_reuse.py --report FD [--count OBJECTS]

Function NUMBER is called `made_NUMBER`, stands in the file `made_NUMBER.py`, and its lines are 10 * NUMBER to
10 * NUMBER + 9; it calls `inner_NUMBER`, for which the same holds. So each frame shows whether its name and its line are
those of one code object. Says ready, then works until standard input closes, or until it has made and freed that many code objects.
Runs on Python 2.7 and 3.
"""
import marshal
import os
import sys

from torture import start_watcher

COUNT = 300
MADE_AT_ONCE = 3  # the module's code and that of its two functions
SOURCE = """def made_{0}(steps):
    total = 0
    for step in range(steps):
        total += step
        total ^= 1
    return inner_{0}(steps, total)
def inner_{0}(steps, total):
    while steps > 0: steps -= 1; total += 1
    return total
"""


def function_number(number):
    """The bytes of function NUMBER's code: each loading makes new objects."""
    text = "\n" * (10 * number - 1) + SOURCE.format(number)
    return marshal.dumps(compile(text, "made_%d.py" % number, "exec"))


def run_once(image, number, steps):
    namespace = {}
    exec(marshal.loads(image), namespace)
    namespace["made_%d" % number](steps)


def main():
    images = [function_number(number) for number in range(1, COUNT + 1)]
    os.write(int(sys.argv[sys.argv.index("--report") + 1]), b'"ready"\n')
    most = int(sys.argv[sys.argv.index("--count") + 1]) if "--count" in sys.argv else None
    steps = made = 0
    while most is None or made < most:
        for number, image in enumerate(images, 1):
            steps = (steps + 37) % 400
            run_once(image, number, steps)
        made += MADE_AT_ONCE * COUNT


if __name__ == "__main__":
    if "--count" not in sys.argv:
        start_watcher()
    main()

# SPDX-License-Identifier: MIT
"""Does what ordinary programs do: writes JSON, sorts with a key, wraps text, takes Python source apart, compares texts.

    ordinary.py --report FD

Says ready, then works until standard input closes. Runs on Python 2.7 and 3.
"""
import difflib
import io
import json
import os
import random
import sys
import textwrap
import threading
import tokenize

with io.open(difflib.__file__.replace(".pyc", ".py"), encoding="utf-8") as source:
    TEXT = source.read()
WORDS = [(random.random(), word) for word in TEXT.split()[:5000]]


def write_json():
    return json.dumps([{"number": i, "list": [1, 2, 3], "inner": {"text": str(i)}} for i in range(500)], indent=2)


def sort_with_key():
    return sorted(WORDS, key=lambda pair: -pair[0])


def wrap_text():
    return textwrap.wrap(TEXT[:8000], 60)


def take_source_apart():
    return list(tokenize.generate_tokens(io.StringIO(TEXT[:12000]).readline))


def compare_texts():
    lines = TEXT.splitlines()[:60]
    return list(difflib.ndiff(lines, [line for line in lines if len(line) % 7]))


def end_with_input():
    os.read(0, 1)
    os._exit(0)


def main():
    while True:
        write_json()
        sort_with_key()
        wrap_text()
        try:
            take_source_apart()
        except tokenize.TokenError:
            pass  # the text ends in the middle of something
        compare_texts()


if __name__ == "__main__":
    watcher = threading.Thread(target=end_with_input)
    watcher.daemon = True
    watcher.start()
    os.write(int(sys.argv[sys.argv.index("--report") + 1]), b'"ready"\n')
    main()

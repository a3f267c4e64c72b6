# SPDX-License-Identifier: MIT
"""Programs with a fixed amount of work, to be compared with themselves.

    check_programs.py orders|text|numbers [FACTOR]

In each there is a function that takes about a tenth of the time: `discount`, `justify`, `smooth`. FACTOR times the usual work is
done by it. Runs on Python 3.6+.
"""
import difflib
import io
import json
import random
import sys
import textwrap
import tokenize

from crunch import Body, multiply, primes, step


# --- orders: objects, dictionaries, JSON ------------------------------------------------------------------------------

def make_orders(rng, count):
    return [{"id": i, "name": "item %d" % rng.randrange(300), "price": rng.random()} for i in range(count)]


def encode(orders):
    return [json.dumps(order, sort_keys=True) for order in orders]


def decode(lines):
    return [json.loads(line) for line in lines]


def discount(orders, turns):
    for _ in range(turns):
        for order in orders:
            price = order["price"]
            order["net"] = round(price * 0.9 if price > 0.5 else price, 4)


def total_by_name(orders):
    totals = {}
    for order in orders:
        totals[order["name"]] = totals.get(order["name"], 0) + order["price"]
    return totals


def normalise(orders):
    for order in orders:
        order["name"] = " ".join(word.capitalize() for word in order["name"].split())


def run_orders(rng, factor):
    for _ in range(30):
        orders = decode(encode(make_orders(rng, 5000)))
        discount(orders[::3], round(10 * factor))
        for _ in range(4):
            normalise(orders)
            total_by_name(orders)


# --- text: what the standard library does with it ---------------------------------------------------------------------

with io.open(difflib.__file__, encoding="utf-8") as source:
    TEXT = source.read()


def justify(lines, width, turns):
    done = []
    for _ in range(turns):
        for line in lines:
            gaps = line.count(" ") or 1
            spaces = " " * (1 + max(0, width - len(line)) // gaps)
            done.append(line.replace(" ", spaces)[:width])
    return len(done)


def compare():
    lines = TEXT.splitlines()[:120]
    return list(difflib.ndiff(lines, [line for line in lines if len(line) % 7]))


def tokens():
    return sum(1 for _ in tokenize.generate_tokens(io.StringIO(TEXT).readline))


def run_text(_, factor):
    for _ in range(50):
        wrapped = textwrap.wrap(TEXT[:40000], 60)
        compare()
        tokens()
        justify(wrapped[:len(wrapped) * 5 // 8], 72, round(10 * factor))


# --- numbers: loops over lists and attributes -------------------------------------------------------------------------

def smooth(values, turns):
    for _ in range(turns):
        for i in range(1, len(values) - 1):
            values[i] = 0.25 * values[i - 1] + 0.5 * values[i] + 0.25 * values[i + 1]
    return values[1]


def run_numbers(rng, factor):
    matrix = [[rng.random() for _ in range(40)] for _ in range(40)]
    bodies = [Body(rng) for _ in range(16)]
    for _ in range(35):
        for _ in range(4):
            multiply(matrix, matrix)
        primes(200000)
        for _ in range(100):
            step(bodies)
        smooth(matrix[0] * 10, round(100 * factor))


def main(arguments):
    programs = {"orders": run_orders, "text": run_text, "numbers": run_numbers}
    programs[arguments[0]](random.Random(1), float(arguments[1]) if len(arguments) > 1 else 1.0)


if __name__ == "__main__":
    main(sys.argv[1:])

# SPDX-License-Identifier: MIT
"""A benchmark for lampyr check: a fixed amount of work, in functions that have names."""
import json
import random


def make_orders(count, rng):
    return [{"id": i, "name": "item %d" % rng.randrange(1000), "price": rng.random()} for i in range(count)]


def encode(orders):
    return [json.dumps(order, sort_keys=True) for order in orders]


def decode(lines):
    return [json.loads(line) for line in lines]


def total_by_name(orders):
    totals = {}
    for order in orders:
        totals[order["name"]] = totals.get(order["name"], 0) + order["price"]
    return totals


def normalise(orders):
    for order in orders:
        order["name"] = " ".join(word.capitalize() for word in order["name"].split())


def median_price(orders):
    prices = sorted(order["price"] for order in orders)
    return prices[len(prices) // 2]


def main():
    rng = random.Random(1)
    for _ in range(12):
        orders = decode(encode(make_orders(8000, rng)))
        normalise(orders)
        total_by_name(orders)
        median_price(orders)


main()

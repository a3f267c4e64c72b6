# SPDX-License-Identifier: MIT
"""Imports ten modules of the standard library, as most programs begin, and then works 20 calls deep.

    imports_first.py SECONDS
"""
import sys
import time

import asyncio  # noqa: F401
import concurrent.futures  # noqa: F401
import decimal  # noqa: F401
import email  # noqa: F401
import http.server  # noqa: F401
import json  # noqa: F401
import logging  # noqa: F401
import unittest  # noqa: F401
import xml.dom.minidom  # noqa: F401


def work():
    total = 0
    for number in range(10000):
        total += number
    return total


def descend(depth, end):
    if depth:
        return descend(depth - 1, end)
    while time.time() < end:
        work()


if __name__ == "__main__":
    descend(20, time.time() + float(sys.argv[1]))

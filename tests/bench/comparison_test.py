#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The parts of tests/bench/compare.py that could be wrong without anyone noticing: readers of what profilers write, and sums."""
import math
import os
import sys
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from comparison import chart, cost, goals, mojo, numbers, tools  # noqa: E402


def mojo_file():
    """Two samples of thread 0x50 of process 80 and one of thread 0x51, the last with an invalid frame."""
    number = mojo.integer_bytes
    data = b"MOJ\x03" + b"\x01mode\x00wall\x00"
    data += b"\x0b" + number(1000) + b"/a/b.py\x00" + b"\x0b" + number(1001) + b"main\x00" + b"\x0b" + number(1002) + b"leaf\x00"
    frames = b"".join(b"\x03" + number(key) + number(1000) + number(name) + number(line) + number(line) + b"\x01\x05"
                      for key, name, line in ((70000, 1001, 3), (70001, 1002, 700)))
    stack = b"\x02" + number(80) + number(0) + b"50\x00"
    data += stack + frames + b"\x05" + number(70000) + b"\x05" + number(70001) + b"\x09" + number(1000)
    data += stack + b"\x05" + number(70000) + b"\x09" + number(1000)
    data += b"\x02" + number(80) + number(0) + b"51\x00" + b"\x05" + number(70000) + b"\x04" + b"\x09" + number(1000)
    return data + b"\x01errors\x001/3\x00"


class MojoTest(unittest.TestCase):
    def test_integers(self):
        for value in (0, 1, 63, 64, 8191, 8192, 1 << 40):
            reader = mojo.Reader(b"MOJ\x03" + mojo.integer_bytes(value))
            self.assertEqual(reader.integer(), value)

    def test_stacks(self):
        main, leaf = ("main", "/a/b.py", 3), ("leaf", "/a/b.py", 700)
        self.assertEqual(list(mojo.stacks(mojo_file())), [[main, leaf], [main], [main, ("(invalid)", "", 0)]])

    def test_counts(self):
        self.assertEqual(mojo.totals(mojo_file()), (3, 1))
        self.assertEqual(mojo.count_of_thread(mojo_file(), 80, 0x50), 2)
        self.assertEqual(mojo.count_of_thread(mojo_file(), 80, 0x52), 0)


class NumbersTest(unittest.TestCase):
    def test_ratio_is_of_the_same_repeat(self):
        self.assertEqual(numbers.ratios([10, 20, 30], [5, 5, None]).values, [2, 4])

    def test_line(self):
        slope, fixed = numbers.line([(x, 3 * x + 7) for x in (1, 10, 50, 1000)])
        self.assertAlmostEqual(slope, 3)
        self.assertAlmostEqual(fixed, 7)
        self.assertTrue(math.isnan(numbers.line([(1, 2)])[0]))

    def test_middle_ignores_a_spoilt_value(self):
        middle, error = numbers.middle_and_error([0.01, 0.012, 0.008, 0.011, 0.9])
        self.assertEqual(middle, 0.011)
        self.assertLess(error, 0.002)


class CostTest(unittest.TestCase):
    def run_of(self, sweeps, cpu, wall):
        usage = type("Usage", (), {"cpu": cpu, "wall": wall, "peak_kib": 5000})
        return tools.Taken(usage, sweeps)

    def test_start_is_taken_off(self):
        row = cost.Row("depth", "3.13", "depth 20", 20, tools.FLAT_OUT, "lampyr", "")
        row.add(self.run_of(1100, 0.60, 1.04), (100, 0.10, 0.25), 0.8)
        self.assertAlmostEqual(row.per_cpu_second[0], 2000)
        self.assertAlmostEqual(row.got_hz[0], 1250)
        self.assertAlmostEqual(row.microseconds, 500)
        row.add(self.run_of(101, 0.60, 1.05), (100, 0.10, 0.25), 0.8)
        self.assertIsNone(row.per_cpu_second[1])


class GoalTest(unittest.TestCase):
    def test_worst_decides(self):
        self.assertEqual(goals.at_least("", 3, [(4, "a"), (2, "b")]).verdict, goals.NOT_MET)
        self.assertEqual(goals.at_least("", 3, [(4, "a"), (3, "b")]).verdict, goals.MET)
        self.assertEqual(goals.at_most("", 3, [(4, "a"), (2, "b")], "{}".format).verdict, goals.NOT_MET)
        self.assertEqual(goals.at_most("", 3, [], "{}".format).verdict, goals.NOT_MEASURED)

    def test_loss_needs_certainty(self):
        def verdict(values):
            result = goals.Slowdown("3.13", "depth 20", "lampyr", "", 1000, wall=values, net=values)
            return goals.loss("", 0.5, [result]).verdict
        self.assertEqual(verdict([0.001, 0.0011, 0.0009, 0.001]), goals.MET)
        self.assertEqual(verdict([0.01, 0.011, 0.009, 0.01]), goals.NOT_MET)
        self.assertEqual(verdict([0.01, -0.02, 0.03, 0.0]), goals.NOT_TOLD)


class ChartTest(unittest.TestCase):
    def test_well_formed(self):
        for picture in (chart.bars("a < b & c", [("head",), ("x <y>", 0, 3.2), ("none", 1, 0)], "x", mark=1),
                        chart.lines("t", [("a&b", 0, [(1, 5.0), (50, 70.0)])], "depth", "")):
            root = xml.etree.ElementTree.fromstring(picture)
            self.assertTrue(root.tag.endswith("svg"))
            self.assertNotIn("script", picture)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT
"""The parts of tests/bench/compare.py, which says how they are used."""

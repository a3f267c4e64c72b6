# SPDX-License-Identifier: MIT
"""How much is measured: sizes, rates and times of the cells. The default fits in about 25 minutes on two processors."""
from .tools import FLAT_OUT

MAIN_PYTHONS = ("3.13", "3.15")  # all sizes; of the others those that the goals name
DEPTHS = (5, 20, 100, 500, 5000)
THREADS = ((1, 1), (10, 1), (50, 1), (300, 1), (1000, 1), (50, 10))
PROGRAMS = ("asyncio", "pool", "crunch", "web")


class Plan:
    def __init__(self, quick, everywhere):
        self.quick, self.everywhere = quick, everywhere

    def seconds(self, rate):
        """(long, short) run."""
        if self.quick:
            return (0.6, 0.2) if rate == FLAT_OUT else (0.8, 0.2)
        return (0.8, 0.2) if rate == FLAT_OUT else (1.4, 0.2)

    def whole(self, python):
        return self.everywhere or python.version in MAIN_PYTHONS

    def depths(self, python):
        if self.everywhere or (self.whole(python) and not self.quick):
            return DEPTHS
        return (20, 500)

    def depth_rates(self, python, size):
        if size == 20 and self.whole(python) and not self.quick:
            return (100, 1000, 10000)
        return (1000,) if size == 20 or (size == 500 and not self.quick) else ()

    def threads(self, python):
        if self.everywhere or (self.whole(python) and not self.quick):
            return THREADS
        return ((1, 1), (50, 1)) if self.quick else ((50, 1),)

    def thread_rates(self, size, busy):
        return (1000,) if (size, busy) == (50, 1) and not self.quick else ()

    def programs(self, python):
        return PROGRAMS if self.whole(python) else ("asyncio",)

    @property
    def slowdown_blocks(self):
        return 4 if self.quick else 20

# SPDX-License-Identifier: MIT
"""How much is measured: sizes, rates and times of the cells. The default takes about half an hour on two processors."""
from .tools import FLAT_OUT

MAIN_PYTHONS = ("3.13", "3.15")  # all sizes; of the others those that the goals name
DEPTHS = (5, 20, 100, 500, 5000)
THREADS = ((1, 1), (10, 1), (50, 1), (300, 1), (1000, 1), (50, 10))
PROGRAMS = ("asyncio", "pool", "crunch", "web")


class Plan:
    def __init__(self, quick, everywhere, repeats, turns):
        self.quick, self.everywhere = quick, everywhere
        self.asked, self.turns = repeats or (2 if quick else 5), turns

    def seconds(self, rate):
        """(long, short) run."""
        return (0.6, 0.2) if rate == FLAT_OUT else (0.8, 0.2) if self.quick else (1.0, 0.2)

    def repeats(self, cell, rate):
        """Fewer where the goals ask less."""
        return self.asked if rate == FLAT_OUT and cell != "programs" else max(min(2, self.asked), self.asked * 3 // 5)

    def whole(self, python):
        return self.everywhere or python.version in MAIN_PYTHONS

    def depths(self, python):
        if self.everywhere or (self.whole(python) and not self.quick):
            return DEPTHS
        return (20, 500)

    def depth_rates(self, python, size):
        if size == 20 and self.whole(python) and not self.quick:
            return (100, 1000, 10000)
        return (1000,) if size == 20 or (size == 500 and self.whole(python) and not self.quick) else ()

    def threads(self, python):
        if self.everywhere or (self.whole(python) and not self.quick):
            return THREADS
        return ((1, 1), (50, 1)) if self.quick else ((50, 1),)

    def thread_rates(self, size, busy):
        return (1000,) if (size, busy) == (50, 1) and not self.quick else ()

    def programs(self, python):
        return PROGRAMS if self.whole(python) else ("asyncio",)

    def program_rates(self, name):
        return (FLAT_OUT, 1000) if name == "asyncio" or self.everywhere else (FLAT_OUT,)

    @property
    def slowdown_turns(self):
        return self.turns or (4 if self.quick else 12)

    @property
    def slowdown_peer_rates(self):
        return (1000,) if self.everywhere else ()

    def slowdown_pythons(self, pythons):
        """One that stands for all, as the windows take long."""
        first = [python for python in pythons if python.version == MAIN_PYTHONS[0]] or pythons[:1]
        return pythons if self.everywhere else first

    @property
    def dumps(self):
        return 5 if self.quick else 15

    @property
    def memory_seconds(self):
        return 1.0 if self.quick else 2.0

# SPDX-License-Identifier: MIT
"""Medians, spreads and straight lines. A `Spread` is what one cell of a table shows: a median and the values around it."""
import math
import statistics


class Spread:
    """The values that repeats of one measurement gave; empty when it could not be made."""

    def __init__(self, values):
        self.values = sorted(value for value in values if value is not None and not math.isnan(value))

    def __bool__(self):
        return bool(self.values)

    median = property(lambda self: statistics.median(self.values) if self.values else math.nan)
    low = property(lambda self: self.values[0] if self.values else math.nan)
    high = property(lambda self: self.values[-1] if self.values else math.nan)

    def text(self, form="{:.3g}", scale=1.0):
        if not self.values:
            return "none"
        shown = [form.format(scale * value) for value in (self.median, self.low, self.high)]
        return shown[0] if len(self.values) == 1 else "%s (%s–%s)" % tuple(shown)


def ratios(over, under):
    """Repeat by repeat, so that what disturbed both at the same time cancels."""
    return Spread([a / b for a, b in zip(over, under) if a is not None and b])


def middle_and_error(values):
    """The median and its standard error, from the middle of the values: a few that other work spoilt do not count."""
    middle = statistics.median(values)
    if len(values) < 3:
        return middle, math.nan
    deviation = 1.4826 * statistics.median(abs(value - middle) for value in values)
    return middle, 1.2533 * deviation / math.sqrt(len(values))


def line(points):
    """Least squares through (x, y): slope and intercept. Errors are taken as shares of y, so large values weigh no more."""
    if len({x for x, _ in points}) < 2:
        return math.nan, math.nan
    weights = [1 / (y * y) for _, y in points]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points))
    slope = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y) in zip(weights, points)) / spread
    return slope, mean_y - slope * mean_x


def short(value):
    """12345 as 12.3 k."""
    for limit, unit in ((1e6, " M"), (1e3, " k")):
        if abs(value) >= limit:
            return "%.3g%s" % (value / limit, unit)
    return "%.3g" % value


def short_spread(spread):
    if not spread:
        return "none"
    if len(spread.values) == 1:
        return short(spread.median)
    return "%s (%s–%s)" % (short(spread.median), short(spread.low), short(spread.high))

# SPDX-License-Identifier: MIT
"""Two kinds of picture as SVG: bars on a logarithmic scale, and lines on two. No scripts; dark where the reader's screen is."""
import math
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 820, 300, 90, 20, 46
COLOURS = (("#b3420a", "#ff9d5c"), ("#1f6feb", "#79b8ff"), ("#6e7781", "#a9b1ba"), ("#1a7f37", "#56d364"),  # light, dark
           ("#8250df", "#c297ff"), ("#9a6700", "#e3b341"), ("#cf222e", "#ff8182"), ("#0a7ea4", "#5cc8e6"))

STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600; font-size: 15px } .faint { fill: #57606a }
.axis { stroke: #8c959f; stroke-width: 1 } .grid { stroke: #d0d7de; stroke-width: 1 } .paper { fill: #ffffff }
.line { fill: none; stroke-width: 2 } %s
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .faint { fill: #9da7b3 } .axis { stroke: #6e7681 }
.grid { stroke: #30363d } .paper { fill: #0d1117 } %s }
</style>"""


def style():
    rule = ".c%d { fill: %s } .l%d { stroke: %s }"
    return STYLE % tuple(" ".join(rule % (index, pair[tone], index, pair[tone]) for index, pair in enumerate(COLOURS))
                         for tone in (0, 1))


def text(x, y, words, extra=""):
    return '<text x="%.1f" y="%.1f"%s>%s</text>' % (x, y, " " + extra if extra else "", escape(words))


def upright(kind, x, top, bottom):
    return '<line class="%s" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>' % (kind, x, x, top, bottom)


def picture(height, title, parts):
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">' % (WIDTH, height),
                      "<title>%s</title>" % escape(title), style(),
                      '<rect class="paper" width="%d" height="%d"/>' % (WIDTH, height),
                      text(16, 26, title, 'class="title"')] + parts + ["</svg>", ""])


class LogScale:
    def __init__(self, low, high, begin, end):
        self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
        if self.low == self.high:
            self.high += 1
        self.begin, self.end = begin, end

    def at(self, value):
        return self.begin + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.begin)

    @property
    def marks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def bars(title, entries, unit, mark=None):
    """`entries` are (label, colour, value) or (heading,). Bars run from the left edge; `mark` is a line to compare with."""
    values = [entry[2] for entry in entries if len(entry) > 1 and entry[2] > 0]
    if not values:
        return None
    scale = LogScale(min(values + [mark or min(values)]) / 1.5, max(values), LEFT, WIDTH - RIGHT)
    height = TOP + ROW * len(entries) + 40
    bottom, parts = height - 30, []
    for value in scale.marks:
        parts.append(upright("grid", scale.at(value), TOP - 6, bottom))
        parts.append(text(scale.at(value), bottom + 16, "%g" % value, 'class="faint" text-anchor="middle"'))
    for number, entry in enumerate(entries):
        y = TOP + ROW * number
        if len(entry) == 1:
            parts.append(text(16, y + 14, entry[0], 'class="title"'))
            continue
        label, colour, value = entry
        parts.append(text(LEFT - 8, y + 14, label, 'text-anchor="end"'))
        if value > 0:
            parts.append('<rect class="c%d" x="%d" y="%d" width="%.1f" height="%d"/>' % (
                colour % len(COLOURS), LEFT, y + 3, max(1.0, scale.at(value) - LEFT), ROW - 6))
            parts.append(text(scale.at(value) + 6, y + 14, "%.3g %s" % (value, unit)))
        else:
            parts.append(text(LEFT + 6, y + 14, "none", 'class="faint"'))
    if mark:
        parts.append(upright("axis", scale.at(mark), TOP - 6, bottom))
    return picture(height, title, parts)


def lines(title, series, x_name, y_name):
    """`series` are (name, colour, [(x, y), ...])."""
    points = [point for _, _, values in series for point in values]
    if len({x for x, _ in points}) < 2:
        return None
    height, left, right = 440, 70, WIDTH - 230
    across = LogScale(min(x for x, _ in points), max(x for x, _ in points), left, right)
    up = LogScale(min(y for _, y in points), max(y for _, y in points), height - 60, TOP)
    parts = []
    for value in across.marks:
        parts.append(upright("grid", across.at(value), TOP, height - 60))
        parts.append(text(across.at(value), height - 42, "%g" % value, 'class="faint" text-anchor="middle"'))
    for value in up.marks:
        parts.append('<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>' % (left, right, up.at(value), up.at(value)))
        parts.append(text(left - 8, up.at(value) + 4, "%g" % value, 'class="faint" text-anchor="end"'))
    parts.append(text((left + right) / 2, height - 16, x_name, 'text-anchor="middle"'))
    parts.append(text(16, TOP - 6, y_name, 'class="faint"'))
    for number, (name, colour, values) in enumerate(series):
        colour %= len(COLOURS)
        at = [(across.at(x), up.at(y)) for x, y in sorted(values)]
        parts.append('<polyline class="line l%d" points="%s"/>' % (colour, " ".join("%.1f,%.1f" % point for point in at)))
        parts += ['<circle class="c%d" cx="%.1f" cy="%.1f" r="3"/>' % (colour, x, y) for x, y in at]
        y = TOP + 22 * number + 10
        parts.append('<rect class="c%d" x="%d" y="%d" width="12" height="12"/>' % (colour, right + 16, y - 10))
        parts.append(text(right + 34, y, name))
    return picture(height, title, parts)

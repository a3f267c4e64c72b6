# SPDX-License-Identifier: MIT
"""Writes lampyr profile files as docs/output-formats.md describes them, without lampyr. Blocks are not compressed."""
import random
import struct
import zlib

PLAIN = 0


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return value << 1 if value >= 0 else (-value << 1) - 1


def field(number, wire_type, payload):
    return varint(number << 3 | wire_type) + payload


def number(tag, value):
    return field(tag, 0, varint(value))


def text(tag, value):
    return field(tag, 2, varint(len(value)) + value)


def packed(tag, values):
    body = bytearray()
    for value in values:
        if value < 0x80:
            body.append(value)
        else:
            body += varint(value)
    return field(tag, 2, varint(len(body)) + bytes(body))


def steps(values):
    last = 0
    for value in values:
        yield zigzag(value - last)
        last = value


def header():
    start = b"\x89LAMPYR\n" + struct.pack("<HH", 1, 0)
    return start + struct.pack("<I", zlib.crc32(start))


def block(message):
    start = b"LBLK" + struct.pack("<III", len(message), len(message), PLAIN)
    return start + struct.pack("<I", zlib.crc32(start + message)) + message


def info(samples, interval_ns):
    duration = samples * interval_ns
    return text(1, b"".join([text(1, b"1.0"), field(2, 1, struct.pack("<d", 1e9 / interval_ns)), number(4, duration),
                             number(5, interval_ns), number(6, samples), number(12, 1)]))


def write_recording(path, samples, functions=2000, stacks=20_000, depth=30, threads=8, interval_ns=1_000_000, seed=1):
    """A timeline of many short stretches: the worst a recording of so many samples can be. Gives the count of each
    innermost function's name."""
    rng = random.Random(seed)
    strings = [b"", b"/usr/bin/python3", b"3.13.0", b"python3 app.py"]
    strings += [b"Class%d.method_%d" % (i % 97, i) for i in range(functions)]
    strings += [b"/srv/app/module_%d.py" % i for i in range(functions // 20)]
    first_name, first_file = 4, 4 + functions
    tables = [text(2, value) for value in strings]
    tables += [text(3, number(1, first_name + i) + number(2, first_file + i // 20 % (functions // 20)) +
                    number(3, first_file + i // 20 % (functions // 20)) + number(4, 1 + i % 20 * 50) + number(5, i % 5))
               for i in range(functions)]
    lines = 3
    tables.append(packed(4, (i // lines for i in range(functions * lines))))
    tables.append(packed(5, (2 + i // lines % 20 * 50 + i % lines for i in range(functions * lines))))
    parents, frames, at_depth = [], [], []
    for own in range(stacks):
        # Paths that go deep: mostly a child of the newest.
        parent = None if own == 0 else own - 1 if at_depth[own - 1] < depth and rng.random() < 0.9 else rng.randrange(own)
        if parent is not None and at_depth[parent] >= depth:
            parent = 0
        at_depth.append(1 if parent is None else at_depth[parent] + 1)
        parents.append(0 if parent is None else own - parent)
        frames.append(rng.randrange(functions * lines))
    tables += [packed(6, parents), packed(7, frames)]
    tables.append(text(8, number(1, 4242) + number(2, 3) + number(3, 1) + number(4, 2)))
    tables += [text(9, number(1, row) + number(2, 0) + number(3, 4242 + row) + number(4, 1 << 46) + number(5, 0))
               for row in range(threads)]
    counts = {}
    with open(path, "wb") as file:
        file.write(header() + block(info(0, interval_ns) + b"".join(tables)))
        for begin in range(0, samples, 8192):
            rows = range(begin, min(begin + 8192, samples))
            chosen = [rng.randrange(stacks) for _ in rows]
            for stack in chosen:
                name = strings[first_name + frames[stack] // lines].decode()
                counts[name] = counts.get(name, 0) + 1
            ones = b"\x01" * len(rows)
            columns = [packed(10, (row % threads for row in rows)), packed(11, steps(stack + 1 for stack in chosen)),
                       text(12, b"\x00" * len(rows)), text(13, ones), packed(14, (zigzag(interval_ns) for _ in rows)),
                       packed(15, steps(row // threads * interval_ns for row in rows))]
            file.write(block(info(rows[-1] + 1, interval_ns) + b"".join(columns)))
        file.write(block(info(samples, interval_ns) + text(19, number(1, 2) + number(2, 1))))
    return counts

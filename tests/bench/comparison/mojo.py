# SPDX-License-Identifier: MIT
"""Austin's MOJO output: events of one byte and their fields, integers of 6 then 7 bits a byte, strings that end with NUL.

`totals` finds what Austin says about its own work at the end; `stacks` yields every sample as its frames, root first.
"""
import re

METADATA, STACK, FRAME, INVALID, FRAME_REF, KERNEL, GC, IDLE, TIME, MEMORY, STRING, STRING_REF, REPEAT = range(1, 14)


def totals(data):
    """(samples, errors), a sample being one thread's stack. Written last, so looked for at the end only."""
    found = re.findall(rb"\x01errors\x00(\d+)/(\d+)\x00", data[-4096:])
    return (int(found[-1][1]), int(found[-1][0])) if found else (0, 0)


def integer_bytes(value):
    out, value = [value & 0x3F], value >> 6
    while value:
        out[-1] |= 0x80
        out.append(value & 0x7F)
        value >>= 7
    return bytes(out)


def count_of_thread(data, process, thread):
    """Samples of one thread of the first interpreter, counted without reading the rest."""
    return data.count(b"\x02" + integer_bytes(process) + b"\x00%x\x00" % thread)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 3
        if data[:3] != b"MOJ":
            raise ValueError("not a MOJO file")
        self.version = self.integer()

    def integer(self):
        byte = self.data[self.at]
        self.at += 1
        value, shift, negative = byte & 0x3F, 6, byte & 0x40
        while byte & 0x80:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
        return -value if negative else value

    def string(self):
        end = self.data.index(0, self.at)
        text = self.data[self.at:end].decode("utf-8", "replace")
        self.at = end + 1
        return text


def stacks(data):
    """Each sample as a list of (function, file, line). An invalid frame is ("(invalid)", "", 0)."""
    reader = Reader(data)
    strings, frames, previous = {0: "", 1: "(unknown)"}, {}, {}
    thread, stack = None, None
    while reader.at < len(data):
        event = data[reader.at]
        reader.at += 1
        if event == STACK:
            if stack is not None:
                previous[thread] = stack
                yield stack
            process = reader.integer()
            if reader.version >= 3:
                reader.integer()
            thread, stack = (process, reader.string()), []
        elif event == FRAME_REF:
            stack.append(frames[reader.integer()])
        elif event == FRAME:
            key, file, function, line = (reader.integer() for _ in range(4))
            frames[key] = (strings.get(function, "?"), strings.get(file, "?"), line)
            for _ in range(3 if reader.version > 1 else 0):
                reader.integer()
        elif event == STRING:
            key = reader.integer()
            strings[key] = reader.string()
        elif event == REPEAT:
            stack[:0] = previous.get(thread, [])
        elif event == INVALID:
            stack.append(("(invalid)", "", 0))
        elif event in (TIME, MEMORY, STRING_REF):
            reader.integer()
        elif event == METADATA:
            reader.string(), reader.string()
        elif event == KERNEL:
            reader.string()
        elif event not in (GC, IDLE):
            raise ValueError("unknown MOJO event %d at byte %d" % (event, reader.at - 1))
    if stack is not None:
        yield stack

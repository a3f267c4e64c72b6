# SPDX-License-Identifier: MIT
"""Runs short functions as fast as it can, so that whoever reads its stack meets it in the middle of changing.

    torture.py --report FD

Says ready, then works until standard input closes. Which stacks are possible can be read from the source: every function
below `main` has one caller, except for the three `*_loop` functions, which `main` calls in turn. Runs on Python 2.7 and 3.
"""
import os
import sys
import threading

ROUNDS = 200


# Two branches whose frames have the same size: the callee of one can pass for a callee of the other.

def equal_c():
    return 1


def equal_b():
    return equal_c()


def equal_a():
    return equal_b()


def equal_e():
    return 2


def equal_d():
    return equal_e()


def equal_loop():
    for _ in range(ROUNDS):
        equal_a()
        equal_d()


# Two chains of ten whose frames have different sizes: a frame of one begins in the middle of a frame of the other.

def left_9():
    return 0


def left_8():
    a = b = 1
    left_9()
    return a, b


def left_7():
    return left_8()


def left_6():
    a = b = c = d = e = f = 1
    left_7()
    return a, b, c, d, e, f


def left_5():
    return left_6()


def left_4():
    a = 1
    left_5()
    return a


def left_3():
    a = b = c = d = 1
    left_4()
    return [a, b, c, d, [a, b, c, d, [a, b, c, d]]]


def left_2():
    return left_3()


def left_1():
    a = b = c = 1
    left_2()
    return a, b, c


def left_0():
    return left_1()


def right_9():
    a = b = c = d = e = 1
    return a, b, c, d, e


def right_8():
    return right_9()


def right_7():
    a = b = c = 1
    right_8()
    return a, b, c


def right_6():
    return right_7()


def right_5():
    a = b = c = d = e = f = g = h = 1
    right_6()
    return a, b, c, d, e, f, g, h


def right_4():
    return right_5()


def right_3():
    return right_4()


def right_2():
    a = b = 1
    right_3()
    return a, b


def right_1():
    return right_2()


def right_0():
    a = 1
    right_1()
    return a


def chains_loop():
    for _ in range(ROUNDS):
        left_0()
        right_0()


# Calls through C, and generators: frames that are entered from C or live in a generator object.

NUMBERS = list(range(40))


def sort_key_inner(item):
    return -item


def sort_key(item):
    return sort_key_inner(item)


def add_up():
    return sum(NUMBERS)


def sort_numbers():
    return sorted(NUMBERS[:6], key=sort_key)


def produce_one(item):
    return item


def produce():
    for item in NUMBERS[:4]:
        yield produce_one(item)


def produce_through():
    for item in produce():
        yield item


def consume():
    for _ in produce_through():
        pass


def mixed_loop():
    for _ in range(ROUNDS):
        add_up()
        sort_numbers()
        consume()


def end_with_input():
    os.read(0, 1)
    os._exit(0)


def start_watcher():
    thread = threading.Thread(target=end_with_input)
    thread.daemon = True
    thread.start()


def main():
    while True:
        equal_loop()
        chains_loop()
        mixed_loop()


if __name__ == "__main__":
    start_watcher()
    os.write(int(sys.argv[sys.argv.index("--report") + 1]), b'"ready"\n')
    main()

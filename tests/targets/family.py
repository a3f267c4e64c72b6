# SPDX-License-Identifier: MIT
"""A program that has children.

    family.py [--report FD] KIND --log FILE

Each child writes its process id to FILE, a line each, before it is to be seen. Kinds: `prefork` (8 workers that are forked, and
serve until standard input closes), `short` (200 children that are forked, 8 at a time, each lives a quarter of a second and
exits with a status of its own), `exec` (becomes another program, which becomes Python again), `spawn`, `forkserver` (workers
of multiprocessing). The exit status is 7 if every child's was what it should be. Runs on Python 3.
"""
import multiprocessing
import os
import sys
import time

WORKERS, SHORT, AT_ONCE, LIFE = 8, 200, 8, 0.25


def option(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def log(text):
    descriptor = os.open(option("--log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, ("%s\n" % text).encode())
    os.close(descriptor)


def report():
    if option("--report"):
        os.write(int(option("--report")), b'"ready"\n')


def serve(gate):
    log(os.getpid())
    os.read(gate, 1)


def prefork():
    reading, writing = os.pipe()
    workers = []
    for _ in range(WORKERS):
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            serve(reading)
            os._exit(3)
        workers.append(pid)
    report()
    if option("--report"):
        sys.stdin.read()
    else:
        time.sleep(LIFE)
    os.close(writing)
    return all(os.WEXITSTATUS(os.waitpid(pid, 0)[1]) == 3 for pid in workers)


def short_life():
    log(os.getpid())
    time.sleep(LIFE)


def short():
    expected, right = {}, True
    for number in range(SHORT):
        while len(expected) >= AT_ONCE:
            pid, status = os.wait()
            right = right and os.WEXITSTATUS(status) == expected.pop(pid)
        pid = os.fork()
        if pid == 0:
            short_life()
            os._exit(number % 100)
        expected[pid] = number % 100
    while expected:
        pid, status = os.wait()
        right = right and os.WEXITSTATUS(status) == expected.pop(pid)
    return right


def last_image():
    log(os.getpid())
    time.sleep(LIFE)
    return True


def become():
    log(os.getpid())
    time.sleep(LIFE)
    os.execv("/bin/sh", ["sh", "-c", "sleep 0.1; exec \"$@\"", "sh", sys.executable] + sys.argv[:1] + ["last_image"]
             + sys.argv[2:])


def pool_work(_):
    log(os.getpid())
    time.sleep(LIFE)
    return 1


def pool(method):
    with multiprocessing.get_context(method).Pool(3) as workers:
        return sum(workers.map(pool_work, range(6), chunksize=1)) == 6


def main():
    kind = next(word for word in sys.argv[1:] if word in KINDS)
    sys.exit(7 if KINDS[kind]() else 1)


KINDS = {
    "prefork": prefork,
    "short": short,
    "exec": become,
    "last_image": last_image,
    "spawn": lambda: pool("spawn"),
    "forkserver": lambda: pool("forkserver"),
}


if __name__ == "__main__":
    main()

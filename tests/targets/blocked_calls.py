# SPDX-License-Identifier: MIT
"""Threads in system calls that a signal or a debugger's stop would end early, and how often that happened.

    blocked_calls.py --report FD

Each thread calls one function of the C library over and over, with a time limit of 50 ms, and looks at errno: EINTR must
not be seen, and a call must not end early for no reason. A byte on standard input asks for the counts (a line on FD); the
end of input ends the program. Runs on Python 2.7 and 3.
"""
import ctypes
import errno
import json
import os
import socket
import struct
import sys
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
MILLISECONDS = 50
COUNTS = {}


class Timespec(ctypes.Structure):
    _fields_ = [("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long)]


class PollFd(ctypes.Structure):
    _fields_ = [("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short)]


class SemBuf(ctypes.Structure):
    _fields_ = [("sem_num", ctypes.c_ushort), ("sem_op", ctypes.c_short), ("sem_flg", ctypes.c_short)]


LIMIT = Timespec(0, MILLISECONDS * 1000000)
TIMED_OUT = {"epoll_wait": 0, "poll": 0, "nanosleep": 0}  # others: -1 with EAGAIN or ETIMEDOUT


def make_calls():
    """Name -> function that blocks for MILLISECONDS and gives back the call's result."""
    epoll = LIBC.epoll_create1(0)
    events = ctypes.create_string_buffer(64)
    pipe, _keep = os.pipe()
    left, right = socket.socketpair()
    left.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, MILLISECONDS * 1000))
    KEPT.extend([left, right])
    buffer = ctypes.create_string_buffer(16)
    signals = ctypes.create_string_buffer(128)
    LIBC.sigemptyset(signals)
    LIBC.sigaddset(signals, 12)  # SIGUSR2: nobody sends it
    semaphores = LIBC.semget(0, 1, 0o600 | 0o1000)  # IPC_PRIVATE, IPC_CREAT
    wait_for_semaphore = SemBuf(0, -1, 0)
    watched = PollFd(pipe, 1, 0)
    calls = {
        "epoll_wait": lambda: LIBC.epoll_wait(epoll, events, 1, MILLISECONDS),
        "poll": lambda: LIBC.poll(ctypes.byref(watched), 1, MILLISECONDS),
        "recv": lambda: LIBC.recv(left.fileno(), buffer, 1, 0),
        "sigtimedwait": lambda: LIBC.sigtimedwait(signals, None, ctypes.byref(LIMIT)),
        "nanosleep": lambda: LIBC.nanosleep(ctypes.byref(LIMIT), None),
    }
    if semaphores >= 0:
        calls["semtimedop"] = lambda: LIBC.semtimedop(semaphores, ctypes.byref(wait_for_semaphore), 1, ctypes.byref(LIMIT))
    return calls, semaphores


KEPT = []


def call_again_and_again(name, call):
    counts = COUNTS[name] = {"calls": 0, "eintr": 0, "other": 0}
    while True:
        result = call()
        error = ctypes.get_errno()
        counts["calls"] += 1
        if result == -1 and error == errno.EINTR:
            counts["eintr"] += 1
        elif result != TIMED_OUT.get(name, -1) or (result == -1 and error not in (errno.EAGAIN, errno.ETIMEDOUT)):
            counts["other"] += 1


def main():
    report_to = int(sys.argv[sys.argv.index("--report") + 1])
    calls, semaphores = make_calls()
    for name, call in calls.items():
        thread = threading.Thread(target=call_again_and_again, args=(name, call))
        thread.daemon = True
        thread.start()
    os.write(report_to, b'"ready"\n')
    while os.read(0, 1):
        os.write(report_to, (json.dumps(COUNTS) + "\n").encode("ascii"))
    if semaphores >= 0:
        LIBC.semctl(semaphores, 0, 0)  # IPC_RMID
    os._exit(0)


if __name__ == "__main__":
    main()

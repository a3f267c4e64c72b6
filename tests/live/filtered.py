#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""filtered.py ANSWER CALL[,CALL] PROGRAM…: becomes the program, with a seccomp filter (seccomp(2)) that answers the calls
`readv` (process_vm_readv) and `ptrace` with EPERM or ENOSYS, or by SIGSYS (`kill`)."""
import ctypes
import errno
import os
import platform
import struct
import sys

NUMBERS = {"x86_64": {"readv": 310, "ptrace": 101}, "aarch64": {"readv": 270, "ptrace": 117}}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
RET_ALLOW, RET_ERRNO, RET_KILL_PROCESS = 0x7fff0000, 0x00050000, 0x80000000
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF; the number is the first word of seccomp_data


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def main(answer, calls, words):
    action = RET_KILL_PROCESS if answer == "kill" else RET_ERRNO | getattr(errno, answer)
    code = [(LOAD_NUMBER, 0, 0, 0)]
    for call in calls.split(","):
        code += [(JUMP_IF_EQUAL, 0, 1, NUMBERS[platform.machine()][call]), (RETURN, 0, 0, action)]
    code.append((RETURN, 0, 0, RET_ALLOW))
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    program = Program(len(code), ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
        sys.exit("no filter: %s" % os.strerror(ctypes.get_errno()))
    os.execvp(words[0], words)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])

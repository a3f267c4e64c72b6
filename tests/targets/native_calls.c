// SPDX-License-Identifier: MIT
// C functions with known callers, for tests of stacks that hold machine frames. Built by the test.
#include <time.h>

typedef int (*callback)(int);

#define KNOWN __attribute__((noinline, noclone, visibility("default")))

static volatile unsigned long sink;

// Works for so many milliseconds.
KNOWN int native_spin(int milliseconds) {
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        for (int i = 0; i < 20000; ++i) sink += (unsigned long)i;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < milliseconds);
    return (int)(sink & 1);
}

KNOWN int native_deep(int milliseconds) {
    const int result = native_spin(milliseconds);
    sink += 1;
    return result;
}

// A frame whose address is not told from the stack pointer, and one that needs realignment.
KNOWN int native_wide(callback call, int level) {
    volatile char room[level * 64 + 64];
    room[0] = (char)level;
    const int result = call(level - 1);
    return result + room[0];
}

KNOWN int native_call(callback call, int level) {
    const int result = native_wide(call, level);
    sink += 1;
    return result;
}

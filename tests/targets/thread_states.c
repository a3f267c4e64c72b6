/* SPDX-License-Identifier: MIT
 * For thread_states.py: C code that has raised an exception and, before it returns, waits. Called with the GIL, through
 * ctypes.PyDLL. Declares what it needs of Python, so that it is built without headers and serves every version.
 */
#include <poll.h>
#include <pthread.h>

extern void PyErr_SetString(void *, const char *);
extern void PyErr_Clear(void);
extern void *PyEval_SaveThread(void);
extern void PyEval_RestoreThread(void *);

static int arrived;

int raising_threads(void) { return __atomic_load_n(&arrived, __ATOMIC_ACQUIRE); }

/* Until something can be read from the descriptor. */
void raise_and_wait(void *type, int fd)
{
    struct pollfd wanted = {fd, POLLIN, 0};
    PyErr_SetString(type, "on its way");
    void *state = PyEval_SaveThread();
    __atomic_add_fetch(&arrived, 1, __ATOMIC_RELEASE);
    poll(&wanted, 1, -1);
    PyEval_RestoreThread(state);
    PyErr_Clear();
}

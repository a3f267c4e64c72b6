// SPDX-License-Identifier: MIT
// An extension module whose functions are named and call each other as those that Cython makes. What it needs of Python is
// declared here, so that one source serves all versions without their headers. -DPYTHON2, -DFREE_THREADED.
#include <stddef.h>
#include <time.h>

#ifdef FREE_THREADED
typedef struct PyObject { long words[4]; } PyObject;
#else
typedef struct PyObject { long words[2]; } PyObject;
#endif
typedef PyObject *(*PyCFunction)(PyObject *, PyObject *);
typedef struct { const char *name; PyCFunction function; int flags; const char *doc; } PyMethodDef;
typedef struct {
    PyObject base;
    void *init;
    ptrdiff_t index;
    PyObject *copy;
    const char *name, *doc;
    ptrdiff_t size;
    PyMethodDef *methods;
    void *slots, *traverse, *clear, *free;
} PyModuleDef;

PyObject *PyObject_Call(PyObject *, PyObject *, PyObject *);
PyObject *PyTuple_GetItem(PyObject *, ptrdiff_t);
PyObject *Py_BuildValue(const char *, ...);
PyObject *PyLong_FromLong(long);
long PyLong_AsLong(PyObject *);
PyObject *PyModule_Create2(PyModuleDef *, int);
PyObject *Py_InitModule4_64(const char *, PyMethodDef *, const char *, PyObject *, int);
void Py_DecRef(PyObject *);

#define APART __attribute__((noinline, noclone))
#define METH_VARARGS 1

static volatile unsigned long sink;

// cdef int busy(int milliseconds)
static APART int __pyx_f_13native_cython_busy(int milliseconds) {
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        for (int i = 0; i < 20000; ++i) sink += (unsigned long)i;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < milliseconds);
    return (int)(sink & 1);
}

static APART PyObject *__Pyx_PyObject_Call(PyObject *function, PyObject *arguments, PyObject *keywords) {
    PyObject *result = PyObject_Call(function, arguments, keywords);
    sink += 1;
    return result;
}

// def descend(callback, level): return callback(level - 1)
static APART PyObject *__pyx_pf_13native_cython_descend(PyObject *self, PyObject *callback, long level) {
    PyObject *arguments = Py_BuildValue("(l)", level - 1);
    PyObject *result = __Pyx_PyObject_Call(callback, arguments, NULL);
    Py_DecRef(arguments);
    (void)self;
    return result;
}

static APART PyObject *__pyx_pw_13native_cython_1descend(PyObject *self, PyObject *arguments) {
    PyObject *result = __pyx_pf_13native_cython_descend(self, PyTuple_GetItem(arguments, 0),
                                                        PyLong_AsLong(PyTuple_GetItem(arguments, 1)));
    sink += 1;
    return result;
}

// Worker.run(milliseconds), as of a class; its body has become a part of it
static APART PyObject *__pyx_pw_13native_cython_6Worker_1run(PyObject *self, PyObject *arguments) {
    const int result = __pyx_f_13native_cython_busy((int)PyLong_AsLong(PyTuple_GetItem(arguments, 0)));
    (void)self;
    return PyLong_FromLong(result);
}

static PyMethodDef methods[] = {{"descend", __pyx_pw_13native_cython_1descend, METH_VARARGS, NULL},
                                {"run", __pyx_pw_13native_cython_6Worker_1run, METH_VARARGS, NULL},
                                {NULL, NULL, 0, NULL}};

#ifdef PYTHON2
void initnative_cython(void) { Py_InitModule4_64("native_cython", methods, NULL, NULL, 1013); }
#else
#ifdef FREE_THREADED
#define HEAD {{0, 0, 0, 0}}
#else
#define HEAD {{1, 0}}
#endif
static PyModuleDef module = {HEAD, NULL, 0, NULL, "native_cython", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyObject *PyInit_native_cython(void) { return PyModule_Create2(&module, 1013); }
#endif

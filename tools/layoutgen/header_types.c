/* SPDX-License-Identifier: MIT
 * Names every type layoutgen asks for, so that a table can be derived from installed headers (3.13 and later) when there
 * is no debug information of the interpreter, and for the free-threaded build of the same headers:
 *
 *   cc -g -shared -fPIC -I PREFIX/include/python3.14 [-DPy_GIL_DISABLED] -o types.so header_types.c
 *   layoutgen --check 3.14.2 types.so
 */
#define Py_BUILD_CORE 1
#include <Python.h>

#include "internal/pycore_dict.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_moduleobject.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_runtime.h"
#if PY_VERSION_HEX >= 0x030E0000
#include "internal/pycore_debug_offsets.h"
#include "internal/pycore_genobject.h"
#include "internal/pycore_interpframe.h"
#include "internal/pycore_tstate.h"
#endif

_PyRuntimeState runtime;
PyInterpreterState interpreter;
PyThreadState thread;
struct _gil_runtime_state gil;
_PyInterpreterFrame frame;
PyFrameObject frame_object;
PyCodeObject code;
PyGenObject generator;
PyFunctionObject function;
PyTypeObject type;
PyHeapTypeObject heap_type;
PyUnicodeObject text;
PyBytesObject bytes;
PyLongObject integer;
PyModuleObject module;
PyDictObject dict;
struct _dictkeysobject dict_keys;
PyDictValues dict_values;
PyListObject list;
PyTupleObject tuple;
PyFloatObject number;
PyCellObject cell;
PySetObject set;
setentry set_entry;
PyFunctionObject function;
PyBaseExceptionObject exception;

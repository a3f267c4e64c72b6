// SPDX-License-Identifier: MIT
#include "native/frame_names.hpp"

#include "native/cython_names.hpp"
#include "native/symbol_names.hpp"

#include <algorithm>
#include <array>

namespace lampyr::native {
namespace {

constexpr std::string_view kEval = "_PyEval_EvalFrameDefault";
constexpr std::string_view kOldEval = "PyEval_EvalFrameEx";
constexpr std::string_view kOnlyInPython2 = "PyString_FromString";
constexpr std::string_view kFirst = "_start";  // of every program; it has no caller
constexpr std::string_view kUnknown = "[unknown]";

/// How the interpreter calls functions: names begin so.
constexpr std::array<std::string_view, 36> kPlumbing{"_PyEval_",
                                                     "PyEval_",
                                                     "_PyObject_Vectorcall",
                                                     "PyObject_Vectorcall",
                                                     "_PyObject_MakeTpCall",
                                                     "PyObject_Call",
                                                     "_PyObject_Call",
                                                     "_PyObject_FastCall",
                                                     "PyVectorcall_",
                                                     "_PyVectorcall_",
                                                     "cfunction_",
                                                     "_PyFunction_",
                                                     "_PyCFunction_",
                                                     "PyCFunction_Call",
                                                     "_PyMethodDef_",
                                                     "method_vectorc",
                                                     "method_call",
                                                     "function_code_fast",
                                                     "call_function",
                                                     "do_call_core",
                                                     "slot_tp_",
                                                     "type_call",
                                                     "vectorcall_",
                                                     "object_vacall",
                                                     "fast_function",
                                                     "ext_do_call",
                                                     "function_call",
                                                     "instancemethod_call",
                                                     "_PyCall_",
                                                     "wrapper_call",
                                                     "wrapperdescr_",
                                                     "_TAIL_CALL_",
                                                     "do_call",
                                                     "_PyCallMethod",
                                                     "_Py_BuiltinCall",
                                                     "_Py_VectorCall"};
/// Functions of the interpreter that one wants to see between Python frames, and what they are called.
struct Landmark {
    std::string_view symbol, label;
};
constexpr std::string_view kCollector = "garbage collection";
constexpr std::array<Landmark, 15> kLandmarks{{{"gc_collect_main", kCollector},
                                               {"gc_collect_generations", kCollector},
                                               {"collect", kCollector},
                                               {"gc_collect_internal", kCollector},
                                               {"gc_collect_region", kCollector},
                                               {"gc_collect_full", kCollector},
                                               {"gc_collect_young", kCollector},
                                               {"_PyGC_Collect", kCollector},
                                               {"PyGC_Collect", kCollector},
                                               {"PyImport_ImportModuleLevelObject", "import"},
                                               {"PyImport_ImportModuleLevel", "import"},
                                               {"builtin_eval", "eval"},
                                               {"builtin_exec", "exec"},
                                               {"exec_statement", "exec"},
                                               {"builtin_execfile", "execfile"}}};

/// Empty: none.
std::string_view landmark(std::string_view symbol) {
    const auto found = std::find_if(kLandmarks.begin(), kLandmarks.end(),
                                    [name = base_name(symbol)](const Landmark& each) { return each.symbol == name; });
    return found != kLandmarks.end() ? found->label : std::string_view();
}

bool is_system(std::string_view file) {
    return file.starts_with("libc.so") || file.starts_with("libc-2") || file.starts_with("libpthread") ||
           file.starts_with("ld-linux") || file.starts_with("ld-musl") || file.starts_with("ld-2");
}

/// Whether the eval loop is in a module, and under which name.
Module::Interpreter interpreter_of(Module& module) {
    const SymbolTable& symbols = module.image->symbols();
    if (symbols.has(kEval)) return Module::Interpreter::kNew;
    // From 3.6 on the old name is that of a function which calls the eval loop.
    if (symbols.has(kOldEval) && symbols.has(kOnlyInPython2)) return Module::Interpreter::kOld;
    return module.holds_runtime && module.image->name_eval_loop() ? Module::Interpreter::kNew
                                                                  : Module::Interpreter::kNone;
}

/// Code that was made while the program ran. The interpreter names what it makes to call a Python function by (`-X perf`) after that
/// function, which has a frame of its own.
void name_made_code(FrameName& frame, std::string_view name) {
    if (name.empty()) return;
    frame.function = name;
    if (frame.file.empty()) frame.path = frame.file = "[generated code]";
    if (name.starts_with("py::")) frame.role = Role::kPlumbing;
}

void name_cython(FrameName& frame, std::string_view symbol) {
    if (is_cython_plumbing(symbol)) frame.role = Role::kPlumbing;
    const auto cython = read_cython_name(base_name(symbol), frame.file);
    if (!cython) return;
    frame.function = cython->name;
    frame.wrapper = cython->wrapper;
}

}  // namespace

Role role_in_interpreter(std::string_view symbol, bool old_eval) {
    const std::string_view name = base_name(symbol);
    if (name == (old_eval ? kOldEval : kEval)) return Role::kEval;
    if (!landmark(name).empty()) return Role::kLandmark;
    const auto begins = [&](std::string_view start) { return name.starts_with(start); };
    return std::any_of(kPlumbing.begin(), kPlumbing.end(), begins) ? Role::kPlumbing : Role::kInterpreter;
}

FrameName name_frame(ModuleList& modules, std::uint64_t address) {
    FrameName frame;
    frame.function = kUnknown;
    Module* module = modules.find(address);
    if (module == nullptr) return frame;
    frame.path = module->mapping.path;
    frame.file = module->name;
    frame.system = is_system(module->name);
    if (!module->mapping.is_file()) name_made_code(frame, modules.made_code(address));
    if (!module->image) return frame;
    const SymbolTable& symbols = module->image->symbols();
    const std::uint64_t place = address - module->image->bias();
    if (module->interpreter == Module::Interpreter::kNotAsked) module->interpreter = interpreter_of(*module);
    const std::string_view symbol = symbols.find(place);
    if (symbol == kFirst) frame.system = true;
    if (!symbol.empty()) frame.function = demangle(symbol);
    if (module->interpreter == Module::Interpreter::kNone) {
        name_cython(frame, symbol);
        for (const std::string& inlined : module->image->inlined_at(place)) {
            const auto cython = read_cython_name(inlined, frame.file);
            frame.inlined.push_back(cython ? cython->name : demangle(inlined));
        }
        return frame;
    }
    frame.interpreter = true;
    frame.role = role_in_interpreter(symbol, module->interpreter == Module::Interpreter::kOld);
    if (frame.role == Role::kLandmark) frame.function = landmark(symbol);
    return frame;
}

}  // namespace lampyr::native

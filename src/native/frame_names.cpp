// SPDX-License-Identifier: MIT
#include "native/frame_names.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace lampyr::native {
namespace {

constexpr std::string_view kEval = "_PyEval_EvalFrameDefault";
constexpr std::string_view kOldEval = "PyEval_EvalFrameEx";
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
constexpr std::array<std::string_view, 7> kCollector{"gc_collect_main",     "gc_collect_generations", "collect",
                                                     "gc_collect_internal", "gc_collect_region",      "_PyGC_Collect",
                                                     "PyGC_Collect"};
constexpr std::array<std::string_view, 2> kImport{"PyImport_ImportModuleLevelObject", "PyImport_ImportModuleLevel"};

template <std::size_t n>
bool is_one_of(std::string_view name, const std::array<std::string_view, n>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Without what compilers append to parts and copies of a function: ".cold", ".constprop.0", ".lto_priv.0".
std::string_view base_name(std::string_view symbol) { return symbol.substr(0, symbol.find('.')); }

bool is_hexadecimal(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_system(std::string_view file) {
    return file.starts_with("libc.so") || file.starts_with("libc-2") || file.starts_with("libpthread") ||
           file.starts_with("ld-linux") || file.starts_with("ld-musl") || file.starts_with("ld-2");
}

}  // namespace

std::string demangle(std::string_view symbol) {
    std::string name(base_name(symbol));
    if (!name.starts_with("_Z")) return name;
    struct Free {
        void operator()(char* text) const { std::free(text); }
    };
    int status = 0;
    const std::unique_ptr<char, Free> plain(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status));
    if (status != 0 || !plain) return name;
    std::string_view text = plain.get();
    // Rust's older names end in a hash that tells versions of a crate apart: "::h" and 16 digits.
    constexpr std::size_t kHash = 19;
    if (text.size() > kHash && text.substr(text.size() - kHash).starts_with("::h") &&
        is_hexadecimal(text.substr(text.size() - kHash + 3)))
        text.remove_suffix(kHash);
    return std::string(text);
}

Role role_in_interpreter(std::string_view symbol, bool old_eval) {
    const std::string_view name = base_name(symbol);
    if (name == (old_eval ? kOldEval : kEval)) return Role::kEval;
    if (is_one_of(name, kCollector) || is_one_of(name, kImport)) return Role::kLandmark;
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
    if (!module->image) return frame;
    const SymbolTable& symbols = module->image->symbols();
    const std::string_view symbol = symbols.find(address - module->image->bias());
    if (!symbol.empty()) frame.function = demangle(symbol);
    if (symbol == kFirst) frame.system = true;
    if (module->interpreter == Module::Interpreter::kNotAsked) {
        module->interpreter = symbols.has(kEval)      ? Module::Interpreter::kNew
                              : symbols.has(kOldEval) ? Module::Interpreter::kOld
                                                      : Module::Interpreter::kNone;
    }
    if (module->interpreter == Module::Interpreter::kNone) return frame;
    frame.interpreter = true;
    frame.role = role_in_interpreter(symbol, module->interpreter == Module::Interpreter::kOld);
    if (frame.role == Role::kLandmark)
        frame.function = is_one_of(base_name(symbol), kImport) ? "import" : "garbage collection";
    return frame;
}

}  // namespace lampyr::native

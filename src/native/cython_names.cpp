// SPDX-License-Identifier: MIT
#include "native/cython_names.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace lampyr::native {
namespace {

constexpr std::string_view kWrapper = "__pyx_pw_";                           // called by Python
constexpr std::array<std::string_view, 2> kBodies{"__pyx_pf_", "__pyx_f_"};  // def, cdef
constexpr std::string_view kFused = "__pyx_fuse_";                           // a number, and the name behind it
constexpr std::array<std::string_view, 12> kPlumbing{
    "__Pyx_PyObject_Call", "__Pyx_PyObject_FastCall",   "__Pyx_PyFunction_",        "__Pyx_PyCFunction_",
    "__Pyx_CyFunction_",   "__Pyx__PyObject_Call",      "__Pyx_PyMethod_",          "__pyx_FusedFunction_",
    "__Pyx_PyVectorcall_", "__Pyx__CallUnboundCMethod", "__Pyx_CallUnboundCMethod", "__Pyx_PyObject_Vectorcall"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// Takes "4name" from the front; nothing when it is not of that form.
std::optional<std::string_view> take_counted(std::string_view& text) {
    std::size_t digits = 0;
    std::size_t length = 0;
    while (digits < text.size() && is_digit(text[digits]) && length < text.size())
        length = length * 10 + static_cast<std::size_t>(text[digits++] - '0');
    if (digits == 0 || length == 0 || length > text.size() - digits) return std::nullopt;
    const std::string_view name = text.substr(digits, length);
    text.remove_prefix(digits + length);
    return name;
}

/// Behind a scope's name stands "_" and what is in it. Told from a function whose count happens to be as large as the first
/// word of its name is long: a class's name begins large, and a scope's next part with digits or as special methods do.
bool may_be_scope(std::string_view name, std::string_view rest) {
    if (rest.size() < 2 || rest.front() != '_') return false;
    return is_upper(name.front()) || is_digit(rest[1]) || rest.starts_with("___");
}

std::string_view without_count(std::string_view name) {
    if (name.starts_with('_')) name.remove_prefix(1);
    std::size_t digits = 0;
    while (digits < name.size() && is_digit(name[digits])) ++digits;
    return digits < name.size() ? name.substr(digits) : name;
}

}  // namespace

std::optional<CythonName> read_cython_name(std::string_view symbol, std::string_view file) {
    while (symbol.starts_with(kFused)) {
        const std::size_t inner = symbol.find("__pyx_", kFused.size());
        if (inner == std::string_view::npos) return std::nullopt;
        symbol.remove_prefix(inner);
    }
    CythonName found;
    if (symbol.starts_with(kWrapper)) {
        found.wrapper = true;
        symbol.remove_prefix(kWrapper.size());
    } else {
        const auto body = std::find_if(kBodies.begin(), kBodies.end(),
                                       [&](std::string_view prefix) { return symbol.starts_with(prefix); });
        if (body == kBodies.end()) return std::nullopt;
        symbol.remove_prefix(body->size());
    }
    const std::string_view module = file.substr(0, file.find('.'));
    auto first = take_counted(symbol);
    if (!first) return std::nullopt;
    // "7package_6module_5Class_3method": up to the module, then what is in it.
    bool in_module = *first == module;
    while (symbol.size() > 1 && symbol.front() == '_' && is_digit(symbol[1])) {
        std::string_view rest = symbol.substr(1);
        const auto scope = take_counted(rest);
        if (!scope || rest.empty() || rest.front() != '_') break;
        if (in_module || *scope != module) {
            if (!may_be_scope(*scope, rest)) break;
            found.name += std::string(*scope) + ".";
        } else {
            in_module = true;
            found.name.clear();  // what came before were packages
        }
        symbol = rest;
    }
    const std::string_view last = without_count(symbol);
    if (last.empty()) return std::nullopt;
    found.name += last;
    return found;
}

bool is_cython_plumbing(std::string_view symbol) {
    return std::any_of(kPlumbing.begin(), kPlumbing.end(),
                       [&](std::string_view start) { return symbol.starts_with(start); });
}

}  // namespace lampyr::native

// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lampyr::native {

/// What a C function that Cython made stands for.
struct CythonName {
    std::string name;      ///< as Python's __qualname__: "function", "Class.method"
    bool wrapper = false;  ///< only takes arguments apart, for a function of the same name
};

/// Nothing when Cython did not make it, or made it for itself. `file`: the extension module's; by its name it is told how much of
/// the symbol is the module's. Cython writes neither where a class ends nor which digits are a count, so a class whose name begins
/// small may be shown as a part of its method's name.
[[nodiscard]] std::optional<CythonName> read_cython_name(std::string_view symbol, std::string_view file);

/// Cython's own ways to call functions, which nobody asked for.
[[nodiscard]] bool is_cython_plumbing(std::string_view symbol);

}  // namespace lampyr::native

// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace lampyr::native {

/// Without what compilers append to parts and copies of a function: ".cold", ".constprop.0", ".lto_priv.0", "@@VERSION".
[[nodiscard]] std::string_view base_name(std::string_view symbol);

/// C++ and Rust names as one writes them; others as they are. The symbol may be anything.
[[nodiscard]] std::string demangle(std::string_view symbol);

}  // namespace lampyr::native

// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"

#include <span>
#include <string_view>

namespace lampyr::layoutgen {

/// One `Offset` of `Layout` with its names, and what it is in the interpreter's own structs.
struct LayoutField {
    std::string_view section;  ///< member of Layout
    std::string_view name;     ///< member of that
    cpython::Offset& (*at)(cpython::Layout&);
    /// Alternatives "Type:member.path" in order, separated by blanks; "sizeof:Type" is a struct's size. Empty: derived by
    /// a rule in derive.cpp or absent everywhere.
    std::string_view sources;
};

/// Every offset, in the order of layout.hpp.
[[nodiscard]] std::span<const LayoutField> layout_fields();

}  // namespace lampyr::layoutgen

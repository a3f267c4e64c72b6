// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "dwarf_types.hpp"

#include <lampyr/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace lampyr::layoutgen {

/// Names of every type `derive` asks for.
[[nodiscard]] std::vector<std::string_view> needed_types();

/// The layout the types describe. Offsets come from members, enumerators from which members exist, so nothing here knows
/// version numbers; `version` is only noted in the result. Fails when a struct every interpreter has is missing.
[[nodiscard]] Result<cpython::Layout> derive(const DwarfTypes& types, cpython::Version version);

/// Text of layouts/cpNN.cpp.
[[nodiscard]] std::string to_source(cpython::Layout layout);

/// One line for each member in which the layouts differ: "thread.frame: table 72, interpreter 80".
[[nodiscard]] std::vector<std::string> differences(cpython::Layout table, cpython::Layout derived);

}  // namespace lampyr::layoutgen

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/compare.hpp>

#include <string>

namespace lampyr::check {

/// Whether a pattern of the rules (`parse`, `json*`, `app/jobs.py:Queue.*`) means this function: a shell's pattern for all
/// of its name, or with a colon, for the end of its file and its name.
[[nodiscard]] bool matches(const std::string& pattern, const FunctionChange& function);

}  // namespace lampyr::check

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <string_view>

namespace lampyr::profile {

/// Where code comes from, judged by its file name alone. `stdlib_dir` is the interpreter's lib/pythonX.Y, or empty when
/// not known; a path that looks like one (…/lib/python3.12/…) counts as standard library either way.
[[nodiscard]] FunctionKind classify(std::string_view file, std::string_view stdlib_dir);

}  // namespace lampyr::profile

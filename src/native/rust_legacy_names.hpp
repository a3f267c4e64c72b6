// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lampyr::native {

/// The path in a name of Rust's older mangling, from behind its `_ZN`. Nothing when it does not end in a hash: then it is C++.
[[nodiscard]] std::optional<std::string> legacy_rust_name(std::string_view symbol);

}  // namespace lampyr::native

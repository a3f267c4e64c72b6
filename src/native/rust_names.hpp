// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lampyr::native {

/// The path that a Rust symbol stands for, in Rust's own words; nothing when it is no such symbol. Both manglings: the older
/// one, `_ZN…17h<hash>E`, and v0, `_R…` (Rust RFC 2603). What tells equal paths apart (hashes, crates' disambiguators) is
/// left out. The symbol may be anything: nesting, steps and the length of what is made have limits.
[[nodiscard]] std::optional<std::string> demangle_rust(std::string_view symbol);

}  // namespace lampyr::native

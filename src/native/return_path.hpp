// SPDX-License-Identifier: MIT
#pragma once

#include "native/unwind_rule.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace lampyr::native {

/// How many bytes of code are enough.
inline constexpr std::size_t kReturnPathBytes = 32;

/// The rule that code itself gives: what it will do from here until it returns, if that is only to give back its stack and its
/// caller's registers. So it is behind the call in what the interpreter makes for `-X perf`, which has no unwind tables.
/// Nothing for all other code: nothing is guessed. x86-64.
[[nodiscard]] std::optional<UnwindRule> read_return_path(std::span<const std::byte> code);

}  // namespace lampyr::native

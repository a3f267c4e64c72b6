// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace lampyr::test {

/// Allocations this test program made so far. The sampling loop may not make any for what it has seen before.
[[nodiscard]] std::uint64_t allocations();

}  // namespace lampyr::test

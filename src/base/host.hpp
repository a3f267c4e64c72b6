// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <chrono>

namespace lampyr::base {

/// The machine we run on.
[[nodiscard]] Host this_host();
/// Time of day, since 1970.
[[nodiscard]] std::chrono::nanoseconds unix_time();

}  // namespace lampyr::base

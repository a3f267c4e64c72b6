// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/text.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace lampyr::tool {

/// Numbers as a person reads them, with those of <lampyr/text.hpp>. ASCII only, so that a column is a byte.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);              ///< "38.2 kB"
[[nodiscard]] std::string format_seconds(std::chrono::nanoseconds time);  ///< "0.25 s", "12.3 s", "75 s"
[[nodiscard]] std::string format_share(double part, double whole);        ///< "0.6 %"; "0 %" of nothing
[[nodiscard]] std::string format_rate(double hertz);                      ///< "99.8", "1000"

}  // namespace lampyr::tool

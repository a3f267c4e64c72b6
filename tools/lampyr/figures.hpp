// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace lampyr::tool {

/// Numbers as a person reads them. ASCII only, so that a column is a byte.
[[nodiscard]] std::string format_count(std::uint64_t count);              ///< "12,345"
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);              ///< "38.2 kB"
[[nodiscard]] std::string format_seconds(std::chrono::nanoseconds time);  ///< "0.25 s", "12.3 s", "75 s"
[[nodiscard]] std::string format_share(double part, double whole);        ///< "0.6 %"; "0 %" of nothing
[[nodiscard]] std::string format_rate(double hertz);                      ///< "99.8", "1000"
/// "1 sample", "2 samples"
[[nodiscard]] std::string plural(std::uint64_t count, std::string_view singular);

}  // namespace lampyr::tool

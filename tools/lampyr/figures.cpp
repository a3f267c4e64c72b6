// SPDX-License-Identifier: MIT
#include "figures.hpp"

#include <fmt/format.h>

#include <array>

namespace lampyr::tool {

std::string format_bytes(std::uint64_t bytes) {
    if (bytes < 1000) return fmt::format("{} bytes", bytes);
    static constexpr std::array kUnits{"kB", "MB", "GB", "TB"};
    double value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
    return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_seconds(std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    if (seconds > 0 && seconds < 0.001) return fmt::format("{:.0f} us", seconds * 1e6);
    if (seconds > 0 && seconds < 0.1) return fmt::format("{:.1f} ms", seconds * 1e3);
    return fmt::format("{:.{}f} s", seconds, seconds < 9.995 ? 2 : seconds < 99.95 ? 1 : 0);
}

std::string format_share(double part, double whole) {
    if (whole <= 0 || part <= 0) return "0 %";
    const double percent = 100 * part / whole;
    return percent < 0.1 ? "< 0.1 %" : fmt::format("{:.1f} %", percent);
}

std::string format_rate(double hertz) {
    return hertz < 99.95 && hertz != static_cast<double>(static_cast<std::int64_t>(hertz))
               ? fmt::format("{:.1f}", hertz)
               : fmt::format("{:.0f}", hertz);
}

}  // namespace lampyr::tool

// SPDX-License-Identifier: MIT
#include <lampyr/text.hpp>

#include "base/escape.hpp"

#include <fmt/format.h>

namespace lampyr {

std::string terminal_safe(std::string_view text) { return base::terminal_text(text); }

std::string format_count(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
    return digits;
}

std::string plural(std::uint64_t count, std::string_view singular) {
    return fmt::format("{} {}{}", format_count(count), singular, count == 1 ? "" : "s");
}

}  // namespace lampyr

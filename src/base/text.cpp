// SPDX-License-Identifier: MIT
#include <lampyr/text.hpp>

#include "base/escape.hpp"

namespace lampyr {

std::string terminal_safe(std::string_view text) { return base::terminal_text(text); }

}  // namespace lampyr

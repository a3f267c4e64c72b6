// SPDX-License-Identifier: MIT
#include <lampyr/error.hpp>

namespace lampyr {

std::string to_string(const Error& error) {
    return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

}  // namespace lampyr

// SPDX-License-Identifier: MIT
#include "check/name_pattern.hpp"

#include <fnmatch.h>

namespace lampyr::check {

bool matches(const std::string& pattern, const FunctionChange& function) {
    const auto fits = [](const std::string& shape, const std::string& text) {
        return ::fnmatch(shape.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
    };
    const std::size_t colon = pattern.rfind(':');
    if (colon == std::string::npos) return fits(pattern, function.name);
    if (!fits(pattern.substr(colon + 1), function.name)) return false;
    const std::string file = pattern.substr(0, colon);
    return fits(file, function.file) || fits(file, function.full_file) || fits("*/" + file, function.full_file);
}

}  // namespace lampyr::check

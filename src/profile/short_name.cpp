// SPDX-License-Identifier: MIT
#include "profile/short_name.hpp"

namespace lampyr::profile {

std::string_view ShortNames::shorten(std::string_view file) {
    if (file.starts_with('<')) return file;
    const auto slash = file.rfind('/');
    if (slash == std::string_view::npos || slash + 1 == file.size()) return file;
    return file.substr(cut_for(file.substr(0, slash)));
}

std::size_t ShortNames::cut_for(std::string_view directory) {
    std::string key(directory);
    if (const auto known = cuts_.find(key); known != cuts_.end()) return known->second;
    std::string_view rest = directory;
    std::size_t cut = 0;
    while (true) {
        std::string marker(rest);
        marker += "/__init__.py";
        const auto slash = rest.rfind('/');
        // The root directory and the last part of a relative path have nothing above them to cut.
        if (rest.empty() || !file_exists_(marker)) {
            cut = rest.size() + 1;
            break;
        }
        if (slash == std::string_view::npos) break;
        rest = rest.substr(0, slash);
    }
    if (cuts_.size() >= kMaxDirectories) cuts_.clear();
    cuts_.emplace(std::move(key), cut);
    return cut;
}

}  // namespace lampyr::profile

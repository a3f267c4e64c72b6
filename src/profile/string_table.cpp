// SPDX-License-Identifier: MIT
#include "profile/string_table.hpp"

#include "profile/hash.hpp"

#include <functional>

namespace lampyr::profile {

StringTable::StringTable() { static_cast<void>(intern({})); }

StringId StringTable::intern(std::string_view text) {
    const auto hash = static_cast<std::uint32_t>(mix(std::hash<std::string_view>{}(text), hash_seed()));
    const std::uint32_t found = index_.find(hash, [&](std::uint32_t row) { return rows_[row] == text; });
    if (found != IdIndex::kNone) return StringId{found};
    const auto row = static_cast<std::uint32_t>(rows_.size());
    rows_.emplace_back(text);
    index_.insert(hash, row);
    return StringId{row};
}

}  // namespace lampyr::profile

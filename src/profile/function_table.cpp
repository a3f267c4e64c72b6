// SPDX-License-Identifier: MIT
#include "profile/function_table.hpp"

#include "profile/hash.hpp"

namespace lampyr::profile {

FunctionId FunctionTable::intern(const Function& function) {
    const std::uint64_t names = mix(pair_key(function.name.value, function.file.value), hash_seed());
    const auto hash = static_cast<std::uint32_t>(mix(names + function.first_line, hash_seed()));
    const std::uint32_t found = index_.find(hash, [&](std::uint32_t row) {
        const Function& other = rows_[row];
        return other.name == function.name && other.file == function.file && other.first_line == function.first_line;
    });
    if (found != IdIndex::kNone) return FunctionId{found};
    const auto row = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(function);
    index_.insert(hash, row);
    return FunctionId{row};
}

}  // namespace lampyr::profile

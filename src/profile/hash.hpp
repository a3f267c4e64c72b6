// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace lampyr::profile {

/// A number drawn once per process. Which keys meet in a table depends on it, so a target cannot choose stacks that
/// pile up in one place. Ids are given in order of arrival, so nothing that is written depends on it.
[[nodiscard]] std::uint64_t hash_seed() noexcept;

/// Mixes 64 bits: the two halves of a 128-bit product, folded. One multiplication.
[[nodiscard]] inline std::uint64_t mix(std::uint64_t key, std::uint64_t seed) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(key ^ seed) * 0x9E3779B97F4A7C15ULL;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

[[nodiscard]] inline std::uint64_t pair_key(std::uint32_t first, std::uint32_t second) noexcept {
    return (static_cast<std::uint64_t>(first) << 32) | second;
}

}  // namespace lampyr::profile

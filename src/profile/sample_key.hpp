// SPDX-License-Identifier: MIT
#pragma once

#include "profile/hash.hpp"

#include <lampyr/profile.hpp>

namespace lampyr::profile {

/// What makes two samples one row when time does not matter: thread, stack and state.
[[nodiscard]] inline std::uint32_t hash_of(const Sample& sample) {
    const std::uint64_t key = mix(pair_key(sample.thread.value, sample.stack.value), hash_seed());
    return static_cast<std::uint32_t>(key ^ (static_cast<std::uint64_t>(sample.state) * 0x85EBCA6BULL));
}

[[nodiscard]] inline bool same_stack(const Sample& a, const Sample& b) {
    return a.stack == b.stack && a.thread == b.thread && a.state == b.state;
}

}  // namespace lampyr::profile

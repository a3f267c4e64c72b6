// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace lampyr::profile {

/// How long a row of a timeline lasted by itself, at least 1 ns: its samples may stand for CPU time, which is less than
/// the time that went by.
[[nodiscard]] inline std::chrono::nanoseconds length_of(const Sample& sample, std::chrono::nanoseconds interval) {
    using std::chrono::nanoseconds;
    const auto most = static_cast<std::uint64_t>(nanoseconds::max().count() / 4);
    const auto each = static_cast<std::uint64_t>(std::max(interval, nanoseconds(0)).count());
    const std::uint64_t seen = each == 0 || sample.count > most / each ? 0 : sample.count * each;
    return std::max({sample.weight, nanoseconds(static_cast<std::int64_t>(seen)), nanoseconds(1)});
}

/// Whether the samples say how long they stand for. Folded stacks do not.
[[nodiscard]] inline bool has_weights(const Profile& profile) {
    return profile.samples.empty() || std::any_of(profile.samples.begin(), profile.samples.end(),
                                                  [](const Sample& sample) { return sample.weight.count() > 0; });
}

}  // namespace lampyr::profile

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <chrono>
#include <vector>

namespace lampyr::exporter {

/// A time in which a thread was seen with one stack and state.
struct Stretch {
    const Sample* sample = nullptr;
    std::chrono::nanoseconds begin{0};
    std::chrono::nanoseconds end{0};  ///< after `begin`, and not after the next one's begin
};

/// Each thread's stretches in time order, by row of the thread table. A sample is a moment that stands for the interval
/// around it, so a hole of up to two intervals between two samples is jitter and is closed; a longer one is a hole.
[[nodiscard]] std::vector<std::vector<Stretch>> stretches_of(const Profile& profile);

}  // namespace lampyr::exporter

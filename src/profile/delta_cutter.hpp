// SPDX-License-Identifier: MIT
#pragma once

#include "profile/builder.hpp"

#include <lampyr/profile_sink.hpp>

#include <optional>
#include <span>
#include <vector>

namespace lampyr::profile {

/// Hands what a builder has gained since the last time to a sink.
class DeltaCutter {
  public:
    explicit DeltaCutter(ProfileSink& sink) : sink_(sink) {}

    /// `info` as of now; its `stacks` and `timeline` are set here. `used`: rows that may still be changed by who remembers
    /// them. `end`: nothing more will come.
    void cut(Builder& builder, ProfileInfo info, std::span<const SampleId> used = {},
             std::optional<StopReason> end = std::nullopt);

  private:
    void find_changed_threads(std::span<const Thread> threads);

    ProfileSink& sink_;
    std::size_t strings_ = 0, functions_ = 0, frames_ = 0, stacks_ = 0, processes_ = 0;
    std::vector<Thread> told_threads_;
    std::vector<ThreadUpdate> changed_threads_;
};

}  // namespace lampyr::profile

// SPDX-License-Identifier: MIT
#pragma once

#include "profile/builder.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace lampyr::sampler {

/// The rows of the profile that samples have gone to since names were last proven. If a name proves to be another's by then,
/// what these samples added is taken from under it. Bounded by the number of rows.
class HeldRows {
  public:
    /// Before a sample is added: what the row holds without it.
    struct Held {
        SampleId row;
        std::uint64_t count = 0;
        std::chrono::nanoseconds weight{0};
    };
    /// A sample of `weight` was just added to the row.
    void note(const profile::Builder& builder, SampleId row, std::chrono::nanoseconds weight) {
        if (row.value >= noted_.size()) noted_.resize(row.value + std::size_t{1} + noted_.size());
        if (noted_[row.value] == period_) return;
        noted_[row.value] = period_;
        const Sample& sample = builder.sample(row);
        held_.push_back({row, sample.count - 1, sample.weight - weight});
    }
    [[nodiscard]] std::span<const Held> held() const { return held_; }
    void release() {
        held_.clear();
        ++period_;
    }

  private:
    std::vector<Held> held_;
    std::vector<std::uint32_t> noted_;  // by row: the period in which it was last noted
    std::uint32_t period_ = 1;
};

}  // namespace lampyr::sampler

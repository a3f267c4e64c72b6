// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/raw_stack.hpp"
#include "profile/builder.hpp"
#include "sampler/code_cache.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

namespace lampyr::sampler {

/// Turns one thread's raw stacks into rows of the profile's stack table. Remembers the last stack: the outer frames that
/// stand as they stood need neither proof nor look-up.
class StackResolver {
  public:
    StackId resolve(const cpython::RawStack& stack, CodeCache& cache, profile::Builder& builder,
                    std::uint64_t generation, std::chrono::nanoseconds now,
                    std::array<std::uint64_t, kLossCount>& losses);
    /// Whether all of the last stack was proven.
    [[nodiscard]] bool last_proven() const { return last_proven_; }

  private:
    std::vector<cpython::RawFrame> frames_;  // outermost first, proven ones only
    std::vector<StackId> path_;              // stack after each of frames_
    StackId last_ = kEmptyStack;
    std::uint64_t serial_ = 0;  // of the stack behind last_
    bool last_proven_ = true;
};

}  // namespace lampyr::sampler

// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/raw_stack.hpp"
#include "profile/builder.hpp"
#include "sampler/code_cache.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace lampyr::sampler {

/// Stacks that could not be claimed because a call of them had not been proven yet. It may be by the end: then they are claimed as
/// they would be if they were met again. Until then each has rows of its own in the profile. Of bounded size; what finds no room
/// stays unproven.
class DoubtfulStacks {
  public:
    explicit DoubtfulStacks(profile::Builder& builder);

    /// The stack to be added to the profile in place of `shown`, as which `stack` was resolved. `shown` itself: there is nothing to
    /// wait for. Asked just before the sample is added.
    [[nodiscard]] StackId mark(const cpython::RawStack& stack, StackId shown, std::chrono::nanoseconds now);
    /// The sample of the stack that was marked last went to this row.
    void note(SampleId row);
    /// Whether the calls of these frames are known by now; as `cpython::StackReader::recognise`.
    using Recognise = std::function<bool(std::span<cpython::RawFrame> frames, std::uint64_t apart)>;
    struct Moved {
        SampleId from;
        SampleId to;
        std::uint64_t claimed = 0;  ///< samples that are not in doubt any more
    };
    /// Claims what is known by now, and lets go of what has waited since `before`. Valid until the next call.
    [[nodiscard]] std::span<const Moved> settle(const Recognise& recognise, CodeCache& cache,
                                                std::chrono::nanoseconds before);
    /// Part of a row has become another's.
    void follow(SampleId from, SampleId to);
    /// The rows that may still be changed.
    void name_rows(std::vector<SampleId>& rows) const;

  private:
    struct Doubt {
        std::vector<cpython::RawFrame> frames;  // in doubt, innermost first, and their caller; empty: free
        std::vector<FrameId> shown;             // parallel to it
        std::uint64_t apart = 0;
        std::chrono::nanoseconds since{0};
        std::uint64_t key = 0;
        StackId stack;  // as it was marked
        std::vector<SampleId> rows;
    };

    [[nodiscard]] bool take_shown(const cpython::RawStack& stack, StackId shown);
    [[nodiscard]] std::uint64_t key_of(StackId outer) const;
    [[nodiscard]] std::optional<std::size_t> find_or_add(const cpython::RawStack& stack, StackId outer,
                                                         std::chrono::nanoseconds now);
    [[nodiscard]] FrameId marker(std::size_t index);
    [[nodiscard]] bool is_known(const Doubt& doubt, const Recognise& recognise, CodeCache& cache);
    [[nodiscard]] StackId rewritten(StackId stack, std::size_t index, bool claimed);
    void move_rows(std::size_t index, bool claimed);
    void let_go(std::size_t index);

    profile::Builder& builder_;
    FrameId unproven_;
    std::vector<Doubt> doubts_;
    std::vector<std::size_t> free_;
    std::unordered_map<std::uint64_t, std::size_t> by_key_;
    std::optional<std::size_t> marked_;
    std::vector<Moved> moved_;

    // Of the stack at hand.
    std::vector<cpython::RawFrame> frames_;
    std::vector<FrameId> shown_;  // and, in `settle`, as they are shown once they are claimed
    std::vector<FrameId> path_;
};

}  // namespace lampyr::sampler

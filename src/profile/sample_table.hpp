// SPDX-License-Identifier: MIT
#pragma once

#include "profile/id_index.hpp"
#include "profile/sample_stream.hpp"

#include <lampyr/profile.hpp>

#include <chrono>
#include <vector>

namespace lampyr::profile {

/// Counted stacks. Without a timeline, equal (thread, stack, state) are one row. With one, a row is a stretch of time in
/// which a thread was seen with one stack and state; a sample that begins at most `merge_gap` after the stretch's latest
/// sample ended prolongs it. Adding to an existing row allocates nothing.
class SampleTable {
  public:
    SampleTable(bool timeline, std::chrono::nanoseconds merge_gap) : timeline_(timeline), merge_gap_(merge_gap) {}

    void add(ThreadId thread, StackId stack, ThreadState state, std::chrono::nanoseconds start,
             std::chrono::nanoseconds weight);

    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] std::uint64_t total_count() const noexcept { return total_count_; }
    /// Rows in order of first arrival, all starting at 0; with a timeline, by start and then thread; if rows were cut,
    /// as counts.
    [[nodiscard]] std::vector<Sample> take() &&;

    /// With a timeline: what is new since the last cut, to be handed on; then `settle` lets go of what is done with.
    [[nodiscard]] SampleStream::Cut cut() {
        streamed_ = true;
        return stream_.cut(rows_);
    }
    void settle();
    [[nodiscard]] bool streamed() const noexcept { return streamed_; }

  private:
    struct Latest {
        std::uint32_t row = IdIndex::kNone;
        std::chrono::nanoseconds end{0};
    };
    void add_to_timeline(const Sample& sample);
    void add_to_counts(const Sample& sample);

    bool timeline_;
    std::chrono::nanoseconds merge_gap_;
    std::vector<Sample> rows_;
    std::vector<Latest> latest_;  // timeline: by thread
    IdIndex index_;               // counts: row of (thread, stack, state)
    std::uint64_t total_count_ = 0;
    bool streamed_ = false;
    SampleStream stream_;
    std::vector<bool> in_use_;  // of settle()
    std::vector<std::uint32_t> moved_;
};

}  // namespace lampyr::profile

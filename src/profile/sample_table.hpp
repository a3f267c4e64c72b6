// SPDX-License-Identifier: MIT
#pragma once

#include "profile/id_index.hpp"
#include "profile/sample_stream.hpp"

#include <lampyr/profile.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace lampyr::profile {

/// Counted stacks. Without a timeline, equal (thread, stack, state) are one row. With one, a row is a stretch of time in
/// which a thread was seen with one stack and state; a sample that begins at most `merge_gap` after the stretch's latest
/// sample ended prolongs it. Adding to an existing row allocates nothing.
class SampleTable {
  public:
    SampleTable(bool timeline, std::chrono::nanoseconds merge_gap) : timeline_(timeline), merge_gap_(merge_gap) {}

    /// `span` is the stretch of time the sample stands in, from `start`; `weight` what it counts for. Returns its row.
    std::uint32_t add(ThreadId thread, StackId stack, ThreadState state, std::chrono::nanoseconds start,
                      std::chrono::nanoseconds span, std::chrono::nanoseconds weight);
    void add_weight(std::uint32_t row, std::chrono::nanoseconds weight) { rows_[row].weight += weight; }
    /// Moves what a row holds beyond `count` samples and `weight` to a row of another stack, and returns that one.
    std::uint32_t set_apart(std::uint32_t row, std::uint64_t count, std::chrono::nanoseconds weight, StackId stack);
    [[nodiscard]] const Sample& row(std::uint32_t row) const { return rows_[row]; }

    void set_merge_gap(std::chrono::nanoseconds gap) { merge_gap_ = gap; }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] std::uint64_t total_count() const noexcept { return total_count_; }
    /// Rows in order of first arrival, all starting at 0; with a timeline, by start and then thread; of a stream, as
    /// counts. None is empty.
    [[nodiscard]] std::vector<Sample> take() &&;

    /// With a timeline, before the first sample: rows are to be handed on, by `cut`, while recording.
    void stream() { streams_ = true; }
    [[nodiscard]] bool streams() const noexcept { return streams_; }
    [[nodiscard]] SampleStream::Cut cut() { return stream_.cut(rows_); }
    /// After a cut: lets go of rows that can change no more. Who remembers rows names them in `used`; the others' numbers
    /// are given to new rows.
    void settle(std::span<const SampleId> used);

  private:
    struct Latest {
        std::uint32_t row = IdIndex::kNone;
        std::chrono::nanoseconds end{0};
    };
    std::uint32_t add_to_timeline(const Sample& sample, std::chrono::nanoseconds span);
    std::uint32_t add_to_counts(const Sample& sample);
    [[nodiscard]] std::uint32_t add_row(const Sample& sample);

    bool timeline_;
    std::chrono::nanoseconds merge_gap_;
    std::vector<Sample> rows_;
    std::vector<Latest> latest_;  // timeline: by thread
    IdIndex index_;               // counts: row of (thread, stack, state)
    std::uint64_t total_count_ = 0;
    bool streams_ = false;
    SampleStream stream_;
    std::vector<bool> is_used_;  // of settle()
};

}  // namespace lampyr::profile

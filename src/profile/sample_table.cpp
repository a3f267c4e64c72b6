// SPDX-License-Identifier: MIT
#include "profile/sample_table.hpp"

#include "profile/sample_key.hpp"

#include <algorithm>
#include <tuple>

namespace lampyr::profile {

void SampleTable::add(ThreadId thread, StackId stack, ThreadState state, std::chrono::nanoseconds start,
                      std::chrono::nanoseconds weight) {
    const Sample sample{thread, stack, state, 1, weight, start};
    ++total_count_;
    if (timeline_)
        add_to_timeline(sample);
    else
        add_to_counts(sample);
}

void SampleTable::add_to_timeline(const Sample& sample) {
    if (sample.thread.value >= latest_.size()) latest_.resize(sample.thread.value + std::size_t{1});
    Latest& latest = latest_[sample.thread.value];
    // Against the end of the latest sample, not of the row: weights are intervals as asked for and times are as they
    // came, so over a long row their sums drift apart.
    const bool touches = latest.row != IdIndex::kNone && sample.start <= latest.end + merge_gap_;
    latest.end = sample.start + sample.weight;
    if (touches && same_stack(rows_[latest.row], sample)) {
        ++rows_[latest.row].count;
        rows_[latest.row].weight += sample.weight;
        return;
    }
    latest.row = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(sample);
}

void SampleTable::add_to_counts(const Sample& sample) {
    const std::uint32_t hash = hash_of(sample);
    const std::uint32_t found = index_.find(hash, [&](std::uint32_t row) { return same_stack(rows_[row], sample); });
    if (found != IdIndex::kNone) {
        ++rows_[found].count;
        rows_[found].weight += sample.weight;
        return;
    }
    const auto row = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(sample);
    rows_.back().start = std::chrono::nanoseconds(0);
    index_.insert(hash, row);
}

/// A thread's latest row may still grow; whoever else remembers a row must be told here where it went.
void SampleTable::settle() {
    in_use_.assign(rows_.size(), false);
    for (const Latest& latest : latest_)
        if (latest.row != IdIndex::kNone) in_use_[latest.row] = true;
    stream_.settle(rows_, in_use_, moved_);
    for (Latest& latest : latest_)
        if (latest.row != IdIndex::kNone) latest.row = moved_[latest.row];
}

std::vector<Sample> SampleTable::take() && {
    if (streamed_) return std::move(stream_).take_counts(rows_);
    if (timeline_)
        std::stable_sort(rows_.begin(), rows_.end(), [](const Sample& a, const Sample& b) {
            return std::tie(a.start, a.thread) < std::tie(b.start, b.thread);
        });
    return std::move(rows_);
}

}  // namespace lampyr::profile

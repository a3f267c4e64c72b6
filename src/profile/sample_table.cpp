// SPDX-License-Identifier: MIT
#include "profile/sample_table.hpp"

#include "profile/sample_key.hpp"

#include <algorithm>
#include <tuple>

namespace lampyr::profile {

std::uint32_t SampleTable::add(ThreadId thread, StackId stack, ThreadState state, std::chrono::nanoseconds start,
                               std::chrono::nanoseconds span, std::chrono::nanoseconds weight) {
    const Sample sample{thread, stack, state, 1, weight, start};
    ++total_count_;
    return timeline_ ? add_to_timeline(sample, span) : add_to_counts(sample);
}

std::uint32_t SampleTable::add_to_timeline(const Sample& sample, std::chrono::nanoseconds span) {
    if (sample.thread.value >= latest_.size()) latest_.resize(sample.thread.value + std::size_t{1});
    Latest& latest = latest_[sample.thread.value];
    // Against the end of the latest sample, not of the row: spans are intervals as asked for and times are as they
    // came, so over a long row their sums drift apart.
    const bool touches = latest.row != IdIndex::kNone && sample.start <= latest.end + merge_gap_;
    latest.end = sample.start + span;
    if (touches && same_stack(rows_[latest.row], sample)) {
        ++rows_[latest.row].count;
        rows_[latest.row].weight += sample.weight;
        return latest.row;
    }
    latest.row = add_row(sample);
    return latest.row;
}

std::uint32_t SampleTable::add_row(const Sample& sample) {
    std::uint32_t row = 0;
    if (streams_ && stream_.take_free(row)) {
        rows_[row] = sample;
    } else {
        row = static_cast<std::uint32_t>(rows_.size());
        rows_.push_back(sample);
    }
    if (streams_) stream_.note_added(row);
    return row;
}

std::uint32_t SampleTable::add_to_counts(const Sample& sample) {
    const std::uint32_t hash = hash_of(sample);
    const std::uint32_t found = index_.find(hash, [&](std::uint32_t row) { return same_stack(rows_[row], sample); });
    if (found != IdIndex::kNone) {
        rows_[found].count += sample.count;
        rows_[found].weight += sample.weight;
        return found;
    }
    const auto row = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(sample);
    rows_.back().start = std::chrono::nanoseconds(0);
    index_.insert(hash, row);
    return row;
}

std::uint32_t SampleTable::set_apart(std::uint32_t row, std::uint64_t count, std::chrono::nanoseconds weight,
                                     StackId stack) {
    if (timeline_ && count == 0) {
        rows_[row].stack = stack;
        return row;
    }
    Sample apart = rows_[row];
    apart.stack = stack;
    apart.count -= count;
    apart.weight -= weight;
    rows_[row].count = count;
    rows_[row].weight = weight;
    if (!timeline_) return add_to_counts(apart);
    apart.start += weight;
    const std::uint32_t added = add_row(apart);
    Latest& latest = latest_[apart.thread.value];
    if (latest.row == row) latest.row = added;
    return added;
}

void SampleTable::settle(std::span<const SampleId> used) {
    is_used_.assign(rows_.size(), false);
    for (const Latest& latest : latest_)
        if (latest.row != IdIndex::kNone) is_used_[latest.row] = true;
    for (const SampleId row : used) is_used_[row.value] = true;
    stream_.settle(rows_, is_used_);
}

std::vector<Sample> SampleTable::take() && {
    if (streams_) return std::move(stream_).take_counts(rows_);
    std::erase_if(rows_, [](const Sample& sample) { return sample.count == 0; });
    if (timeline_)
        std::stable_sort(rows_.begin(), rows_.end(), [](const Sample& a, const Sample& b) {
            return std::tie(a.start, a.thread) < std::tie(b.start, b.thread);
        });
    return std::move(rows_);
}

}  // namespace lampyr::profile

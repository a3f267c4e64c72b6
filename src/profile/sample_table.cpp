// SPDX-License-Identifier: MIT
#include "profile/sample_table.hpp"

#include "profile/hash.hpp"

#include <algorithm>
#include <tuple>

namespace lampyr::profile {

namespace {

std::uint32_t hash_of(const Sample& sample) {
    const std::uint64_t key = mix(pair_key(sample.thread.value, sample.stack.value), hash_seed());
    return static_cast<std::uint32_t>(key ^ (static_cast<std::uint64_t>(sample.state) * 0x85EBCA6BULL));
}

bool same_stack(const Sample& a, const Sample& b) {
    return a.stack == b.stack && a.thread == b.thread && a.state == b.state;
}

}  // namespace

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
    if (sample.thread.value >= last_row_.size()) last_row_.resize(sample.thread.value + std::size_t{1}, IdIndex::kNone);
    std::uint32_t& last_row = last_row_[sample.thread.value];
    if (last_row != IdIndex::kNone) {
        Sample& last = rows_[last_row];
        if (same_stack(last, sample) && sample.start <= last.start + last.weight + merge_gap_) {
            ++last.count;
            last.weight += sample.weight;
            return;
        }
    }
    last_row = static_cast<std::uint32_t>(rows_.size());
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
    index_.insert(hash, row);
}

std::vector<Sample> SampleTable::take() && {
    if (timeline_)
        std::stable_sort(rows_.begin(), rows_.end(), [](const Sample& a, const Sample& b) {
            return std::tie(a.start, a.thread) < std::tie(b.start, b.thread);
        });
    return std::move(rows_);
}

}  // namespace lampyr::profile

// SPDX-License-Identifier: MIT
#include "profile/sample_stream.hpp"

#include "profile/sample_key.hpp"

#include <algorithm>
#include <utility>

namespace lampyr::profile {

SampleStream::Cut SampleStream::cut(const std::vector<Sample>& rows) {
    ++cuts_;
    grown_.clear();
    added_rows_.clear();
    for (const std::uint32_t place : places_) {
        Told& told = told_[place];
        const Sample& now = rows[place];
        if (now.count == told.count && now.weight == told.weight && now.stack == told.stack) continue;
        SampleGrowth growth{told.number,
                            static_cast<std::int64_t>(now.count) - static_cast<std::int64_t>(told.count),
                            now.weight - told.weight,
                            {}};
        if (now.stack != told.stack) growth.stack = now.stack;
        grown_.push_back(growth);
        told.count = now.count;
        told.weight = now.weight;
        told.stack = now.stack;
    }
    for (const std::uint32_t place : added_) {
        const Sample& row = rows[place];
        told_[place] = {next_number_++, cuts_, row.count, row.weight, row.stack};
        places_.push_back(place);
        added_rows_.push_back(row);
    }
    added_.clear();
    told_settled_.swap(settled_);
    settled_.clear();
    return {added_rows_, grown_, told_settled_};
}

void SampleStream::settle(const std::vector<Sample>& rows, const std::vector<bool>& is_used) {
    std::erase_if(places_, [&](std::uint32_t place) {
        if (told_[place].cut == cuts_ || is_used[place]) return false;
        count(rows[place]);
        settled_.push_back(told_[place].number);
        free_.push_back(place);
        return true;
    });
}

void SampleStream::count(const Sample& sample) {
    if (sample.count == 0) return;
    const std::uint32_t hash = hash_of(sample);
    const std::uint32_t found = index_.find(hash, [&](std::uint32_t row) { return same_stack(counts_[row], sample); });
    if (found != IdIndex::kNone) {
        counts_[found].count += sample.count;
        counts_[found].weight += sample.weight;
        return;
    }
    index_.insert(hash, static_cast<std::uint32_t>(counts_.size()));
    counts_.push_back(sample);
    counts_.back().start = std::chrono::nanoseconds(0);
}

std::vector<Sample> SampleStream::take_counts(const std::vector<Sample>& rows) && {
    for (const std::uint32_t place : places_) count(rows[place]);
    for (const std::uint32_t place : added_) count(rows[place]);
    return std::move(counts_);
}

}  // namespace lampyr::profile

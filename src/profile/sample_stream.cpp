// SPDX-License-Identifier: MIT
#include "profile/sample_stream.hpp"

#include "profile/sample_key.hpp"

#include <utility>

namespace lampyr::profile {

SampleStream::Cut SampleStream::cut(const std::vector<Sample>& rows) {
    ++cuts_;
    grown_.clear();
    const std::size_t known = told_.size();
    for (std::size_t i = 0; i < known; ++i) {
        Told& told = told_[i];
        const Sample& now = rows[i];
        if (now.count == told.count && now.weight == told.weight) continue;
        grown_.push_back({told.number, now.count - told.count, now.weight - told.weight});
        told.count = now.count;
        told.weight = now.weight;
    }
    for (std::size_t i = known; i < rows.size(); ++i)
        told_.push_back({next_number_++, cuts_, rows[i].count, rows[i].weight});
    return {std::span(rows).subspan(known), grown_};
}

void SampleStream::settle(std::vector<Sample>& rows, const std::vector<bool>& in_use,
                          std::vector<std::uint32_t>& moved) {
    moved.assign(rows.size(), kGone);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i < told_.size() && told_[i].cut < cuts_ && !in_use[i]) {
            count(rows[i]);
            continue;
        }
        moved[i] = static_cast<std::uint32_t>(kept);
        rows[kept] = rows[i];
        if (i < told_.size()) told_[kept] = told_[i];
        ++kept;
    }
    told_.resize(told_.size() - (rows.size() - kept));
    rows.resize(kept);
}

void SampleStream::count(const Sample& sample) {
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
    for (const Sample& row : rows) count(row);
    return std::move(counts_);
}

}  // namespace lampyr::profile

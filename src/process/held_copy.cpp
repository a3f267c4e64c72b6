// SPDX-License-Identifier: MIT
#include "process/held_copy.hpp"

#include <algorithm>

namespace lampyr::process {
namespace {

/// Less than a page, so nothing that is unmapped lies between. A further range costs a call as much as some thousand bytes.
constexpr std::uint64_t kNear = 1536;

bool contains(const RemoteSegment& whole, const RemoteSegment& part) {
    return part.address >= whole.address && part.size <= whole.size &&
           part.address - whole.address <= whole.size - part.size;
}

}  // namespace

void HeldCopy::plan(std::span<const RemoteSegment> ranges, std::size_t room) {
    taken_ = false;
    ranges_.assign(ranges.begin(), ranges.end());
    std::sort(ranges_.begin(), ranges_.end(),
              [](const RemoteSegment& a, const RemoteSegment& b) { return a.address < b.address; });
    std::size_t kept = 0;
    for (const RemoteSegment& range : ranges_) {
        RemoteSegment* const before = kept > 0 ? &ranges_[kept - 1] : nullptr;
        const std::uint64_t skip = before != nullptr ? range.address - before->address : 0;
        if (before != nullptr && skip <= before->size + kNear)
            before->size = std::max(before->size, skip + range.size);
        else
            ranges_[kept++] = range;
    }
    ranges_.resize(kept);
    std::size_t total = 0;
    for (const RemoteSegment& range : ranges_) total += range.size;
    room_ = room;
    if (bytes_.size() < total + room) bytes_.resize(total + room);
    read_.reserve(kept + 1);
    offsets_.reserve(kept + 1);
}

bool HeldCopy::take(const RemoteMemory& memory, RemoteSegment last) {
    last.size = std::min<std::uint64_t>(last.size, room_);
    read_.clear();
    offsets_.clear();
    std::size_t total = 0;
    for (const RemoteSegment& range : ranges_) {
        if (contains(last, range)) continue;
        read_.push_back(range);
        offsets_.push_back(total);
        total += range.size;
    }
    last_offset_ = total;
    read_.push_back(last);
    offsets_.push_back(total);
    const auto wanted = std::span(read_).first(last.size == 0 ? read_.size() - 1 : read_.size());
    const std::size_t got = memory.read_segments(wanted, std::span(bytes_).first(total + last.size));
    taken_ = got >= total;
    last_size_ = taken_ ? got - total : 0;
    read_.back().size = last_size_;
    return taken_;
}

const std::byte* HeldCopy::find(RemoteSegment range) const {
    if (!taken_) return nullptr;
    if (contains(read_.back(), range)) return bytes_.data() + last_offset_ + (range.address - read_.back().address);
    const auto ranges = std::span(read_).first(read_.size() - 1);
    auto behind = std::upper_bound(ranges.begin(), ranges.end(), range.address,
                                   [](std::uint64_t address, const RemoteSegment& of) { return address < of.address; });
    if (behind == ranges.begin() || !contains(*--behind, range)) return nullptr;
    const auto index = static_cast<std::size_t>(behind - ranges.begin());
    return bytes_.data() + offsets_[index] + (range.address - behind->address);
}

}  // namespace lampyr::process

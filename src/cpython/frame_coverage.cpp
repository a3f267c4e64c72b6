// SPDX-License-Identifier: MIT
#include "cpython/frame_coverage.hpp"

#include <algorithm>

namespace lampyr::cpython {

void FrameCoverage::clear() {
    ranges_.clear();
    frames_.clear();
    std::fill(index_.begin(), index_.end(), 0U);
    restart();
}

void FrameCoverage::add_range(RemoteAddr start, std::uint64_t size, CopySource source, std::uint32_t first,
                              std::uint32_t second) {
    ranges_.push_back({start, size, first, second, source});
}

void FrameCoverage::add_frame(RemoteAddr frame, std::uint64_t size, CopySource source, std::uint32_t first,
                              std::uint32_t second) {
    frames_.push_back({frame, size, first, second, source});
    if (frames_.size() * 2 > index_.size())
        grow_index();
    else
        index_frame(static_cast<std::uint32_t>(frames_.size() - 1));
}

void FrameCoverage::index_frame(std::uint32_t position) {
    const std::size_t mask = index_.size() - 1;
    std::size_t slot = std::hash<RemoteAddr>{}(frames_[position].start) & mask;
    while (index_[slot] != 0) slot = (slot + 1) & mask;
    index_[slot] = position + 1;
}

void FrameCoverage::grow_index() {
    index_.assign(std::max<std::size_t>(16, index_.size() * 2), 0U);
    for (std::uint32_t i = 0; i < frames_.size(); ++i) index_frame(i);
}

FrameCopies FrameCoverage::copies(const Piece& piece, std::uint64_t skip) const {
    const std::byte* base = buffers_[static_cast<std::size_t>(piece.source)];
    return {base + piece.first + skip, base + piece.second + skip, piece.size - skip};
}

FrameCopies FrameCoverage::find(RemoteAddr frame, std::uint64_t size) {
    const std::size_t ranges = ranges_.size();
    for (std::size_t tried = 0; tried < ranges; ++tried) {
        std::size_t i = range_hint_ + tried;
        if (i >= ranges) i -= ranges;
        const Piece& piece = ranges_[i];
        // Unsigned: an address below the start wraps to a huge distance and fails the comparison.
        const std::uint64_t skip = frame.value - piece.start.value;
        if (skip < piece.size && size <= piece.size - skip) {
            range_hint_ = i;
            return copies(piece, skip);
        }
    }
    if (frame_hint_ < frames_.size() && frames_[frame_hint_].start == frame) return copies(frames_[frame_hint_++], 0);
    if (frames_.empty()) return {};
    const std::size_t mask = index_.size() - 1;
    for (std::size_t slot = std::hash<RemoteAddr>{}(frame)&mask; index_[slot] != 0; slot = (slot + 1) & mask) {
        const std::uint32_t position = index_[slot] - 1;
        if (frames_[position].start == frame) {
            frame_hint_ = position + 1;
            return copies(frames_[position], 0);
        }
    }
    return {};
}

FrameCopies FrameCoverage::find_again(RemoteAddr frame, std::uint64_t size) const {
    for (std::size_t i = 1; i < ranges_.size(); ++i) {
        const std::uint64_t skip = frame.value - ranges_[i].start.value;
        if (skip < ranges_[i].size && size <= ranges_[i].size - skip) return copies(ranges_[i], skip);
    }
    return {};
}

bool FrameCoverage::in_range(RemoteAddr address) const {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const Piece& piece) { return address.value - piece.start.value < piece.size; });
}

bool FrameCoverage::in_one_range(RemoteAddr a, RemoteAddr b) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const Piece& piece) {
        return a.value - piece.start.value < piece.size && b.value - piece.start.value < piece.size;
    });
}

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#include "cpython/frame_coverage.hpp"

#include <algorithm>
#include <cassert>

namespace lampyr::cpython {

void FrameCoverage::clear() {
    ranges_.clear();
    early_.clear();
    late_.clear();
    joints_.clear();
    if (!frames_.empty()) std::fill(index_.begin(), index_.end(), 0U);
    frames_.clear();
    restart();
}

void FrameCoverage::add_range(RemoteAddr start, std::uint64_t size, CopySource source, std::uint32_t first,
                              std::uint32_t second) {
    ranges_.push_back({start, size, first, second, source});
}

void FrameCoverage::add_block(RemoteAddr start, std::uint64_t size, CopySource source, std::uint32_t first,
                              std::uint32_t second) {
    std::vector<Piece>& blocks = first == second ? late_ : early_;
    assert(blocks.empty() || blocks.back().start < start);
    blocks.push_back({start, size, first, second, source});
}

void FrameCoverage::add_joint(RemoteAddr start, std::uint64_t size, CopySource source, std::uint32_t offset) {
    assert(joints_.empty() || joints_.back().start < start);
    joints_.push_back({start, size, offset, offset, source});
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

FrameCopies FrameCoverage::copies(const Piece& piece, RemoteAddr frame) const {
    const std::byte* base = buffers_[static_cast<std::size_t>(piece.source)];
    const std::uint64_t skip = frame.value - piece.start.value;
    return {base + piece.first + skip, base + piece.second + skip, piece.size - skip};
}

const FrameCoverage::Piece* FrameCoverage::find_block(const std::vector<Piece>& blocks, RemoteAddr frame,
                                                      std::uint64_t size) {
    const auto above = std::upper_bound(blocks.begin(), blocks.end(), frame,
                                        [](RemoteAddr address, const Piece& piece) { return address < piece.start; });
    if (above == blocks.begin()) return nullptr;
    const Piece& piece = *std::prev(above);
    return piece.holds(frame, size) ? &piece : nullptr;
}

const FrameCoverage::Piece* FrameCoverage::find_frame(RemoteAddr frame) const {
    if (frames_.empty()) return nullptr;
    const std::size_t mask = index_.size() - 1;
    for (std::size_t slot = std::hash<RemoteAddr>{}(frame)&mask; index_[slot] != 0; slot = (slot + 1) & mask)
        if (frames_[index_[slot] - 1].start == frame) return &frames_[index_[slot] - 1];
    return nullptr;
}

FrameCopies FrameCoverage::find(RemoteAddr frame, std::uint64_t size) {
    // What was copied twice is never taken from its late copy, so the window comes before the hint.
    const std::size_t ranges = ranges_.size();
    if (ranges != 0 && ranges_[0].holds(frame, size)) return copies(ranges_[0], frame);
    for (std::size_t tried = 0; tried < ranges; ++tried) {
        std::size_t i = range_hint_ + tried;
        if (i >= ranges) i -= ranges;
        if (ranges_[i].holds(frame, size)) {
            range_hint_ = i;
            return copies(ranges_[i], frame);
        }
    }
    if (const Piece* block = find_block(early_, frame, size)) return copies(*block, frame);
    if (block_hint_ < late_.size() && late_[block_hint_].holds(frame, size)) return copies(late_[block_hint_], frame);
    if (const Piece* block = find_block(late_, frame, size)) {
        block_hint_ = static_cast<std::size_t>(block - late_.data());
        return copies(*block, frame);
    }
    if (const Piece* single = find_frame(frame)) return copies(*single, frame);
    return {};
}

const std::byte* FrameCoverage::find_late(RemoteAddr frame, std::uint64_t size) const {
    for (const Piece& range : ranges_)
        if (range.late() && range.holds(frame, size)) return copies(range, frame).second;
    const Piece* block = find_block(joints_, frame, size);
    return block != nullptr ? copies(*block, frame).second : nullptr;
}

bool FrameCoverage::is_early(RemoteAddr address) const {
    const auto holds = [&](const Piece& piece) { return !piece.late() && piece.holds(address, 1); };
    return std::any_of(ranges_.begin(), ranges_.end(), holds) || find_block(early_, address, 1) != nullptr;
}

bool FrameCoverage::in_range(RemoteAddr address) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const Piece& piece) { return piece.holds(address, 1); });
}

bool FrameCoverage::in_one_range(RemoteAddr a, RemoteAddr b) const {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const Piece& piece) { return piece.holds(a, 1) && piece.holds(b, 1); });
}

}  // namespace lampyr::cpython

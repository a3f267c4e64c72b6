// SPDX-License-Identifier: MIT
#pragma once

#include "base/address.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

namespace lampyr::cpython {

/// Frames that do not lie on the data stack, as few blocks of memory in ascending order: a further range costs a call more
/// than a few hundred further bytes, so frames near each other share one.
class FrameBlocks {
  public:
    struct Block {
        RemoteAddr start;
        std::uint64_t size = 0;
        bool needed = false;  ///< one of its frames is
    };
    /// `bytes_at(frame)` says how many bytes of a frame are wanted. The first `needed` frames are needed most.
    template <typename BytesAt>
    void set(std::span<const RemoteAddr> frames, std::size_t needed, BytesAt bytes_at) {
        sorted_.clear();
        for (const RemoteAddr frame : frames) sorted_.push_back({frame, sorted_.size() < needed});
        std::sort(sorted_.begin(), sorted_.end(), [](const Wanted& a, const Wanted& b) { return a.frame < b.frame; });
        blocks_.clear();
        for (const auto& [frame, is_needed] : sorted_) {
            const std::uint64_t bytes = bytes_at(frame);
            if (!blocks_.empty() && frame - blocks_.back().start <= blocks_.back().size + kNear) {
                blocks_.back().size = std::max(blocks_.back().size, frame - blocks_.back().start + bytes);
                blocks_.back().needed = blocks_.back().needed || is_needed;
            } else {
                blocks_.push_back({frame, bytes, is_needed});
            }
        }
    }
    [[nodiscard]] std::span<const Block> blocks() const { return blocks_; }
    /// Whether so much of a frame is read with these blocks, be it one of theirs or not.
    [[nodiscard]] bool holds(RemoteAddr frame, std::uint64_t size) const {
        const auto above = std::upper_bound(blocks_.begin(), blocks_.end(), frame,
                                            [](RemoteAddr wanted, const Block& block) { return wanted < block.start; });
        if (above == blocks_.begin()) return false;
        const Block& block = *std::prev(above);
        return frame - block.start + size <= block.size;
    }
    [[nodiscard]] bool empty() const { return blocks_.empty(); }

  private:
    /// Less than half a page: two frames so close lie in one page or in neighbours, so nothing between them is unmapped.
    static constexpr std::uint64_t kNear = 1536;

    struct Wanted {
        RemoteAddr frame;
        bool needed = false;
    };
    std::vector<Wanted> sorted_;
    std::vector<Block> blocks_;
};

}  // namespace lampyr::cpython

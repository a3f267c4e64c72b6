// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/raw_stack.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace lampyr::cpython {

/// A stack of frames, innermost first, that changes at its inner end and keeps its outer one in place: what stays costs
/// nothing. The frames lie at the end of their buffer, and the free room before them is where it grows.
class FrameList {
  public:
    [[nodiscard]] std::span<const RawFrame> frames() const { return std::span(buffer_).subspan(begin_); }
    [[nodiscard]] std::size_t size() const { return buffer_.size() - begin_; }

    /// Keeps the `outer` outermost frames and puts `inner` on top of them.
    void replace_inner(std::size_t outer, std::span<const RawFrame> inner) {
        const std::size_t wanted = outer + inner.size();
        if (wanted > buffer_.size()) grow(outer, wanted);
        begin_ = buffer_.size() - wanted;
        std::copy(inner.begin(), inner.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    }

  private:
    void grow(std::size_t outer, std::size_t wanted) {
        std::vector<RawFrame> larger(std::max(wanted, 2 * buffer_.size()));
        std::copy(buffer_.end() - static_cast<std::ptrdiff_t>(outer), buffer_.end(),
                  larger.end() - static_cast<std::ptrdiff_t>(outer));
        buffer_ = std::move(larger);
    }

    std::vector<RawFrame> buffer_;
    std::size_t begin_ = 0;
};

}  // namespace lampyr::cpython

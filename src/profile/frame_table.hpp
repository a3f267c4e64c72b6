// SPDX-License-Identifier: MIT
#pragma once

#include "profile/pair_index.hpp"

#include <lampyr/profile.hpp>

#include <span>
#include <vector>

namespace lampyr::profile {

/// Frames by (function, line).
class FrameTable {
  public:
    [[nodiscard]] FrameId intern(FunctionId function, std::uint32_t line) {
        const std::uint32_t found = index_.find(function.value, line);
        return found != PairIndex::kNone ? FrameId{found} : add(function, line);
    }
    [[nodiscard]] std::span<const Frame> rows() const noexcept { return rows_; }
    [[nodiscard]] const Frame& row(FrameId id) const { return rows_[id.value]; }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] std::vector<Frame> take() && { return std::move(rows_); }

  private:
    [[nodiscard]] FrameId add(FunctionId function, std::uint32_t line);

    std::vector<Frame> rows_;
    PairIndex index_;
};

}  // namespace lampyr::profile

// SPDX-License-Identifier: MIT
#pragma once

#include "profile/pair_index.hpp"

#include <lampyr/profile.hpp>

#include <optional>
#include <span>
#include <vector>

namespace lampyr::profile {

/// All stacks as one tree: a node is (parent, frame). A node costs at most 40 bytes, index included, and finding one
/// that exists costs a multiplication and about one cache line.
class StackTable {
  public:
    /// The node if it exists; never allocates.
    [[nodiscard]] std::optional<StackId> find(StackId parent, FrameId frame) const noexcept {
        const std::uint32_t row = index_.find(parent.value, frame.value);
        if (row == PairIndex::kNone) return std::nullopt;
        return StackId{row};
    }
    /// Adds a node that does not exist. `parent` is an existing node or kEmptyStack.
    [[nodiscard]] StackId add(StackId parent, FrameId frame);

    [[nodiscard]] std::span<const StackNode> rows() const noexcept { return rows_; }
    [[nodiscard]] const StackNode& row(StackId id) const { return rows_[id.value]; }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    /// Memory of rows and index.
    [[nodiscard]] std::size_t bytes() const noexcept { return rows_.capacity() * sizeof(StackNode) + index_.bytes(); }
    [[nodiscard]] std::vector<StackNode> take() && { return std::move(rows_); }

  private:
    std::vector<StackNode> rows_;
    PairIndex index_;
};

}  // namespace lampyr::profile

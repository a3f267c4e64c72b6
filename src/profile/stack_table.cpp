// SPDX-License-Identifier: MIT
#include "profile/stack_table.hpp"

#include <cassert>

namespace lampyr::profile {

StackId StackTable::add(StackId parent, FrameId frame) {
    assert(parent == kEmptyStack || parent.value < rows_.size());
    // A quarter at a time: a vector that doubles could cost as much in slack as the rows themselves.
    if (rows_.size() == rows_.capacity()) rows_.reserve(rows_.size() + rows_.size() / 4 + 64);
    const auto row = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(StackNode{parent, frame});
    index_.insert(parent.value, frame.value, row);
    return StackId{row};
}

}  // namespace lampyr::profile

// SPDX-License-Identifier: MIT
#include "profile/frame_table.hpp"

namespace lampyr::profile {

FrameId FrameTable::add(FunctionId function, std::uint32_t line) {
    const auto row = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(Frame{function, line});
    index_.insert(function.value, line, row);
    return FrameId{row};
}

}  // namespace lampyr::profile

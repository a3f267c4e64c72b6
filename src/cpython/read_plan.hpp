// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lampyr::cpython {

/// An ordered list of remote ranges and the place in one buffer where each lands. The order is the order in time.
/// Building may allocate; executing a finished plan does not.
class ReadPlan {
  public:
    /// Appends a range; returns its offset in the buffer.
    std::uint32_t add(RemoteAddr address, std::uint64_t size) {
        const auto offset = static_cast<std::uint32_t>(bytes_);
        segments_.push_back({address.value, size});
        bytes_ += size;
        return offset;
    }
    /// The same, as one with the range added last if that lies closely below: a further range costs a call more than a few
    /// hundred further bytes. Less than half a page lies between, so nothing that is unmapped.
    std::uint32_t add_near(RemoteAddr address, std::uint64_t size) {
        if (segments_.empty()) return add(address, size);
        process::RemoteSegment& last = segments_.back();
        const std::uint64_t skip = address.value - last.address;
        if (address.value < last.address || skip > last.size + kNear) return add(address, size);
        const auto offset = static_cast<std::uint32_t>(bytes_ - last.size + skip);
        if (skip + size > last.size) {
            bytes_ += skip + size - last.size;
            last.size = skip + size;
        }
        return offset;
    }
    void clear() {
        segments_.clear();
        bytes_ = 0;
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] std::size_t size() const { return segments_.size(); }
    [[nodiscard]] std::span<const process::RemoteSegment> segments() const { return segments_; }

  private:
    static constexpr std::uint64_t kNear = 1536;
    std::vector<process::RemoteSegment> segments_;
    std::size_t bytes_ = 0;
};

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/timed_read.hpp"
#include "process/held_copy.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <cstring>
#include <span>

namespace lampyr::cpython {

/// A read of which parts were copied before, while threads were held; the rest is read now, as much as lies together in one
/// call. The buffer becomes the same as by one read of all segments.
class PartedRead {
  public:
    PartedRead(std::span<const process::RemoteSegment> segments, TimedRead& live, std::span<std::byte> out)
        : segments_(segments), live_(live), out_(out) {}

    /// The segments up to this one are in that copy; null: in none. False: something could not be read, or is not in it.
    bool take(std::size_t until, const process::HeldCopy* copy) {
        if (broken_) return false;
        if (copy == nullptr) {
            end_ = until;
            return true;
        }
        broken_ = !read_now();
        for (; !broken_ && begin_ < until; ++begin_) {
            const process::RemoteSegment& segment = segments_[begin_];
            const std::byte* const bytes = copy->find(segment);
            broken_ = bytes == nullptr || segment.size > out_.size() - received_;
            if (broken_) break;
            std::memcpy(out_.data() + received_, bytes, segment.size);
            received_ += segment.size;
        }
        end_ = begin_;
        return !broken_;
    }

    /// Bytes received of all segments, up to the first that failed.
    std::size_t finish() {
        if (!broken_) broken_ = !read_now();
        return received_;
    }

  private:
    bool read_now() {
        const auto part = segments_.subspan(begin_, end_ - begin_);
        begin_ = end_;
        if (part.empty()) return true;
        std::size_t size = 0;
        for (const process::RemoteSegment& segment : part) size += segment.size;
        const std::size_t got = live_.read(part, out_.subspan(received_, size));
        received_ += got;
        return got == size;
    }

    std::span<const process::RemoteSegment> segments_;
    TimedRead& live_;
    std::span<std::byte> out_;
    std::size_t begin_ = 0;  // of what is to be read now
    std::size_t end_ = 0;
    std::size_t received_ = 0;
    bool broken_ = false;
};

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>

namespace lampyr::cpython {

/// Reads, and tells those apart that took much longer than the others: lampyr was held up in the middle. Equal copies around
/// such a gap mean little, as the program may have come round to the same place. So what is there behind the gap is read.
class TimedRead {
  public:
    explicit TimedRead(const process::RemoteMemory& memory) : memory_(memory) {}

    /// Bytes received, as of RemoteMemory::read_segments.
    std::size_t read(std::span<const process::RemoteSegment> segments, std::span<std::byte> out) {
        std::size_t received = read_once(segments, out);
        for (int again = 0; held_up_ && again < kMostAgain; ++again) received = read_once(segments, out);
        return received;
    }
    /// Whether the last read was, those behind its gaps, too.
    [[nodiscard]] bool held_up() const { return held_up_; }

  private:
    std::size_t read_once(std::span<const process::RemoteSegment> segments, std::span<std::byte> out) {
        const auto begin = std::chrono::steady_clock::now();
        const std::size_t received = memory_.read_segments(segments, out);
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        const double pace = took.count() / static_cast<double>(segments.size() + kCallSegments);
        const double expected = usual_ * static_cast<double>(segments.size() + kCallSegments);
        held_up_ =
            memory_.is_living() && usual_ > 0 && took.count() > kMuch * expected && took.count() > expected + kGap;
        // One gap hardly moves it; a machine that became slower does within some hundred reads.
        usual_ = usual_ > 0 ? usual_ + (std::min(pace, kMuch * usual_) - usual_) / kReads : pace;
        return received;
    }

    static constexpr int kMostAgain = 2;
    static constexpr std::size_t kCallSegments = 3;  // what the call itself takes
    static constexpr double kMuch = 1.5;
    static constexpr double kGap = 3'000;  // ns
    static constexpr double kReads = 64;

    const process::RemoteMemory& memory_;
    double usual_ = 0;  // ns a segment
    bool held_up_ = false;
};

}  // namespace lampyr::cpython

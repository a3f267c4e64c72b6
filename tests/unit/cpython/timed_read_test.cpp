// SPDX-License-Identifier: MIT
#include "cpython/timed_read.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

namespace lampyr::cpython {
namespace {

/// Gives the number of the call as its only byte. One call can be made to last.
class CountedMemory final : public process::RemoteMemory {
  public:
    [[nodiscard]] std::size_t read_segments(std::span<const process::RemoteSegment> /*segments*/,
                                            std::span<std::byte> out) const override {
        if (lasts_) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        lasts_ = false;
        out.front() = static_cast<std::byte>(++calls_);
        return 1;
    }
    [[nodiscard]] bool is_living() const override { return true; }
    void next_call_lasts() { lasts_ = true; }
    [[nodiscard]] std::uint8_t calls() const { return calls_; }

  private:
    mutable std::uint8_t calls_ = 0;
    mutable bool lasts_ = false;
};

TEST(TimedRead, WhatStandsBehindAGapIsRead) {
    CountedMemory memory;
    TimedRead timed(memory);
    const std::array<process::RemoteSegment, 1> segment = {{{0x1000, 1}}};
    std::array<std::byte, 1> out{};
    for (int i = 0; i < 50; ++i) ASSERT_EQ(timed.read(segment, out), 1U);
    const std::uint8_t before = memory.calls();
    memory.next_call_lasts();
    ASSERT_EQ(timed.read(segment, out), 1U);
    EXPECT_GE(memory.calls() - before, 2) << "it was held up, and not read again";
    EXPECT_EQ(static_cast<std::uint8_t>(out.front()), memory.calls());
}

}  // namespace
}  // namespace lampyr::cpython

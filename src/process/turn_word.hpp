// SPDX-License-Identifier: MIT
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>
#include <ctime>

namespace lampyr::process {

/// A value that two threads hand to each other, as `std::atomic` with its `wait`, which knows no time limit.
template <typename Value>
class TurnWord {
    static_assert(sizeof(Value) == sizeof(std::uint32_t));

  public:
    explicit TurnWord(Value value) : value_(value) {}

    [[nodiscard]] Value get() const { return value_.load(std::memory_order_acquire); }
    void set(Value value) {
        value_.store(value, std::memory_order_release);
        ::syscall(SYS_futex, &value_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
    }
    /// Until it is another than `given`.
    void wait_while(Value given) const {
        while (get() == given) wait(given, nullptr);
    }
    /// The same, at most for so long. False: it is `given` still.
    bool wait_while(Value given, std::chrono::nanoseconds most) const {
        const auto end = std::chrono::steady_clock::now() + most;
        while (get() == given) {
            const auto left = std::chrono::nanoseconds(end - std::chrono::steady_clock::now());
            if (left.count() <= 0) return false;
            const timespec time{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
            wait(given, &time);
        }
        return true;
    }

  private:
    void wait(Value given, const timespec* most) const {
        ::syscall(SYS_futex, &value_, FUTEX_WAIT_PRIVATE, static_cast<std::uint32_t>(given), most, nullptr, 0);
    }

    std::atomic<Value> value_;
};

}  // namespace lampyr::process

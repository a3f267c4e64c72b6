// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace lampyr::process {

/// Lets the calling thread get a CPU at once when it wakes, where that is permitted (root, CAP_SYS_NICE, RLIMIT_RTPRIO or
/// RLIMIT_NICE): SCHED_RR at its lowest priority, else nice -11, else nothing. Threads and processes that it starts do not
/// inherit it. What was before is restored at the end. Use it on one thread. A real-time thread that does not sleep
/// starves others, so whoever holds this watches the CPU time it uses and calls `lower`.
class RaisedPriority {
  public:
    enum class Level : std::uint8_t { kNormal, kNice, kRealTime };

    RaisedPriority();
    ~RaisedPriority();
    RaisedPriority(const RaisedPriority&) = delete;
    RaisedPriority& operator=(const RaisedPriority&) = delete;

    /// Both do nothing when it is so already.
    void raise();
    void lower();
    [[nodiscard]] Level level() const { return level_; }

  private:
    Level level_ = Level::kNormal;
    bool possible_ = true;  // false: refused once, or the thread was not an ordinary one to begin with
    int nice_before_ = 0;
    unsigned policy_before_ = 0;
    std::uint64_t flags_before_ = 0;
};
[[nodiscard]] std::string_view to_string(RaisedPriority::Level level);

}  // namespace lampyr::process

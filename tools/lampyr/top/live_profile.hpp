// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>
#include <lampyr/profile_sink.hpp>

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace lampyr::tool {

/// A recording as far as it has come: the tables of a profile, and for each (thread, stack, state) what was counted since the
/// start and since the last `end_window`. Grows with distinct stacks, not with time. No terminal, no clock.
class LiveProfile {
  public:
    struct Amount {
        std::uint64_t count = 0;
        std::chrono::nanoseconds weight{0};
    };
    struct Cell {
        ThreadId thread;
        StackId stack;
        ThreadState state = ThreadState::kUnknown;
        Amount all;   ///< since the start or the last `reset`
        Amount now;   ///< in the last whole window
        Amount next;  ///< in the one that has begun
        Amount ever;
    };

    void add(const ProfileDelta& delta);
    /// What was added since the last call is the last window.
    void end_window();
    /// Forgets what was counted, for the screen. Tables and `profile` stay whole.
    void reset();
    /// How long the last window was, and what `all` covers. By the recording's own clock, so that shares are exact however
    /// late a delta is handed on.
    [[nodiscard]] std::chrono::nanoseconds window() const { return window_; }
    [[nodiscard]] std::chrono::nanoseconds since_reset() const { return tables_.info.duration - reset_at_; }

    [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }
    /// The tables, without samples.
    [[nodiscard]] const Profile& tables() const { return tables_; }
    /// A profile of all that was recorded so far, also before a reset.
    [[nodiscard]] Profile profile() const;

  private:
    std::uint32_t cell_of(ThreadId thread, StackId stack, ThreadState state);
    void add_to(std::uint32_t cell, std::int64_t count, std::chrono::nanoseconds weight);
    void grow(const SampleGrowth& growth);

    struct Row {
        std::uint32_t cell = 0;
        Amount so_far;
    };
    Profile tables_;
    std::vector<Cell> cells_;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> cell_index_;
    std::unordered_map<std::uint64_t, Row> rows_;  // that may still grow, by their number
    std::uint64_t next_row_ = 0;
    std::chrono::nanoseconds window_{0};
    std::chrono::nanoseconds window_ended_{0};
    std::chrono::nanoseconds reset_at_{0};
};

}  // namespace lampyr::tool

// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace lampyr::sampler {

/// The profiler's own CPU time as a share of one core, over a sliding window. Fed with both clocks now and then; pure.
class OwnLoad {
  public:
    using nanoseconds = std::chrono::nanoseconds;
    static constexpr std::size_t kParts = 8;

    OwnLoad(nanoseconds now, nanoseconds cpu) { restart(now, cpu); }
    /// Forgets what was before.
    void restart(nanoseconds now, nanoseconds cpu) { marks_.fill({now, cpu}); }

    /// The window is the last `kParts` calls.
    void mark(nanoseconds now, nanoseconds cpu) {
        marks_[next_] = {now, cpu};
        next_ = (next_ + 1) % kParts;
    }
    /// CPU time by wall time since the oldest mark kept; 0 when no time has passed.
    [[nodiscard]] double share() const {
        if (span().count() <= 0) return 0;
        return static_cast<double>((newest().cpu - oldest().cpu).count()) / static_cast<double>(span().count());
    }
    /// Wall time since the oldest mark kept.
    [[nodiscard]] nanoseconds span() const { return newest().wall - oldest().wall; }

  private:
    struct Mark {
        nanoseconds wall{0};
        nanoseconds cpu{0};
    };
    [[nodiscard]] const Mark& oldest() const { return marks_[next_]; }
    [[nodiscard]] const Mark& newest() const { return marks_[(next_ + kParts - 1) % kParts]; }

    std::array<Mark, kParts> marks_{};
    std::size_t next_ = 0;
};

}  // namespace lampyr::sampler

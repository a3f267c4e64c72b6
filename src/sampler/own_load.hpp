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

    OwnLoad(nanoseconds now, nanoseconds cpu) { marks_.fill({now, cpu}); }

    /// The window is the last `kParts` calls.
    void mark(nanoseconds now, nanoseconds cpu) {
        marks_[next_] = {now, cpu};
        next_ = (next_ + 1) % kParts;
    }
    /// CPU time by wall time since the oldest mark kept; 0 when no time has passed.
    [[nodiscard]] double share() const {
        const Mark& oldest = marks_[next_];
        const Mark& newest = marks_[(next_ + kParts - 1) % kParts];
        if (newest.wall <= oldest.wall) return 0;
        return static_cast<double>((newest.cpu - oldest.cpu).count()) /
               static_cast<double>((newest.wall - oldest.wall).count());
    }

  private:
    struct Mark {
        nanoseconds wall{0};
        nanoseconds cpu{0};
    };
    std::array<Mark, kParts> marks_{};
    std::size_t next_ = 0;
};

}  // namespace lampyr::sampler

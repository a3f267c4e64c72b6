// SPDX-License-Identifier: MIT
#pragma once

#include "top/live_profile.hpp"

#include <lampyr/sampler.hpp>

#include <atomic>
#include <mutex>
#include <optional>

namespace lampyr::tool {

/// Where the sampling thread puts what it found and the screen's thread looks at it. The sampling thread never waits for the
/// screen: while that looks, the sink says it is busy, and the next delta brings more.
class LiveSink final : public ProfileSink {
  public:
    [[nodiscard]] State state() const override { return looking_ ? State::kBusy : State::kReady; }
    void take(const ProfileDelta& delta) override {
        const std::lock_guard lock(mutex_);
        live_.add(delta);
    }
    void take(const SamplerProgress& progress) {
        if (looking_) return;
        const std::lock_guard lock(mutex_);
        progress_ = progress;
    }

    /// Calls `look(LiveProfile&, const SamplerProgress&)` while nothing changes.
    template <typename Look>
    void look(Look&& look) {
        looking_ = true;
        {
            const std::lock_guard lock(mutex_);
            look(live_, progress_);
        }
        looking_ = false;
    }

  private:
    std::atomic<bool> looking_{false};
    std::mutex mutex_;
    LiveProfile live_;
    SamplerProgress progress_;
};

}  // namespace lampyr::tool

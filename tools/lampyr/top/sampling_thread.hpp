// SPDX-License-Identifier: MIT
#pragma once

#include "top/live_sink.hpp"

#include <lampyr/sampler.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace lampyr::tool {

/// A recording on a thread of its own, into a sink. Signals stay with the thread that starts it.
class SamplingThread {
  public:
    /// `targets` and `sink` must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<SamplingThread>> start(std::vector<Target>& targets,
                                                                       const SamplerOptions& options, LiveSink& sink);
    ~SamplingThread() { stop(); }
    SamplingThread(const SamplingThread&) = delete;
    SamplingThread& operator=(const SamplingThread&) = delete;

    [[nodiscard]] bool done() const { return done_.load(std::memory_order_acquire); }
    /// Waits for its end, until that time or until `stop` is set. True: it has ended.
    [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point when, const std::atomic<bool>& stop);
    /// Ends it and waits for that.
    void stop();
    /// Once it is done.
    [[nodiscard]] const Result<Recording>& result() const { return *result_; }

  private:
    SamplingThread() = default;
    void run(std::vector<Target>& targets, const SamplerOptions& options, LiveSink& sink);

    std::atomic<bool> stop_{false};
    std::atomic<bool> done_{false};
    std::mutex mutex_;
    std::condition_variable ended_;
    std::optional<Result<Recording>> result_;
    std::thread thread_;
};

}  // namespace lampyr::tool

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile_sink.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::profile::file {

/// Turns deltas into messages of the file, each of a handy size and understood with those before it.
class DeltaEncoder {
  public:
    /// Receives a message; returns false to stop.
    using Emit = std::function<bool(std::string_view)>;

    /// `complete` puts the end mark into the last message even if the delta names no reason.
    [[nodiscard]] bool encode(const ProfileDelta& delta, const Emit& emit, bool complete = false);

  private:
    void begin(const ProfileInfo& info);
    [[nodiscard]] bool end_if_full(const ProfileDelta& delta, const Emit& emit);
    [[nodiscard]] bool flush(const ProfileDelta& delta, const Emit& emit);
    void add_string(std::string_view text);
    void add_function(const Function& function);
    void add_process(const Process& process);
    void add_thread(const ThreadUpdate& update);
    void add_frames(std::span<const Frame> frames);
    void add_stacks(std::span<const StackNode> stacks, std::uint32_t first);
    void add_samples(std::span<const Sample> samples);
    void add_grown(std::span<const SampleGrowth> grown);
    void add_end(const ProfileDelta& delta);

    std::string message_;
    std::vector<std::uint64_t> column_;
    std::vector<std::int64_t> signed_column_;
};

}  // namespace lampyr::profile::file

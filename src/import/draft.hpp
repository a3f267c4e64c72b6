// SPDX-License-Identifier: MIT
#pragma once

#include "profile/builder.hpp"

#include <lampyr/read_profile.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace lampyr::importer {

/// A profile made from a foreign file. Counts the memory it needs; once that is more than allowed, `full` is true and
/// nothing more is added.
class Draft {
  public:
    explicit Draft(const ReadLimits& limits) : limits_(limits) {}

    /// Text from outside, made UTF-8.
    [[nodiscard]] StringId text(std::string_view bytes);
    [[nodiscard]] FrameId frame(const Function& function, std::uint32_t line);
    /// A frame as text sinks write it: `name (file:line)`, `name (file)` or `name`.
    [[nodiscard]] FrameId frame_of_label(std::string_view label);
    [[nodiscard]] FrameId frame_of(std::string_view name, std::string_view file, std::uint32_t line);
    [[nodiscard]] StackId stack(StackId parent, FrameId frame);

    [[nodiscard]] ProcessId process(std::int32_t pid, std::string_view command_line = {},
                                    std::string_view executable = {});
    [[nodiscard]] ThreadId thread(ProcessId process, std::int32_t tid, std::uint64_t ident, std::string_view name);

    /// Without a timeline, equal (thread, stack, state) become one row. False: the sums would not fit.
    [[nodiscard]] bool add_sample(const Sample& sample);

    [[nodiscard]] bool full() const { return memory_ > limits_.memory; }
    [[nodiscard]] ProfileInfo& info() { return info_; }
    [[nodiscard]] const ProfileInfo& info() const { return info_; }
    [[nodiscard]] Profile finish(bool timeline) &&;

  private:
    void spend(std::uint64_t bytes) { memory_ += bytes; }

    ReadLimits limits_;
    std::uint64_t memory_ = 0;
    profile::Builder builder_;
    ProfileInfo info_;
    std::map<std::tuple<std::int32_t, StringId>, ProcessId> processes_;
    std::map<std::tuple<ProcessId, std::int32_t, std::uint64_t, StringId>, ThreadId> threads_;
    std::vector<Sample> samples_;
    std::uint64_t total_count_ = 0;
    std::int64_t total_weight_ = 0;
};

/// The errors that every reader can meet.
[[nodiscard]] Error too_large();
[[nodiscard]] Error sums_too_large();

}  // namespace lampyr::importer

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace lampyr {

enum class StopReason : std::uint8_t { kDuration, kRequested, kTargetExited, kTargetLost, kOutputFailed };

/// A sample row that was handed on earlier and has changed since: more sweeps saw it, what it stands for is known now, or
/// part of it turned out to be of another stack.
struct SampleGrowth {
    std::uint64_t row = 0;   ///< number of the row, in the order in which rows were handed on, from 0
    std::int64_t count = 0;  ///< added; below zero: taken away
    std::chrono::nanoseconds weight{0};
    std::optional<StackId> stack{};  ///< its stack from now on, if that is another
};

/// A thread's row as it is now: new, or with a name or id that it had not before.
struct ThreadUpdate {
    ThreadId row;
    Thread thread;
};

/// What a recording has gained since it was last handed on. Tables only grow: each span continues where the last one of
/// its kind ended. Rows refer to rows that were handed on before or are in this delta. Valid during the call only.
struct ProfileDelta {
    const ProfileInfo& info;  ///< as of now
    std::span<const std::string> strings{};
    std::span<const Function> functions{};
    std::span<const Frame> frames{};
    std::span<const StackNode> stacks{};
    std::uint32_t first_stack = 0;  ///< id of the first of `stacks`
    std::span<const Process> processes{};
    std::span<const ThreadUpdate> threads{};
    std::span<const Sample> samples{};  ///< with a timeline: a thread's rows in time order
    std::span<const SampleGrowth> grown{};
    std::span<const std::uint64_t> settled{};  ///< rows handed on before that will not change any more
    std::optional<StopReason> end{};           ///< the recording is over, and this is the last delta
};

/// Takes a profile while it is being recorded, about once a second, on the sampling thread between two ticks. So `take`
/// is to be quick and must not wait: what needs time is done elsewhere, and meanwhile the sink says it is busy.
class ProfileSink {
  public:
    enum class State : std::uint8_t {
        kReady,
        kBusy,    ///< not now; what was gained until then comes with the next delta
        kFailed,  ///< nothing more can be taken; the recording ends
    };
    virtual ~ProfileSink() = default;
    [[nodiscard]] virtual State state() const = 0;
    /// Called when ready; the last one (`end` is set) also when busy.
    virtual void take(const ProfileDelta& delta) = 0;
};

}  // namespace lampyr

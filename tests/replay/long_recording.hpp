// SPDX-License-Identifier: MIT
#pragma once

#include "base/clock.hpp"
#include "cpython/code_object.hpp"
#include "replay/recording.hpp"
#include "sampler/recorder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace lampyr::test {

/// Time that passes only when somebody sleeps: an hour of sampling takes as long as its samples do.
class CompressedClock final : public Clock {
  public:
    [[nodiscard]] std::chrono::nanoseconds now() const override { return now_; }
    void sleep_until(std::chrono::nanoseconds deadline) override { now_ = std::max(now_, deadline); }

  private:
    std::chrono::nanoseconds now_{std::chrono::seconds(1000)};
};

/// A recorded process that works: in every read the six innermost frames of its threads stand somewhere else in their
/// code.
class WorkingMemory final : public process::RemoteMemory {
  public:
    WorkingMemory(const process::RemoteMemory& inner, const cpython::Layout& layout, cpython::RuntimeAnchor anchor)
        : inner_(inner) {
        cpython::StackReader reader(inner, layout, anchor);
        if (reader.sweep() != cpython::StackReader::Outcome::kOk) return;
        for (const cpython::RawStack* stack : reader.stacks()) {
            for (const cpython::RawFrame& frame : stack->frames.first(std::min<std::size_t>(stack->frames.size(), 6))) {
                const auto offset = cpython::instruction_offset(layout, frame.code, 1U << 20U, frame.instruction);
                if (offset)
                    places_.push_back({frame.frame + layout.frame.instruction.value(), frame.instruction, *offset});
            }
        }
    }

    /// How many frames move.
    [[nodiscard]] std::size_t moving() const { return places_.size(); }

    [[nodiscard]] std::size_t read_segments(std::span<const process::RemoteSegment> segments,
                                            std::span<std::byte> out) const override {
        const std::size_t got = inner_.read_segments(segments, out);
        for (Place& place : places_) {
            const std::uint64_t back = 2 * (random_() % std::min<std::uint64_t>(kSteps, place.offset / 2 + 1));
            place.now = place.instruction - back;
        }
        std::size_t at = 0;
        for (const process::RemoteSegment& segment : segments) {
            for (const Place& place : places_) overlay(segment, place, out.first(got), at);
            at += segment.size;
        }
        return got;
    }

  private:
    static constexpr std::uint64_t kSteps = 60;
    struct Place {
        RemoteAddr address;
        std::uint64_t instruction;
        std::uint32_t offset;
        std::uint64_t now = 0;
    };
    static void overlay(const process::RemoteSegment& segment, const Place& place, std::span<std::byte> out,
                        std::size_t at) {
        const std::uint64_t end = segment.address + segment.size;
        if (place.address.value < segment.address || place.address.value + sizeof place.now > end) return;
        const std::size_t to = at + (place.address.value - segment.address);
        if (to + sizeof place.now <= out.size()) std::memcpy(out.data() + to, &place.now, sizeof place.now);
    }

    const process::RemoteMemory& inner_;
    mutable std::vector<Place> places_;
    mutable std::minstd_rand random_{1};
};

/// Samples a recorded process through the real loop. The threads do not exist, so they are counted as with --idle.
struct LongRecording {
    CompressedClock clock;
    Recorded recorded;
    std::unique_ptr<Target::Impl> target;

    static Result<LongRecording> open(const std::string& name) {
        auto recorded = load_recording(name);
        if (!recorded) return recorded.error();
        const Pid self(::getpid());
        auto memory = process::VmMemory::open(self);
        if (!memory) return memory.error();
        auto tids = process::TidMap::open((*memory)->process());
        if (!tids) return tids.error();
        LongRecording recording{{}, std::move(*recorded), nullptr};
        const Recorded& found = recording.recorded;
        cpython::RuntimeLocation runtime{found.layout,
                                         std::string(found.memory->fact("version").value_or("")),
                                         found.anchor.runtime,
                                         found.anchor.current_thread,
                                         {},
                                         {},
                                         {},
                                         {},
                                         {},
                                         false};
        recording.target = std::make_unique<Target::Impl>(Target::Impl{.pid = self,
                                                                       .command_line = "recorded",
                                                                       .executable = "recorded",
                                                                       .memory = std::move(*memory),
                                                                       .runtime = std::move(runtime),
                                                                       .tids = std::move(*tids),
                                                                       .child = std::nullopt});
        auto working = std::make_unique<WorkingMemory>(*found.memory, found.layout, found.anchor);
        if (working->moving() == 0) return Error{ErrorCode::kCorrupt, "nothing moves in the recording " + name, ""};
        recording.target->reading = std::move(working);
        return recording;
    }

    /// `progress` is called as often as a progress line is drawn.
    Result<Recording> run(double rate_hz, std::chrono::nanoseconds duration,
                          const std::function<void(const SamplerProgress&)>& progress) {
        SamplerOptions options;
        options.rate_hz = rate_hz;
        options.duration = duration;
        options.include_idle = true;
        sampler::Recorder recorder(options, clock);
        if (auto added = recorder.add(*target); !added) return added.error();
        const std::atomic<bool> stop{false};
        return recorder.run(stop, progress);
    }
};

}  // namespace lampyr::test

// SPDX-License-Identifier: MIT
#pragma once

#include "profile/delta_cutter.hpp"
#include "unit/export/string_sink.hpp"
#include "unit/profile/sample_profile.hpp"

#include <lampyr/profile_file.hpp>
#include <lampyr/read_profile.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace lampyr::test {

inline ProfileInfo recorded_info() {
    ProfileInfo info;
    info.lampyr_version = "1.2.3";
    info.rate_asked_hz = 100;
    info.rate_got_hz = 99.5;
    info.interval = std::chrono::milliseconds(10);
    info.duration = std::chrono::seconds(60);
    info.ticks = 6000;
    info.losses[static_cast<std::size_t>(Loss::kLate)] = 3;
    info.losses[static_cast<std::size_t>(Loss::kUnproven)] = 7;
    info.idle_included = true;
    info.cpu_time = true;
    info.longest_interval = std::chrono::milliseconds(15);
    info.started_unix = std::chrono::seconds(1'700'000'000);
    info.host = {"host", "Linux 6.1", "x86_64", 8};
    return info;
}

/// A recording of some threads that come, get names, go idle and run on; the same for the same seed, whoever builds it.
/// What a sample counts for is known at once, or some ticks later, or never; and `apart`, part of what was counted for a row
/// proves to be of another stack. `pause` is called after each tick, with the rows that may still change.
inline void play(profile::Builder& builder, unsigned seed, int ticks, bool apart,
                 const std::function<void(int, std::span<const SampleId>)>& pause = {}) {
    std::mt19937 random(seed);
    const auto below = [&random](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    const auto text = [&builder](const std::string& value) { return builder.intern_string(value); };
    std::vector<ThreadId> threads;
    for (std::int32_t pid = 1; pid <= 2; ++pid) {
        const ProcessId process = builder.add_process(
            Process{Pid{pid}, text("python app.py \xc3\xa4"), text("/usr/bin/python3.13"), text("3.13.0")});
        threads.push_back(builder.add_thread(Thread{process, Tid{pid}, std::uint64_t{1} << 63, text("")}));
    }
    const auto frame = [&](std::uint32_t n) {
        const Function function{text("f" + std::to_string(n % 7)), text("/srv/m" + std::to_string(n % 3) + ".py"),
                                text("m" + std::to_string(n % 3) + ".py"), n % 7, static_cast<FunctionKind>(n % 6)};
        return builder.intern_frame(builder.intern_function(function), 1 + n % 5);
    };
    std::vector<StackId> now(2, kEmptyStack);
    std::vector<SampleId> held;  // weights still owed
    for (int tick = 0; tick < ticks; ++tick) {
        if (tick % 40 == 20) threads.push_back(builder.add_thread(Thread{ProcessId{below(2)}, Tid{}, 7, text("")}));
        if (tick % 40 == 30) builder.rename_thread(threads.back(), text("worker-" + std::to_string(tick)));
        now.resize(threads.size(), kEmptyStack);
        for (std::size_t i = 0; i < threads.size(); ++i) {
            if (below(3) == 0) {  // another stack; mostly it stays
                now[i] = kEmptyStack;
                for (std::uint32_t depth = below(9); depth > 0; --depth)
                    now[i] = builder.intern_stack(now[i], frame(below(40) + static_cast<std::uint32_t>(tick) / 50U));
            }
            if (below(10) == 0) continue;  // not seen
            const auto state = static_cast<ThreadState>(below(20) == 0 ? below(4) : 0);
            const std::chrono::microseconds start(10'000 * tick + static_cast<int>(below(900)));
            const bool later = below(2) == 0;
            const std::chrono::milliseconds span(10);
            const SampleId row =
                builder.add_sample(threads[i], now[i], state, start, span, later ? std::chrono::milliseconds(0) : span);
            if (later) held.push_back(row);
        }
        while (held.size() > 40 || (!held.empty() && below(4) == 0)) {
            const std::size_t which = below(static_cast<std::uint32_t>(held.size()));
            const SampleId row = held[which];
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
            if (below(4) != 0) builder.add_weight(row, std::chrono::microseconds(below(9'000)));
            const Sample sample = builder.sample(row);
            if (!apart || below(10) != 0 || sample.count == 0) continue;
            const StackId other = builder.intern_stack(kEmptyStack, frame(below(40)));
            static_cast<void>(
                builder.set_apart(row, below(static_cast<std::uint32_t>(sample.count)), sample.weight / 2, other));
        }
        if (pause) pause(tick, held);
    }
}

inline constexpr profile::BuilderOptions kTimeline{.timeline = true, .merge_gap = std::chrono::milliseconds(20)};
inline constexpr profile::BuilderOptions kStream{
    .timeline = true, .stream = true, .merge_gap = std::chrono::milliseconds(20)};

/// The same recording with everything kept in memory to the end.
inline Profile played(unsigned seed, int ticks, const profile::BuilderOptions& options = kTimeline,
                      bool apart = false) {
    profile::Builder builder(options);
    play(builder, seed, ticks, apart);
    return std::move(builder).finish(recorded_info());
}

/// The file of the recording, streamed with a cut after every `every`-th tick; and what is left in memory.
struct Streamed {
    std::string file;
    Profile left;
};
inline Streamed streamed(unsigned seed, int ticks, int every, bool apart = false) {
    StringSink sink;
    Streamed result;
    auto stream = ProfileFileStream::start(sink);
    EXPECT_TRUE(stream);
    profile::DeltaCutter cutter(**stream);
    profile::Builder builder(kStream);
    play(builder, seed, ticks, apart, [&](int tick, std::span<const SampleId> used) {
        if (tick % every != 0) return;
        while ((*stream)->state() == ProfileSink::State::kBusy) std::this_thread::yield();
        cutter.cut(builder, recorded_info(), used);
    });
    cutter.cut(builder, recorded_info(), {}, StopReason::kTargetExited);
    EXPECT_TRUE((*stream)->finish());
    result.file = std::move(sink.text);
    result.left = std::move(builder).finish(recorded_info());
    return result;
}

}  // namespace lampyr::test

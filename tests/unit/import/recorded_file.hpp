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
    info.started_unix = std::chrono::seconds(1'700'000'000);
    info.host = {"host", "Linux 6.1", "x86_64", 8};
    return info;
}

/// A recording of some threads that come, get names, go idle and run on; the same for the same seed, whoever builds it.
/// `pause` is called after each tick.
inline void play(profile::Builder& builder, unsigned seed, int ticks, const std::function<void(int)>& pause = {}) {
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
            builder.add_sample(threads[i], now[i], state,
                               std::chrono::microseconds(10'000 * tick + static_cast<int>(below(900))),
                               std::chrono::milliseconds(10));
        }
        if (pause) pause(tick);
    }
}

inline constexpr profile::BuilderOptions kTimeline{.timeline = true, .merge_gap = std::chrono::milliseconds(20)};

/// The same recording with everything kept in memory to the end.
inline Profile played(unsigned seed, int ticks, const profile::BuilderOptions& options = kTimeline) {
    profile::Builder builder(options);
    play(builder, seed, ticks);
    return std::move(builder).finish(recorded_info());
}

/// The file of the recording, streamed with a cut after every `every`-th tick; and what is left in memory.
struct Streamed {
    std::string file;
    Profile left;
};
inline Streamed streamed(unsigned seed, int ticks, int every) {
    StringSink sink;
    Streamed result;
    auto stream = ProfileFileStream::start(sink);
    EXPECT_TRUE(stream);
    profile::DeltaCutter cutter(**stream);
    profile::Builder builder(kTimeline);
    play(builder, seed, ticks, [&](int tick) {
        if (tick % every != 0) return;
        while ((*stream)->state() == ProfileSink::State::kBusy) std::this_thread::yield();
        cutter.cut(builder, recorded_info());
    });
    cutter.cut(builder, recorded_info(), StopReason::kTargetExited);
    EXPECT_TRUE((*stream)->finish());
    result.file = std::move(sink.text);
    result.left = std::move(builder).finish(recorded_info());
    return result;
}

}  // namespace lampyr::test

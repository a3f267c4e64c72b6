// SPDX-License-Identifier: MIT
// hour [RECORDING [SECONDS [HZ]]]: an hour of sampling at 1 kHz with time compressed. A recorded process (tests/replay) whose
// innermost frames move is read through the real loop; printed is how the resident memory grows with samples.
#include "replay/long_recording.hpp"

#include <fmt/format.h>

#include <cstdlib>

int main(int argc, char** argv) {
    using namespace lampyr;
    const std::string name = argc > 1 ? argv[1] : "cpython-3.13";
    const auto seconds = std::chrono::seconds(argc > 2 ? std::atoi(argv[2]) : 3600);
    const double rate = argc > 3 ? std::atof(argv[3]) : 1000;
    auto recording = test::LongRecording::open(name);
    if (!recording) {
        fmt::print(stderr, "{}\n", to_string(recording.error()));
        return 1;
    }
    const std::uint64_t before = own_peak_rss_bytes();
    const auto megabytes = [](std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; };
    std::chrono::nanoseconds next{0};
    fmt::print("{:>12} {:>14} {:>16}\n", "seconds", "samples", "peak RSS, MB");
    const auto result = recording->run(rate, seconds, [&](const SamplerProgress& progress) {
        if (progress.elapsed < next) return;
        next = std::max(2 * progress.elapsed, std::chrono::nanoseconds(std::chrono::seconds(1)));
        fmt::print("{:>12.0f} {:>14} {:>16.1f}\n", std::chrono::duration<double>(progress.elapsed).count(),
                   progress.stacks, megabytes(own_peak_rss_bytes()));
    });
    if (!result) {
        fmt::print(stderr, "{}\n", to_string(result.error()));
        return 1;
    }
    const double cpu = std::chrono::duration<double>(result->own_cpu).count();
    fmt::print("{} samples in {} sweeps, {} rows, {} stack nodes; {:.2f} us of CPU a sweep\n",
               result->profile.info.stacks, result->profile.info.ticks, result->profile.samples.size(),
               result->profile.stacks.size(), 1e6 * cpu / static_cast<double>(result->profile.info.ticks));
    fmt::print("peak RSS grew by {:.1f} MB, from {:.1f} to {:.1f}\n", megabytes(own_peak_rss_bytes() - before),
               megabytes(before), megabytes(own_peak_rss_bytes()));
    return own_peak_rss_bytes() - before <= 64'000'000 ? 0 : 1;
}

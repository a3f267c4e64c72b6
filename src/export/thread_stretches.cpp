// SPDX-License-Identifier: MIT
#include "export/thread_stretches.hpp"

#include <algorithm>

namespace lampyr::exporter {

namespace {

using std::chrono::nanoseconds;

/// How long a row lasted by itself: its samples may stand for CPU time, which is less than the time that went by.
nanoseconds length_of(const Sample& sample, nanoseconds interval) {
    const auto most = static_cast<std::uint64_t>(nanoseconds::max().count() / 4);
    const auto each = static_cast<std::uint64_t>(interval.count());
    const std::uint64_t seen = each == 0 || sample.count > most / each ? 0 : sample.count * each;
    return std::max({sample.weight, nanoseconds(static_cast<std::int64_t>(seen)), nanoseconds(1)});
}

void close(std::vector<Stretch>& stretches, nanoseconds interval) {
    for (std::size_t i = 0; i + 1 < stretches.size(); ++i) {
        Stretch& stretch = stretches[i];
        const nanoseconds next = stretches[i + 1].begin;
        if (stretch.end > next || next - stretch.end <= 2 * interval) stretch.end = next;
    }
    std::erase_if(stretches, [](const Stretch& stretch) { return stretch.end <= stretch.begin; });
}

}  // namespace

std::vector<std::vector<Stretch>> stretches_of(const Profile& profile) {
    const nanoseconds interval = std::max(profile.info.interval, nanoseconds(0));
    std::vector<std::vector<Stretch>> threads(profile.threads.size());
    for (const Sample& sample : profile.samples) {
        const nanoseconds begin = std::max(sample.start, nanoseconds(0));
        threads[sample.thread.value].push_back({&sample, begin, begin + length_of(sample, interval)});
    }
    for (std::vector<Stretch>& stretches : threads) close(stretches, interval);
    return threads;
}

}  // namespace lampyr::exporter

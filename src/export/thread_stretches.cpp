// SPDX-License-Identifier: MIT
#include "export/thread_stretches.hpp"

#include "profile/sample_length.hpp"

#include <algorithm>

namespace lampyr::exporter {

namespace {

using std::chrono::nanoseconds;

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
    const nanoseconds interval = std::max({profile.info.interval, profile.info.longest_interval, nanoseconds(0)});
    std::vector<std::vector<Stretch>> threads(profile.threads.size());
    for (const Sample& sample : profile.samples) {
        const nanoseconds begin = std::max(sample.start, nanoseconds(0));
        threads[sample.thread.value].push_back({&sample, begin, begin + profile::length_of(sample, interval)});
    }
    for (std::vector<Stretch>& stretches : threads) close(stretches, interval);
    return threads;
}

}  // namespace lampyr::exporter

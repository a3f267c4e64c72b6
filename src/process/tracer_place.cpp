// SPDX-License-Identifier: MIT
#include "process/tracer_place.hpp"

#include "process/proc_file.hpp"
#include "process/stat_line.hpp"

#include <array>

namespace lampyr::process {
namespace {

/// So many threads are looked at, to find one that runs.
constexpr std::size_t kMostLooks = 64;

}  // namespace

TracerPlace::TracerPlace(const ProcessHandle& process) : stat_(process, "stat") {
    if (::sched_getaffinity(0, sizeof allowed_, &allowed_) != 0) CPU_ZERO(&allowed_);
}

int TracerPlace::processor_of(std::span<const Tid> threads) {
    std::array<char, 1024> buffer;
    int first = -1;
    for (const Tid tid : threads.first(std::min(threads.size(), kMostLooks))) {
        const auto stat = parse_stat(stat_.read(tid, buffer).text);
        if (!stat || stat->processor < 0) continue;
        if (stat->state == 'R' || threads.size() == 1) return stat->processor;
        if (first < 0) first = stat->processor;
    }
    return first;
}

bool TracerPlace::send(Tid tracer, std::span<const Tid> threads, Where where) {
    if (tracer != tracer_) CPU_ZERO(&held_);
    tracer_ = tracer;
    found_ = processor_of(threads);
    if (found_ >= CPU_SETSIZE) found_ = -1;
    const auto theirs = static_cast<std::size_t>(found_);
    const bool permitted = found_ >= 0 && CPU_ISSET(theirs, &allowed_) != 0;
    cpu_set_t wanted = allowed_;
    if (permitted && where == Where::kBeside) {
        CPU_ZERO(&wanted);
        CPU_SET(theirs, &wanted);
    } else if (permitted && CPU_COUNT(&allowed_) > 1) {
        CPU_CLR(theirs, &wanted);
    }
    if (CPU_EQUAL(&wanted, &held_) == 0 && ::sched_setaffinity(tracer.value, sizeof wanted, &wanted) == 0)
        held_ = wanted;
    return permitted && CPU_COUNT(&held_) == 1 && CPU_ISSET(theirs, &held_) != 0;
}

}  // namespace lampyr::process

// SPDX-License-Identifier: MIT
#include "top/top_facts.hpp"

#include <algorithm>

namespace lampyr::tool {
namespace {

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

double per(std::uint64_t now, std::uint64_t before, double whole) {
    return whole > 0 && now >= before ? static_cast<double>(now - before) / whole : 0;
}

/// CPU time of the processes that were there before and still are.
std::chrono::nanoseconds cpu_between(const SamplerProgress& now, const SamplerProgress& before) {
    std::chrono::nanoseconds sum{0};
    for (const ProcessUsage& usage : now.usage) {
        const auto same = [&](const ProcessUsage& old) { return old.pid == usage.pid; };
        const auto old = std::find_if(before.usage.begin(), before.usage.end(), same);
        if (old != before.usage.end() && usage.cpu > old->cpu) sum += usage.cpu - old->cpu;
    }
    return sum;
}

}  // namespace

void Rates::look(const SamplerProgress& now, TopFacts& facts) {
    const double time = seconds(now.elapsed - before_.elapsed);
    if (time > 0) {
        const double ticks = static_cast<double>(now.ticks - before_.ticks);
        const double sweeps = static_cast<double>(now.sweeps - before_.sweeps);
        const std::uint64_t active = now.active_stacks, active_before = before_.active_stacks;
        last_.rate_got_hz = ticks / time;
        last_.active = per(active, active_before, ticks);
        last_.idle = per(now.idle_stacks, before_.idle_stacks, ticks);
        last_.gil_held = per(now.gil_held, before_.gil_held, sweeps);
        last_.gil_wait = per(now.gil_waiting, before_.gil_waiting, ticks);
        last_.cpu = seconds(cpu_between(now, before_)) / time;
        last_.own_cpu = seconds(now.own_cpu - before_.own_cpu) / time;
        before_ = now;
    }
    facts.rate_got_hz = last_.rate_got_hz;
    facts.active = last_.active;
    facts.idle = last_.idle;
    facts.gil_held = last_.gil_held;
    facts.gil_wait = last_.gil_wait;
    facts.cpu = last_.cpu;
    facts.own_cpu = last_.own_cpu;
    facts.elapsed = now.elapsed;
    facts.samples = now.stacks;
    facts.ticks = now.ticks;
    facts.losses = now.losses;
    facts.processes = now.processes;
    facts.threads = now.threads;
    facts.starting = now.sweeps == 0;
    facts.rss_bytes = 0;
    for (const ProcessUsage& usage : now.usage) facts.rss_bytes += usage.rss_bytes;
}

}  // namespace lampyr::tool

// SPDX-License-Identifier: MIT
#include <lampyr/transform.hpp>

#include "profile/compact.hpp"
#include "profile/labels.hpp"
#include "profile/sample_length.hpp"
#include "profile/text_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace lampyr {

namespace {

using profile::TextMatch;
using std::chrono::nanoseconds;

std::vector<bool> threads_that_match(const Profile& profile, const TextMatch& threads, const TextMatch& processes) {
    std::vector<bool> process_kept;
    for (const Process& process : profile.processes)
        process_kept.push_back(
            processes.matches(fmt::format("{} {}", process.pid.value, profile.string(process.command_line))));
    std::vector<bool> kept;
    for (std::uint32_t i = 0; i < profile.threads.size(); ++i) {
        const Thread& thread = profile.threads[i];
        kept.push_back(process_kept[thread.process.value] &&
                       (threads.matches(profile.string(thread.name)) ||
                        threads.matches(profile::thread_label(profile, ThreadId{i}))));
    }
    return kept;
}

/// Stacks that hold a function for which `matches` is true. Parents stand before their children, so one pass does.
std::vector<bool> stacks_that_hold(const Profile& profile, const std::function<bool(const Function&)>& matches) {
    std::vector<bool> functions;
    for (const Function& function : profile.functions) functions.push_back(matches(function));
    std::vector<bool> stacks;
    stacks.reserve(profile.stacks.size());
    for (const StackNode& node : profile.stacks)
        stacks.push_back(functions[profile.frames[node.frame.value].function.value] ||
                         (node.parent != kEmptyStack && stacks[node.parent.value]));
    return stacks;
}

/// The part of a row within a time; false: none of it.
bool cut_to_time(Sample& sample, nanoseconds from, nanoseconds to, nanoseconds interval) {
    const nanoseconds length = profile::length_of(sample, interval);
    const nanoseconds begin = std::max(sample.start, from);
    const nanoseconds end = std::min(sample.start + length, to);
    if (end <= begin) return false;
    const double part = static_cast<double>((end - begin).count()) / static_cast<double>(length.count());
    if (part < 1) {
        const auto scaled = [part](auto value) { return static_cast<double>(value) * part; };
        sample.count = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(scaled(sample.count))));
        sample.weight = nanoseconds(std::llround(scaled(sample.weight.count())));
    }
    sample.start = begin;
    return true;
}

}  // namespace

Profile profile_of_process(const Profile& profile, Pid pid) {
    Profile part = profile;
    std::erase_if(part.samples, [&](const Sample& sample) {
        return profile.processes[profile.threads[sample.thread.value].process.value].pid != pid;
    });
    part.info.stacks = 0;
    for (const Sample& sample : part.samples) part.info.stacks += sample.count;
    profile::compact(part);
    return part;
}

Result<Profile> filter_profile(Profile profile, const ProfileFilter& filter) {
    if (filter.empty()) return profile;
    const auto threads = TextMatch::compile(filter.threads);
    if (!threads) return threads.error();
    const auto processes = TextMatch::compile(filter.processes);
    if (!processes) return processes.error();
    const auto functions = TextMatch::compile(filter.functions);
    if (!functions) return functions.error();
    const auto files = TextMatch::compile(filter.files);
    if (!files) return files.error();
    const bool by_time = filter.from || filter.to;
    if (by_time && !profile.info.timeline && !profile.samples.empty())
        return Error{ErrorCode::kUsage, "the profile does not know when its samples were taken",
                     "leave --time out; recordings in lampyr files know", 0};

    const std::vector<bool> thread_kept = threads_that_match(profile, *threads, *processes);
    const std::vector<bool> has_function = stacks_that_hold(
        profile, [&](const Function& function) { return functions->matches(profile.string(function.name)); });
    const std::vector<bool> has_file = stacks_that_hold(profile, [&](const Function& function) {
        return files->matches(profile.string(function.file)) || files->matches(profile.string(function.short_file));
    });
    const bool empty_kept = functions->empty() && files->empty();
    const nanoseconds from = filter.from.value_or(nanoseconds(0));
    const nanoseconds to = filter.to.value_or(nanoseconds::max());
    std::erase_if(profile.samples, [&](Sample& sample) {
        if (!thread_kept[sample.thread.value]) return true;
        if (sample.stack == kEmptyStack ? !empty_kept
                                        : !has_function[sample.stack.value] || !has_file[sample.stack.value])
            return true;
        return by_time && !cut_to_time(sample, from, to, profile.info.interval);
    });
    profile.info.stacks = 0;
    for (const Sample& sample : profile.samples) profile.info.stacks += sample.count;
    if (by_time)  // a row cut at `from` may now stand behind one that began later
        std::stable_sort(profile.samples.begin(), profile.samples.end(), [](const Sample& a, const Sample& b) {
            return std::tie(a.start, a.thread) < std::tie(b.start, b.thread);
        });
    profile::compact(profile);
    return profile;
}

}  // namespace lampyr

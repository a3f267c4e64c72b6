// SPDX-License-Identifier: MIT
#include "report_text.hpp"

#include "facts.hpp"
#include "figures.hpp"

#include <lampyr/summary.hpp>
#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

namespace lampyr::tool {
namespace {

constexpr std::size_t kLongestLabel = 160;

std::string why_ended(const ReadProfile& read) {
    if (!read.complete) return "cut off before its end";
    if (!read.end) return "";
    switch (*read.end) {
        case StopReason::kDuration: return "to the end of the time asked for";
        case StopReason::kRequested: return "until it was ended by a signal";
        case StopReason::kTargetExited: return "to the end of the program";
        case StopReason::kTargetLost: return "until the process could no longer be read";
        case StopReason::kOutputFailed: return "until the profile could no longer be written";
    }
    return "";
}

std::string local_time(std::chrono::nanoseconds since_1970) {
    const auto seconds = static_cast<std::time_t>(since_1970.count() / 1'000'000'000);
    std::tm local{};
    std::array<char, 40> text{};
    if (::localtime_r(&seconds, &local) == nullptr) return "";
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::string host_text(const Host& host) {
    std::string text = terminal_safe(host.name);
    if (!host.kernel.empty()) text += (text.empty() ? "" : ", ") + terminal_safe(host.kernel);
    if (!host.machine.empty()) text += " " + terminal_safe(host.machine);
    if (host.processors != 0) text += fmt::format(", {}", plural(host.processors, "processor"));
    return text;
}

std::string options_text(const ProfileInfo& info) {
    std::string text;
    if (info.idle_included) text += ", idle threads too";
    if (info.gil_only) text += ", only with the GIL";
    if (info.blocking || info.native) text += ", stopped while reading";
    if (info.native) text += ", with native frames";
    if (info.tasks) text += ", with tasks";
    return text;
}

/// Foreign files may not say which process they are of.
std::string subject(const ReadProfile& read) {
    const std::vector<Process>& processes = read.profile.processes;
    if (processes.empty() || (processes.size() == 1 && processes.front().pid.value == 0)) return "a profile";
    if (read.format == SourceFormat::kLampyr || processes.size() > 1) return who(read.profile);
    return fmt::format("process {}", processes.front().pid.value);
}

bool has_times(const Profile& profile) {
    return std::any_of(profile.samples.begin(), profile.samples.end(),
                       [](const Sample& sample) { return sample.weight.count() > 0; });
}

std::string facts(const ReadProfile& read, std::uint64_t recorded) {
    const Profile& profile = read.profile;
    const ProfileInfo& info = profile.info;
    std::string text = subject(read);
    if (info.duration.count() > 0) text += ": " + format_seconds(info.duration);
    if (const std::string why = why_ended(read); !why.empty()) text += ", " + why;
    text += fmt::format("\n  samples   {} in {}", format_count(info.stacks), plural(profile.threads.size(), "thread"));
    if (recorded != info.stacks) text += fmt::format(", chosen from {}", format_count(recorded));
    if (info.rate_asked_hz > 0 && info.rate_got_hz > 0)
        text += fmt::format(", {} of {} Hz", format_rate(info.rate_got_hz), format_rate(info.rate_asked_hz));
    text += options_text(info);
    if (info.cpu_time)
        text += "\n  time      CPU time of the threads";
    else if (has_times(profile))
        text += "\n  time      by the clock";
    if (info.ticks > 0) {
        ProfileInfo all = info;  // what was lost was lost from all
        all.stacks = recorded;
        text += "\n  losses    " + losses_text(all);
    }
    if (info.started_unix.count() > 0) text += "\n  began     " + local_time(info.started_unix);
    if (const std::string host = host_text(info.host); !host.empty()) text += "\n  host      " + host;
    if (!info.lampyr_version.empty()) text += "\n  recorder  lampyr " + terminal_safe(info.lampyr_version);
    return text + "\n";
}

}  // namespace

std::string report_text(const ReadProfile& read, std::uint64_t recorded, std::string_view rows, Lines lines,
                        std::size_t top) {
    std::string text = facts(read, recorded);
    const auto entries = lines == Lines::kLine ? top_lines(read.profile, top) : top_functions(read.profile, top);
    if (entries.empty()) return text + "\nno samples\n";
    const bool timed = has_times(read.profile);
    text += fmt::format("\n{:>8}  {:>12}  {:>8}  {}\n", "self", timed ? "time" : "samples", "total", rows);
    for (const TopEntry& entry : entries) {
        const auto self = static_cast<std::uint64_t>(entry.self.count());
        text += fmt::format("{:>6.1f} %  {:>12}  {:>6.1f} %  {}\n", 100 * entry.self_share,
                            timed ? format_seconds(entry.self) : format_count(self), 100 * entry.total_share,
                            cut_text(terminal_safe(entry.label), kLongestLabel));
    }
    return text;
}

}  // namespace lampyr::tool

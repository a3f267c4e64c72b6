// SPDX-License-Identifier: MIT
#include "profile_sides.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {
namespace {

std::string joined(const std::set<std::string>& values) {
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "" : ", ") + terminal_safe(value);
    return text;
}

/// "3.13.0t" as "3.13t": what decides how fast code runs.
std::string minor_version(const std::string& version) {
    const std::size_t first = version.find('.');
    if (first == std::string::npos) return version;
    const std::size_t second = version.find('.', first + 1);
    return version.substr(0, second) + (version.ends_with('t') ? "t" : "");
}

}  // namespace

void Conditions::add(const Profile& profile) {
    for (const Process& process : profile.processes) {
        const std::string& version = profile.string(process.python_version);
        if (!version.empty()) pythons.insert(minor_version(version));
    }
    const ProfileInfo& info = profile.info;
    if (info.ticks > 0) {  // only lampyr's own files know
        measures.insert(fmt::format("{}{}{}", info.cpu_time ? "CPU time" : "time on the wall",
                                    info.gil_only ? ", only with the GIL" : "", info.blocking ? ", stopped" : ""));
    }
    const std::chrono::nanoseconds began = info.started_unix;
    all_know = all_know && began.count() > 0;
    first = first.count() == 0 ? began : std::min(first, began);
    last = std::max(last, began);
    if (!info.host.name.empty()) hosts.insert(info.host.name);
}

std::vector<std::string> differences(const Conditions& base, const Conditions& now) {
    std::vector<std::string> found;
    const auto compare = [&found](const auto& old_ones, const auto& new_ones, std::string_view what) {
        if (old_ones.empty() || new_ones.empty() || old_ones == new_ones) return;
        found.push_back(fmt::format("the sides differ in {}: {} and {}", what, joined(old_ones), joined(new_ones)));
    };
    compare(base.pythons, now.pythons, "their Python");
    compare(base.measures, now.measures, "what was measured");
    compare(base.hosts, now.hosts, "the machine");
    return found;
}

Result<void> add_file(ProfileSide& side, Conditions& conditions, const std::string& file, RunFacts facts,
                      const Messages& messages) {
    const Result<ReadProfile> read = read_profile(file);
    if (!read) return read.error();
    for (const std::string& note : read->notes) messages.warning(fmt::format("{}: {}", in_quotes(file), note));
    if (facts.source.empty()) facts.source = file;
    conditions.add(read->profile);
    side.add(read->profile, std::move(facts));
    return {};
}

}  // namespace lampyr::tool

// SPDX-License-Identifier: MIT
#include "export/flamegraph/captions.hpp"

#include "export/flamegraph/label_text.hpp"

#include <fmt/format.h>

#include <set>

namespace lampyr::exporter {
namespace {

constexpr std::size_t kMostProcesses = 6;
constexpr std::size_t kCommandBytes = 160;

/// The script or program of a command line, for the title: neither its folder nor its arguments (they may be secret).
std::string program_of(const Profile& profile, const Process& process) {
    std::string_view command = profile.string(process.command_line);
    const auto base_name = [](std::string_view word) { return word.substr(word.rfind('/') + 1); };
    std::string_view shown_word;
    for (std::size_t at = 0; at < command.size();) {
        const std::size_t stop = std::min(command.find(' ', at), command.size());
        const std::string_view word = command.substr(at, stop - at);
        at = stop + 1;
        if (shown_word.empty()) shown_word = base_name(word);
        if (word.ends_with(".py")) return std::string(base_name(word));
        if (word == "-m" && at < command.size()) {
            return fmt::format("python -m {}",
                               command.substr(at, std::min(command.find(' ', at), command.size()) - at));
        }
        if (word == "-c") return "python -c …";
    }
    return std::string(shown_word);
}

std::string title(const Profile& profile, const ExportOptions& options) {
    if (!options.title.empty()) return shown(options.title, 200);
    std::string program = profile.processes.empty() ? "" : program_of(profile, profile.processes.front());
    if (program.empty()) program = "Python";
    if (profile.processes.size() > 1) program += fmt::format(" and {} more", profile.processes.size() - 1);
    return shown(program, 200);
}

std::string subtitle(const Profile& profile, const PictureTree& tree) {
    const ProfileInfo& info = profile.info;
    const std::string_view what = info.gil_only        ? "holding the GIL"
                                  : info.idle_included ? "running or waiting"
                                                       : "running";
    const std::string_view kind = info.cpu_time ? "CPU time" : "time";
    const double total = static_cast<double>(tree.total.front()) * static_cast<double>(tree.unit);
    if (tree.unit == 0) {
        return fmt::format(
            "Width is samples seen {} ({} in all). Callers stand above what they call; largest at the left.", what,
            grouped(tree.total.front()));
    }
    return fmt::format("Width is {} {} ({} in all). Callers stand above what they call; largest at the left.", kind,
                       info.cpu_time ? "of running threads" : what, seconds(total));
}

std::string losses(const ProfileInfo& info) {
    std::string text;
    for (std::size_t i = 0; i < kLossCount; ++i) {
        if (info.losses[i] == 0) continue;
        const auto loss = static_cast<Loss>(i);
        const std::uint64_t of = loss == Loss::kLate ? info.ticks + info.losses[i] : info.stacks;
        text += fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", grouped(info.losses[i]), to_string(loss),
                            percent(static_cast<double>(info.losses[i]), static_cast<double>(of)));
    }
    return text.empty() ? "no losses" : "losses: " + text;
}

std::string mode(const ProfileInfo& info) {
    std::string text = info.gil_only        ? "only threads holding the GIL"
                       : info.idle_included ? "idle threads included"
                                            : "on-CPU threads only";
    return text + (info.blocking || info.native ? ", stopped while read" : ", never stopped");
}

}  // namespace

Captions captions(const Profile& profile, const ExportOptions& options, const PictureTree& tree) {
    const ProfileInfo& info = profile.info;
    Captions words{title(profile, options), subtitle(profile, tree), {}};
    auto& facts = words.facts;
    facts.push_back(fmt::format("{} samples of {} thread{} in {} sweeps", grouped(info.stacks),
                                grouped(profile.threads.size()), profile.threads.size() == 1 ? "" : "s",
                                grouped(info.ticks)));
    facts.push_back(seconds(static_cast<double>(info.duration.count())));
    facts.push_back(fmt::format("{:.1f} Hz of {:.5g} asked", info.rate_got_hz, info.rate_asked_hz));
    facts.push_back(losses(info));
    facts.push_back(mode(info));
    std::set<std::string_view> versions;
    for (const Process& process : profile.processes) versions.insert(profile.string(process.python_version));
    std::string pythons;
    for (const std::string_view version : versions) {
        if (!version.empty()) pythons += fmt::format("{}{}", pythons.empty() ? "Python " : ", ", version);
    }
    if (!pythons.empty()) facts.push_back(shown(pythons, 100));
    for (std::size_t i = 0; i < profile.processes.size() && i < kMostProcesses; ++i) {
        const Process& process = profile.processes[i];
        facts.push_back(
            fmt::format("pid {}: {}", process.pid.value, shown(profile.string(process.command_line), kCommandBytes)));
    }
    if (profile.processes.size() > kMostProcesses) {
        facts.push_back(fmt::format("and {} more processes", grouped(profile.processes.size() - kMostProcesses)));
    }
    facts.push_back("lampyr " + shown(info.lampyr_version, 40));
    return words;
}

}  // namespace lampyr::exporter

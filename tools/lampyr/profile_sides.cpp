// SPDX-License-Identifier: MIT
#include "profile_sides.hpp"

#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

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

namespace {

/// What the threads that read the files of a side share. Reading goes on side by side, adding in turn.
class SideFiller {
  public:
    SideFiller(ProfileSide& side, Conditions& conditions, const std::vector<RunFile>& files, const Messages& messages)
        : side_(side), conditions_(conditions), files_(files), messages_(messages) {}

    void work();
    [[nodiscard]] Result<void> result() const { return error_ ? Result<void>(*error_) : Result<void>(); }

  private:
    void add(const RunFile& file, const Result<ReadProfile>& read);

    ProfileSide& side_;
    Conditions& conditions_;
    const std::vector<RunFile>& files_;
    const Messages& messages_;
    std::atomic<std::size_t> next_ = 0;
    std::mutex lock_;
    std::condition_variable turned_;
    std::size_t turn_ = 0;
    std::optional<Error> error_;
};

void SideFiller::work() {
    ProfileReader reader;
    for (std::size_t mine = next_++; mine < files_.size(); mine = next_++) {
        Result<ReadProfile> read = reader.read(files_[mine].path);
        std::unique_lock turn(lock_);
        turned_.wait(turn, [&] { return turn_ == mine; });
        if (!error_) add(files_[mine], read);
        if (error_) next_ = files_.size();
        ++turn_;
        turned_.notify_all();
        turn.unlock();
        if (read) reader.reuse(std::move(read->profile));
    }
}

void SideFiller::add(const RunFile& file, const Result<ReadProfile>& read) {
    if (!read) {
        error_ = read.error();
        return;
    }
    for (const std::string& note : read->notes) messages_.warning(fmt::format("{}: {}", in_quotes(file.path), note));
    RunFacts facts = file.facts;
    if (facts.source.empty()) facts.source = file.path;
    conditions_.add(read->profile);
    side_.add(read->profile, std::move(facts));
}

constexpr std::size_t kMostReaders = 8;

}  // namespace

Result<void> add_files(ProfileSide& side, Conditions& conditions, const std::vector<RunFile>& files,
                       const Messages& messages) {
    SideFiller filler(side, conditions, files, messages);
    const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t readers = std::min({processors, files.size(), kMostReaders});
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < readers; ++i) others.emplace_back([&filler] { filler.work(); });
    filler.work();
    others.clear();
    return filler.result();
}

}  // namespace lampyr::tool

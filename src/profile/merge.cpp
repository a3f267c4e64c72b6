// SPDX-License-Identifier: MIT
#include <lampyr/transform.hpp>

#include "profile/builder.hpp"
#include "profile/sample_key.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace lampyr {

namespace {

using std::chrono::nanoseconds;

/// Copies the rows of one profile after the other into common tables, each row once.
class Merger {
  public:
    explicit Merger(bool timeline) : timeline_(timeline) {}
    void add(Profile&& profile, nanoseconds offset);
    [[nodiscard]] Profile finish() &&;

  private:
    void add_info(const ProfileInfo& info, nanoseconds offset);
    void add_names(const Profile& profile);
    void add_threads(const Profile& profile);
    void add_sample(Sample sample, nanoseconds offset);

    bool timeline_;
    bool first_ = true;
    profile::Builder builder_;
    ProfileInfo info_;
    std::vector<Sample> samples_;
    profile::IdIndex index_;  // without a timeline: row of (thread, stack, state)
    std::map<std::tuple<StringId, std::int32_t, StringId, StringId, StringId>, ProcessId> processes_;  // host, PID, …
    std::map<std::tuple<ProcessId, std::int32_t, std::uint64_t, StringId>, ThreadId> threads_;
    // Where the rows of the profile at hand are now.
    std::vector<StringId> strings_;
    std::vector<FrameId> frames_;
    std::vector<StackId> stacks_;
    std::vector<ThreadId> threads_now_;
};

void Merger::add_info(const ProfileInfo& info, nanoseconds offset) {
    if (std::exchange(first_, false)) {
        info_ = info;
        info_.timeline = timeline_;
        info_.duration = offset + info.duration;
        return;
    }
    const auto agree = [](auto& ours, const auto& theirs) {
        if (ours != theirs) ours = {};
    };
    agree(info_.lampyr_version, info.lampyr_version);
    agree(info_.rate_asked_hz, info.rate_asked_hz);
    agree(info_.host.name, info.host.name);
    agree(info_.host.kernel, info.host.kernel);
    agree(info_.host.machine, info.host.machine);
    agree(info_.host.processors, info.host.processors);
    info_.interval = std::max(info_.interval, info.interval);
    info_.longest_interval = std::max(info_.longest_interval, info.longest_interval);
    info_.cpu_time &= info.cpu_time;
    info_.ticks += info.ticks;
    for (std::size_t i = 0; i < kLossCount; ++i) info_.losses[i] += info.losses[i];
    info_.idle_included |= info.idle_included;
    info_.gil_only |= info.gil_only;
    info_.blocking |= info.blocking;
    info_.native |= info.native;
    info_.tasks |= info.tasks;
    info_.started_unix = info_.started_unix.count() == 0 || info.started_unix.count() == 0
                             ? nanoseconds(0)
                             : std::min(info_.started_unix, info.started_unix);
    info_.duration = timeline_ ? std::max(info_.duration, offset + info.duration) : info_.duration + info.duration;
}

void Merger::add_names(const Profile& profile) {
    strings_.clear();
    for (const std::string& text : profile.strings) strings_.push_back(builder_.intern_string(text));
    std::vector<FunctionId> functions;
    for (Function function : profile.functions) {
        function.name = strings_[function.name.value];
        function.file = strings_[function.file.value];
        function.short_file = strings_[function.short_file.value];
        functions.push_back(builder_.intern_function(function));
    }
    frames_.clear();
    for (const Frame& frame : profile.frames)
        frames_.push_back(builder_.intern_frame(functions[frame.function.value], frame.line));
    stacks_.clear();
    for (const StackNode& node : profile.stacks) {
        const StackId parent = node.parent == kEmptyStack ? kEmptyStack : stacks_[node.parent.value];
        stacks_.push_back(builder_.intern_stack(parent, frames_[node.frame.value]));
    }
}

void Merger::add_threads(const Profile& profile) {
    const StringId host = builder_.intern_string(profile.info.host.name);
    std::vector<ProcessId> processes;
    for (Process process : profile.processes) {
        process.command_line = strings_[process.command_line.value];
        process.executable = strings_[process.executable.value];
        process.python_version = strings_[process.python_version.value];
        const auto key =
            std::tuple(host, process.pid.value, process.command_line, process.executable, process.python_version);
        auto found = processes_.find(key);
        if (found == processes_.end()) found = processes_.emplace(key, builder_.add_process(process)).first;
        processes.push_back(found->second);
    }
    threads_now_.clear();
    for (Thread thread : profile.threads) {
        thread.process = processes[thread.process.value];
        thread.name = strings_[thread.name.value];
        const auto key = std::tuple(thread.process, thread.os_tid.value, thread.ident, thread.name);
        auto found = threads_.find(key);
        if (found == threads_.end()) found = threads_.emplace(key, builder_.add_thread(thread)).first;
        threads_now_.push_back(found->second);
    }
}

void Merger::add_sample(Sample sample, nanoseconds offset) {
    sample.thread = threads_now_[sample.thread.value];
    if (sample.stack != kEmptyStack) sample.stack = stacks_[sample.stack.value];
    info_.stacks += sample.count;
    if (timeline_) {
        sample.start += offset;
        samples_.push_back(sample);
        return;
    }
    sample.start = nanoseconds(0);
    const std::uint32_t hash = profile::hash_of(sample);
    const std::uint32_t found =
        index_.find(hash, [&](std::uint32_t row) { return profile::same_stack(samples_[row], sample); });
    if (found != profile::IdIndex::kNone) {
        samples_[found].count += sample.count;
        samples_[found].weight += sample.weight;
        return;
    }
    index_.insert(hash, static_cast<std::uint32_t>(samples_.size()));
    samples_.push_back(sample);
}

void Merger::add(Profile&& profile, nanoseconds offset) {
    const std::uint64_t before = info_.stacks;
    add_info(profile.info, offset);
    info_.stacks = before;
    add_names(profile);
    add_threads(profile);
    for (const Sample& sample : profile.samples) add_sample(sample, offset);
    profile = Profile{};
}

Profile Merger::finish() && {
    const std::uint64_t stacks = info_.stacks;
    const double seconds = std::chrono::duration<double>(info_.duration).count();
    info_.rate_got_hz = seconds > 0 ? static_cast<double>(info_.ticks) / seconds : 0;
    Profile profile = std::move(builder_).finish(info_);
    profile.info.stacks = stacks;
    profile.info.timeline = timeline_;
    profile.samples = std::move(samples_);
    if (timeline_)
        std::stable_sort(profile.samples.begin(), profile.samples.end(), [](const Sample& a, const Sample& b) {
            return std::tie(a.start, a.thread) < std::tie(b.start, b.thread);
        });
    return profile;
}

/// Each recording's place on a common timeline; nothing when one cannot be placed.
std::optional<std::vector<nanoseconds>> offsets_of(const std::vector<Profile>& profiles) {
    constexpr nanoseconds kLongest = std::chrono::hours(24 * 366);
    nanoseconds first = nanoseconds::max();
    nanoseconds last{0};
    for (const Profile& profile : profiles) {
        const ProfileInfo& info = profile.info;
        if (!info.timeline || info.started_unix.count() <= 0) return std::nullopt;
        first = std::min(first, info.started_unix);
        last = std::max(last, info.started_unix);
    }
    if (last - first > kLongest) return std::nullopt;
    std::vector<nanoseconds> offsets;
    for (const Profile& profile : profiles) offsets.push_back(profile.info.started_unix - first);
    return offsets;
}

/// Counts and times of all profiles together; of one alone they fit.
bool sums_fit(const std::vector<Profile>& profiles) {
    constexpr double kMost = 4e18;
    double counts = 0;
    double weights = 0;
    for (const Profile& profile : profiles) {
        for (const Sample& sample : profile.samples) {
            counts += static_cast<double>(sample.count);
            weights += static_cast<double>(sample.weight.count());
        }
    }
    return counts < kMost && weights < kMost;
}

}  // namespace

Result<Profile> merge_profiles(std::vector<Profile> profiles) {
    if (profiles.empty()) return Error{ErrorCode::kUsage, "there is no profile to read", "name a file", 0};
    if (profiles.size() == 1) return std::move(profiles.front());
    const auto offsets = offsets_of(profiles);
    if (!sums_fit(profiles)) return Error{ErrorCode::kCorrupt, "the profiles hold too much to be added up", "", 0};
    Merger merger(offsets.has_value());
    for (std::size_t i = 0; i < profiles.size(); ++i)
        merger.add(std::move(profiles[i]), offsets ? (*offsets)[i] : nanoseconds(0));
    return std::move(merger).finish();
}

}  // namespace lampyr

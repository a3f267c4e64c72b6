// SPDX-License-Identifier: MIT
#include "export/speedscope.hpp"

#include "export/json_writer.hpp"
#include "profile/labels.hpp"
#include "profile/sample_length.hpp"

#include <lampyr/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

namespace lampyr::exporter {

namespace {

using std::chrono::nanoseconds;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }
nanoseconds at_least_zero(nanoseconds time) { return std::max(time, nanoseconds(0)); }

/// One entry of a thread's profile: a stack for a time, or nothing for a time.
struct Entry {
    const Sample* sample = nullptr;  // null: a hole
    nanoseconds weight{0};
};

class SpeedscopeWriter {
  public:
    SpeedscopeWriter(const Profile& profile, const ExportOptions& options, ByteSink& sink)
        : profile_(profile), options_(options), timed_(profile::has_weights(profile)), json_(sink) {}

    [[nodiscard]] Result<void> write();

  private:
    struct ThreadSamples {
        ThreadId thread;
        std::vector<const Sample*> samples;
        nanoseconds weight{0};
    };
    void group_samples();
    void mark_used_frames();
    void write_info();
    void write_frames();
    void write_frame(std::string_view name, std::string_view file, std::uint32_t line);
    void write_thread(const ThreadSamples& thread);
    void write_stack(const Sample* sample);
    [[nodiscard]] std::vector<Entry> entries_of(const ThreadSamples& thread) const;
    [[nodiscard]] std::string thread_name(ThreadId thread) const;
    [[nodiscard]] std::string title() const;
    [[nodiscard]] std::size_t busiest() const;

    const Profile& profile_;
    /// What an entry of the sample is long: its time, or where none is known its count, one a nanosecond.
    [[nodiscard]] nanoseconds length(const Sample& sample) const {
        return timed_ ? at_least_zero(sample.weight) : nanoseconds(static_cast<std::int64_t>(sample.count));
    }
    [[nodiscard]] double in_unit(nanoseconds time) const {
        return timed_ ? seconds(time) : static_cast<double>(time.count());
    }

    const ExportOptions& options_;
    bool timed_;
    JsonWriter json_;
    std::vector<ThreadSamples> threads_;
    std::vector<std::uint32_t> row_of_frame_;  // row in "shared.frames"
    std::uint32_t row_of_no_frames_ = kNone;
    bool no_frames_used_ = false;
    std::vector<std::uint32_t> path_;
};

void SpeedscopeWriter::group_samples() {
    std::vector<std::uint32_t> place(profile_.threads.size(), kNone);
    for (const Sample& sample : profile_.samples) {
        std::uint32_t& at = place[sample.thread.value];
        if (at == kNone) {
            at = static_cast<std::uint32_t>(threads_.size());
            threads_.push_back({sample.thread, {}, nanoseconds(0)});
        }
        threads_[at].samples.push_back(&sample);
        threads_[at].weight += length(sample);
    }
    std::sort(threads_.begin(), threads_.end(), [this](const ThreadSamples& a, const ThreadSamples& b) {
        const Thread& left = profile_.threads[a.thread.value];
        const Thread& right = profile_.threads[b.thread.value];
        return std::tie(left.process, a.thread) < std::tie(right.process, b.thread);
    });
}

/// Facts of the recording, under a key of our own: the schema allows it and readers pass over it.
void SpeedscopeWriter::write_info() {
    const ProfileInfo& info = profile_.info;
    json_.key("lampyr").begin_object();
    json_.field("stacks", info.stacks);
    json_.field("ticks", info.ticks);
    json_.field("rate_asked_hz", info.rate_asked_hz);
    json_.field("rate_got_hz", info.rate_got_hz);
    json_.field("duration_seconds", seconds(info.duration));
    json_.key("idle_included").boolean(info.idle_included);
    json_.key("cpu_time").boolean(info.cpu_time);
    json_.key("gil_only").boolean(info.gil_only);
    json_.key("blocking").boolean(info.blocking);
    json_.key("native").boolean(info.native);
    json_.key("tasks").boolean(info.tasks);
    json_.key("losses").begin_object();
    for (std::size_t i = 0; i < kLossCount; ++i) json_.field(to_string(static_cast<Loss>(i)), info.losses[i]);
    json_.end_object();
    json_.end_object();
}

/// row_of_frame_ becomes 0 for every frame of a sampled stack.
void SpeedscopeWriter::mark_used_frames() {
    row_of_frame_.assign(profile_.frames.size(), kNone);
    std::vector<bool> seen(profile_.stacks.size(), false);
    for (const Sample& sample : profile_.samples) {
        if (sample.stack == kEmptyStack) no_frames_used_ = true;
        for (StackId at = sample.stack; at != kEmptyStack && !seen[at.value]; at = profile_.stacks[at.value].parent) {
            seen[at.value] = true;
            row_of_frame_[profile_.stacks[at.value].frame.value] = 0;
        }
    }
}

void SpeedscopeWriter::write_frame(std::string_view name, std::string_view file, std::uint32_t line) {
    json_.begin_object();
    json_.field("name", name);
    if (!file.empty()) json_.field("file", file);
    if (line != 0) json_.field("line", std::uint64_t{line});
    json_.end_object();
}

void SpeedscopeWriter::write_frames() {
    mark_used_frames();
    json_.key("shared").begin_object();
    json_.key("frames").begin_array();
    std::map<std::tuple<StringId, StringId, std::uint32_t>, std::uint32_t> rows;
    std::uint32_t next = 0;
    for (std::uint32_t i = 0; i < profile_.frames.size(); ++i) {
        if (row_of_frame_[i] == kNone) continue;
        const Function& function = profile_.function(FrameId{i});
        const std::uint32_t line = profile::shown_line(profile_, FrameId{i}, options_.lines);
        const auto [row, is_new] = rows.try_emplace({function.name, function.file, line}, next);
        row_of_frame_[i] = row->second;
        if (!is_new) continue;
        ++next;
        write_frame(profile_.string(function.name), profile_.string(function.file), line);
    }
    if (no_frames_used_) {
        row_of_no_frames_ = next;
        write_frame(profile::kNoFrames, {}, 0);
    }
    json_.end_array();
    json_.end_object();
}

std::string SpeedscopeWriter::thread_name(ThreadId id) const {
    const Thread& thread = profile_.threads[id.value];
    const std::string& name = profile_.string(thread.name);
    std::string text;
    if (options_.processes || profile_.processes.size() > 1)
        text = fmt::format("Process {} ", profile_.processes[thread.process.value].pid.value);
    text += thread.os_tid.value != 0 ? fmt::format("Thread {}", thread.os_tid.value)
                                     : fmt::format("Thread {:#x}", thread.ident);
    if (!name.empty()) text += fmt::format(" \"{}\"", name);
    return text;
}

/// Says nothing of the command line, which may hold secrets: a profile is made to be passed on.
std::string SpeedscopeWriter::title() const {
    if (!options_.title.empty()) return options_.title;
    if (profile_.processes.size() != 1) return fmt::format("lampyr: {} processes", profile_.processes.size());
    const Process& process = profile_.processes.front();
    return fmt::format("lampyr: process {}, Python {}", process.pid.value, profile_.string(process.python_version));
}

std::size_t SpeedscopeWriter::busiest() const {
    const auto most = std::max_element(threads_.begin(), threads_.end(),
                                       [](const auto& a, const auto& b) { return a.weight < b.weight; });
    return most == threads_.end() ? 0 : static_cast<std::size_t>(most - threads_.begin());
}

/// Samples come at jittered times and stand for whole intervals, so between two of them time is missing or double by
/// part of an interval. Only a hole too long for that is one; the next hole makes good what the others summed up to.
std::vector<Entry> SpeedscopeWriter::entries_of(const ThreadSamples& thread) const {
    const nanoseconds jitter = 2 * at_least_zero(std::max(profile_.info.interval, profile_.info.longest_interval));
    std::vector<Entry> entries;
    nanoseconds now{0};
    const auto hole_until = [&](nanoseconds time, nanoseconds least) {
        if (time - now <= least) return;
        entries.push_back({nullptr, time - now});
        now = time;
    };
    for (const Sample* sample : thread.samples) {
        hole_until(sample->start, jitter);
        const nanoseconds weight = length(*sample);
        now += weight;
        if (!entries.empty() && entries.back().sample != nullptr && entries.back().sample->stack == sample->stack)
            entries.back().weight += weight;  // only the state differs
        else
            entries.push_back({sample, weight});
    }
    if (timed_) hole_until(profile_.info.duration, nanoseconds(0));
    return entries;
}

void SpeedscopeWriter::write_stack(const Sample* sample) {
    json_.begin_array();
    if (sample != nullptr && sample->stack == kEmptyStack) json_.number(std::uint64_t{row_of_no_frames_});
    if (sample != nullptr) {
        path_.clear();
        for (StackId at = sample->stack; at != kEmptyStack; at = profile_.stacks[at.value].parent)
            path_.push_back(row_of_frame_[profile_.stacks[at.value].frame.value]);
        for (auto row = path_.rbegin(); row != path_.rend(); ++row) json_.number(std::uint64_t{*row});
    }
    json_.end_array();
}

void SpeedscopeWriter::write_thread(const ThreadSamples& thread) {
    const std::vector<Entry> entries = entries_of(thread);
    nanoseconds end{0};
    for (const Entry& entry : entries) end += entry.weight;
    json_.begin_object();
    json_.field("type", "sampled");
    json_.field("name", thread_name(thread.thread));
    json_.field("unit", timed_ ? "seconds" : "none");
    json_.field("startValue", std::uint64_t{0});
    json_.field("endValue", in_unit(end));
    json_.key("samples").begin_array();
    for (const Entry& entry : entries) {
        if (!json_.ok()) break;
        write_stack(entry.sample);
    }
    json_.end_array();
    json_.key("weights").begin_array();
    for (const Entry& entry : entries) json_.number(in_unit(entry.weight));
    json_.end_array();
    json_.end_object();
}

Result<void> SpeedscopeWriter::write() {
    group_samples();
    json_.begin_object();
    json_.field("$schema", "https://www.speedscope.app/file-format-schema.json");
    json_.field("exporter", "lampyr@" LAMPYR_VERSION);
    json_.field("name", title());
    json_.field("activeProfileIndex", std::uint64_t{busiest()});
    write_info();
    write_frames();
    json_.key("profiles").begin_array();
    for (const ThreadSamples& thread : threads_) write_thread(thread);
    json_.end_array();
    json_.end_object();
    return json_.finish();
}

}  // namespace

Result<void> write_speedscope(const Profile& profile, const ExportOptions& options, ByteSink& sink) {
    return SpeedscopeWriter(profile, options, sink).write();
}

}  // namespace lampyr::exporter

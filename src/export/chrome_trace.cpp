// SPDX-License-Identifier: MIT
#include "export/chrome_trace.hpp"

#include "export/json_writer.hpp"
#include "export/thread_stretches.hpp"
#include "profile/labels.hpp"

#include <lampyr/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace lampyr::exporter {

namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kIdle = "(idle)";

/// Of a file that lies, an id may be below zero.
template <typename Id>
std::uint64_t number(Id id) {
    return id.value > 0 ? static_cast<std::uint64_t>(id.value) : 0;
}

std::string_view category(FunctionKind kind) {
    switch (kind) {
        case FunctionKind::kProject: return "project";
        case FunctionKind::kSitePackages: return "site-packages";
        case FunctionKind::kStandardLibrary: return "stdlib";
        case FunctionKind::kNative: return "native";
        case FunctionKind::kInterpreter: return "interpreter";
        case FunctionKind::kMarker: return "marker";
    }
    return "project";
}

class TraceWriter {
  public:
    TraceWriter(const Profile& profile, const ExportOptions& options, ByteSink& sink)
        : profile_(profile), options_(options), json_(sink) {}

    [[nodiscard]] Result<void> write();

  private:
    /// What makes two neighbouring slices one: the function and the line shown.
    struct Slice {
        FrameId frame;
        std::uint32_t line = 0;
        [[nodiscard]] bool same(const Slice& other, const Profile& profile) const {
            return line == other.line &&
                   profile.frames[frame.value].function == profile.frames[other.frame.value].function;
        }
    };
    struct Place {
        std::uint64_t pid = 0;
        std::uint64_t tid = 0;
    };

    void begin_event(std::string_view phase, const Place& place);
    void write_metadata(const Place& place, std::string_view what, std::string_view key, std::string_view text);
    void write_sort_index(const Place& place, std::string_view what, std::uint64_t index);
    void write_processes();
    void write_thread(ThreadId thread, const std::vector<Stretch>& stretches);
    void path_of(StackId stack);
    void open(const Place& place, nanoseconds time, const Slice& slice);
    void open_named(const Place& place, nanoseconds time, std::string_view name, std::string_view kind);
    void close(const Place& place, nanoseconds time, std::string_view name);
    void close_down_to(const Place& place, nanoseconds time, std::size_t depth);
    void write_facts();
    [[nodiscard]] Place place_of(ThreadId thread) const;

    const Profile& profile_;
    const ExportOptions& options_;
    JsonWriter json_;
    std::vector<Slice> path_;      // of the stretch at hand, outermost first
    std::vector<Slice> open_;      // of the one before
    std::string_view extra_open_;  // `(idle)` or `(no Python frames)` above them; empty: neither
};

/// A thread whose id is not known gets one that no thread has, because viewers put all of one id into one row.
TraceWriter::Place TraceWriter::place_of(ThreadId thread) const {
    constexpr std::uint64_t kAboveAllTids = 1U << 30;
    const Thread& row = profile_.threads[thread.value];
    const std::uint64_t tid = row.os_tid.value > 0 ? number(row.os_tid) : kAboveAllTids + thread.value;
    return {number(profile_.processes[row.process.value].pid), tid};
}

void TraceWriter::begin_event(std::string_view phase, const Place& place) {
    json_.begin_object();
    json_.field("ph", phase);
    json_.field("pid", place.pid);
    json_.field("tid", place.tid);
}

void TraceWriter::write_metadata(const Place& place, std::string_view what, std::string_view key,
                                 std::string_view text) {
    begin_event("M", place);
    json_.field("name", what);
    json_.key("args").begin_object();
    json_.field(key, text);
    json_.end_object();
    json_.end_object();
}

void TraceWriter::write_sort_index(const Place& place, std::string_view what, std::uint64_t index) {
    begin_event("M", place);
    json_.field("name", what);
    json_.key("args").begin_object();
    json_.field("sort_index", index);
    json_.end_object();
    json_.end_object();
}

/// The executable's name and not the command line, which may hold secrets.
void TraceWriter::write_processes() {
    for (std::size_t i = 0; i < profile_.processes.size(); ++i) {
        const Process& process = profile_.processes[i];
        const Place place{number(process.pid), number(process.pid)};
        const std::string_view path = profile_.string(process.executable);
        write_metadata(place, "process_name", "name", path.substr(path.rfind('/') + 1));
        write_metadata(place, "process_labels", "labels", "Python " + profile_.string(process.python_version));
        write_sort_index(place, "process_sort_index", i);
    }
}

void TraceWriter::path_of(StackId stack) {
    path_.clear();
    for (StackId at = stack; at != kEmptyStack; at = profile_.stacks[at.value].parent) {
        const FrameId frame = profile_.stacks[at.value].frame;
        path_.push_back({frame, profile::shown_line(profile_, frame, options_.lines)});
    }
    std::reverse(path_.begin(), path_.end());
}

void TraceWriter::open(const Place& place, nanoseconds time, const Slice& slice) {
    const Function& function = profile_.function(slice.frame);
    begin_event("B", place);
    json_.field("ts", static_cast<double>(time.count()) / 1000);
    json_.field("name", profile_.string(function.name));
    json_.field("cat", category(function.kind));
    const std::string& file = profile_.string(options_.full_filenames ? function.file : function.short_file);
    if (!file.empty()) {
        json_.key("args").begin_object();
        json_.field("file", file);
        if (slice.line != 0) json_.field("line", std::uint64_t{slice.line});
        json_.end_object();
    }
    json_.end_object();
}

void TraceWriter::open_named(const Place& place, nanoseconds time, std::string_view name, std::string_view kind) {
    begin_event("B", place);
    json_.field("ts", static_cast<double>(time.count()) / 1000);
    json_.field("name", name);
    json_.field("cat", kind);
    extra_open_ = name;
    if (name == kIdle) json_.field("cname", "thread_state_sleeping");
    json_.end_object();
}

/// The name is not needed by the format, but speedscope ends no slice of another name.
void TraceWriter::close(const Place& place, nanoseconds time, std::string_view name) {
    begin_event("E", place);
    json_.field("ts", static_cast<double>(time.count()) / 1000);
    json_.field("name", name);
    json_.end_object();
}

/// Ends the slices above the outermost `depth`.
void TraceWriter::close_down_to(const Place& place, nanoseconds time, std::size_t depth) {
    if (!extra_open_.empty()) close(place, time, extra_open_);
    extra_open_ = {};
    for (; open_.size() > depth; open_.pop_back())
        close(place, time, profile_.string(profile_.function(open_.back().frame).name));
}

void TraceWriter::write_thread(ThreadId thread, const std::vector<Stretch>& stretches) {
    const Place place = place_of(thread);
    const std::string& name = profile_.string(profile_.threads[thread.value].name);
    write_metadata(place, "thread_name", "name", name.empty() ? profile::thread_label(profile_, thread) : name);
    write_sort_index(place, "thread_sort_index", thread.value);
    open_.clear();
    nanoseconds last{0};
    for (const Stretch& stretch : stretches) {
        if (!json_.ok()) return;
        if (stretch.begin > last) close_down_to(place, last, 0);
        path_of(stretch.sample->stack);
        std::size_t common = 0;
        while (common < open_.size() && common < path_.size() && open_[common].same(path_[common], profile_)) ++common;
        close_down_to(place, stretch.begin, common);
        for (std::size_t i = common; i < path_.size(); ++i) open(place, stretch.begin, path_[i]);
        open_ = path_;
        if (stretch.sample->state == ThreadState::kIdle)
            open_named(place, stretch.begin, kIdle, "idle");
        else if (path_.empty())
            open_named(place, stretch.begin, profile::kNoFrames, "marker");
        last = stretch.end;
    }
    close_down_to(place, last, 0);
}

void TraceWriter::write_facts() {
    const ProfileInfo& info = profile_.info;
    json_.key("otherData").begin_object();
    json_.field("recorder", "lampyr " LAMPYR_VERSION);
    json_.field("stacks", info.stacks);
    json_.field("rate_asked_hz", info.rate_asked_hz);
    json_.field("rate_got_hz", info.rate_got_hz);
    json_.field("duration_seconds", std::chrono::duration<double>(info.duration).count());
    json_.key("idle_included").boolean(info.idle_included);
    json_.key("losses").begin_object();
    for (std::size_t i = 0; i < kLossCount; ++i) json_.field(to_string(static_cast<Loss>(i)), info.losses[i]);
    json_.end_object();
    json_.end_object();
}

Result<void> TraceWriter::write() {
    json_.begin_object();
    json_.field("displayTimeUnit", "ms");
    write_facts();
    json_.key("traceEvents").begin_array();
    write_processes();
    const std::vector<std::vector<Stretch>> threads = stretches_of(profile_);
    for (std::uint32_t i = 0; i < threads.size(); ++i)
        if (!threads[i].empty()) write_thread(ThreadId{i}, threads[i]);
    json_.end_array();
    json_.end_object();
    return json_.finish();
}

}  // namespace

Result<void> write_chrome_trace(const Profile& profile, const ExportOptions& options, ByteSink& sink) {
    if (!profile.info.timeline && !profile.samples.empty())
        return Error{ErrorCode::kUsage, "a trace shows when things happened, and this profile does not know",
                     "use flamegraph, or record with -f chrometrace or -f lampyr", 0};
    return TraceWriter(profile, options, sink).write();
}

}  // namespace lampyr::exporter

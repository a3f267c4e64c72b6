// SPDX-License-Identifier: MIT
#include "export/pprof.hpp"

#include "export/gzip_output.hpp"
#include "profile/labels.hpp"
#include "profile/pair_index.hpp"
#include "profile/pprof_tags.hpp"
#include "profile/sample_length.hpp"
#include "profile/string_table.hpp"

#include <fmt/format.h>
#include <protozero/pbf_builder.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace lampyr::exporter {

namespace {

using namespace profile::pprof;
using profile::PairIndex;
using ProfileBuilder = protozero::pbf_builder<ProfileTag>;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

std::string_view state_text(ThreadState state) {
    switch (state) {
        case ThreadState::kRunning: return "running";
        case ThreadState::kRunningGil: return "running with GIL";
        case ThreadState::kIdle: return "idle";
        case ThreadState::kUnknown: break;
    }
    return "unknown";
}

/// The name as the interpreter tells functions apart: with its file. It must differ from the name shown, or pprof takes
/// `<module>` for the remains of a C++ template and shows nothing.
std::string system_name(std::string_view name, std::string_view file) {
    return file.empty() ? std::string(name) : fmt::format("{}:{}", file, name);
}

class PprofWriter {
  public:
    PprofWriter(const Profile& profile, const ExportOptions& options, ByteSink& sink)
        : profile_(profile), options_(options), timed_(profile::has_weights(profile)), gzip_(sink) {}

    [[nodiscard]] Result<void> write();

  private:
    /// A stack as it is shown: what differs only in lines that are not shown is one. Root first, as in the stack table.
    struct Node {
        std::uint32_t parent = kNone;
        FrameId frame;  ///< stands for all frames with this function and line shown
    };
    struct Row {
        ThreadId thread;
        std::uint32_t node = kNone;  ///< kNone: no frames
        ThreadState state = ThreadState::kUnknown;
        std::uint64_t count = 0;
        std::int64_t weight = 0;
    };

    void make_nodes();
    void make_rows();
    [[nodiscard]] std::uint32_t text(std::string_view value) { return strings_.intern(value).value; }
    [[nodiscard]] std::uint64_t location(std::uint32_t mapping, FrameId frame);
    [[nodiscard]] std::uint64_t no_frames(std::uint32_t mapping);
    [[nodiscard]] std::uint64_t thread_location(std::uint32_t mapping, ThreadId thread);
    [[nodiscard]] std::uint64_t new_location(std::uint32_t mapping, std::uint64_t function, std::uint32_t line);
    [[nodiscard]] std::uint64_t function(const Function& row);
    [[nodiscard]] std::uint64_t new_function(std::string_view name, std::string_view file, std::uint32_t first_line,
                                             std::string_view short_file);
    [[nodiscard]] std::uint32_t mapping_of(ProcessId process);
    void write_value_type(ProfileTag tag, std::string_view type, std::string_view unit);
    void write_head();
    void write_row(const Row& row);
    void write_labels(protozero::pbf_builder<SampleRowTag>& sample, const Row& row);
    void write_label(protozero::pbf_builder<SampleRowTag>& sample, std::string_view key, std::string_view value);
    void write_label(protozero::pbf_builder<SampleRowTag>& sample, std::string_view key, std::int64_t value);
    void write_comment(std::string_view words);
    [[nodiscard]] bool drain(std::size_t least = 64 * 1024);

    const Profile& profile_;
    const ExportOptions& options_;
    bool timed_;
    GzipOutput gzip_;
    std::string bytes_;  // what was encoded and not compressed yet
    profile::StringTable strings_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> node_of_stack_;
    std::vector<Row> rows_;
    std::vector<std::uint32_t> shown_frame_;  // the first frame with the same function and line shown
    PairIndex locations_;                     // (mapping, shown frame) to id
    std::map<std::uint32_t, std::uint64_t> no_frames_;
    std::map<ThreadId, std::uint64_t> thread_locations_;
    std::map<std::tuple<StringId, StringId, std::uint32_t>, std::uint64_t> functions_;
    std::map<StringId, std::uint32_t> mappings_;
    std::uint32_t next_location_ = 1;
    std::uint64_t next_function_ = 1;
    std::vector<std::uint64_t> path_;
};

bool PprofWriter::drain(std::size_t least) {
    if (bytes_.size() < least) return true;
    const bool written = gzip_.write(bytes_);
    bytes_.clear();
    return written;
}

void PprofWriter::make_nodes() {
    PairIndex shown;  // (function, line shown) to frame
    for (std::uint32_t i = 0; i < profile_.frames.size(); ++i) {
        const std::uint32_t function = profile_.frames[i].function.value;
        const std::uint32_t line = profile::shown_line(profile_, FrameId{i}, options_.lines);
        std::uint32_t first = shown.find(function, line);
        if (first == PairIndex::kNone) shown.insert(function, line, first = i);
        shown_frame_.push_back(first);
    }
    PairIndex known;  // (parent, shown frame) to node
    node_of_stack_.reserve(profile_.stacks.size());
    for (const StackNode& stack : profile_.stacks) {
        const std::uint32_t parent = stack.parent == kEmptyStack ? kNone : node_of_stack_[stack.parent.value];
        const std::uint32_t frame = shown_frame_[stack.frame.value];
        std::uint32_t node = known.find(parent, frame);
        if (node == PairIndex::kNone) {
            node = static_cast<std::uint32_t>(nodes_.size());
            known.insert(parent, frame, node);
            nodes_.push_back({parent, FrameId{frame}});
        }
        node_of_stack_.push_back(node);
    }
}

/// In an order that depends on the tables alone, so that a profile with a timeline and one without give the same bytes.
void PprofWriter::make_rows() {
    rows_.reserve(profile_.samples.size());
    for (const Sample& sample : profile_.samples) {
        const std::uint32_t node = sample.stack == kEmptyStack ? kNone : node_of_stack_[sample.stack.value];
        rows_.push_back({sample.thread, node, sample.state, sample.count, sample.weight.count()});
    }
    const auto key = [](const Row& row) { return std::tuple(row.thread, row.node, row.state); };
    std::sort(rows_.begin(), rows_.end(), [&](const Row& a, const Row& b) { return key(a) < key(b); });
    std::size_t kept = 0;
    for (const Row& row : rows_) {
        if (kept != 0 && key(rows_[kept - 1]) == key(row)) {
            rows_[kept - 1].count += row.count;
            rows_[kept - 1].weight += row.weight;
        } else {
            rows_[kept++] = row;
        }
    }
    rows_.resize(kept);
}

/// One mapping for each executable. It says that everything is named already, so that readers look for no symbols.
std::uint32_t PprofWriter::mapping_of(ProcessId id) {
    const StringId executable = profile_.processes[id.value].executable;
    const auto [found, is_new] = mappings_.try_emplace(executable, static_cast<std::uint32_t>(mappings_.size() + 1));
    if (is_new) {
        ProfileBuilder builder(bytes_);
        protozero::pbf_builder<MappingTag> mapping(builder, ProfileTag::kMapping);
        mapping.add_uint64(MappingTag::kId, found->second);
        mapping.add_int64(MappingTag::kFile, text(profile_.string(executable)));
        mapping.add_bool(MappingTag::kHasFunctions, true);
        mapping.add_bool(MappingTag::kHasFilenames, true);
        mapping.add_bool(MappingTag::kHasLineNumbers, true);
    }
    return found->second;
}

std::uint64_t PprofWriter::new_function(std::string_view name, std::string_view file, std::uint32_t first_line,
                                        std::string_view short_file) {
    const std::uint64_t id = next_function_++;
    ProfileBuilder builder(bytes_);
    protozero::pbf_builder<FunctionRowTag> function(builder, ProfileTag::kFunction);
    function.add_uint64(FunctionRowTag::kId, id);
    function.add_int64(FunctionRowTag::kName, text(name));
    function.add_int64(FunctionRowTag::kSystemName, text(system_name(name, short_file)));
    function.add_int64(FunctionRowTag::kFile, text(file));
    function.add_int64(FunctionRowTag::kStartLine, first_line);
    return id;
}

std::uint64_t PprofWriter::function(const Function& row) {
    const auto [found, is_new] = functions_.try_emplace({row.name, row.file, row.first_line}, next_function_);
    if (is_new)
        found->second = new_function(profile_.string(row.name), profile_.string(row.file), row.first_line,
                                     profile_.string(row.short_file));
    return found->second;
}

std::uint64_t PprofWriter::new_location(std::uint32_t mapping, std::uint64_t function, std::uint32_t line) {
    const std::uint64_t id = next_location_++;
    ProfileBuilder builder(bytes_);
    protozero::pbf_builder<LocationTag> location(builder, ProfileTag::kLocation);
    location.add_uint64(LocationTag::kId, id);
    location.add_uint64(LocationTag::kMapping, mapping);
    protozero::pbf_builder<LineTag> where(location, LocationTag::kLine);
    where.add_uint64(LineTag::kFunction, function);
    where.add_int64(LineTag::kLine, line);
    return id;
}

std::uint64_t PprofWriter::location(std::uint32_t mapping, FrameId frame) {
    if (const std::uint32_t known = locations_.find(mapping, frame.value); known != PairIndex::kNone) return known;
    const Function& row = profile_.function(frame);
    const std::uint64_t id = new_location(mapping, function(row), profile::shown_line(profile_, frame, options_.lines));
    locations_.insert(mapping, frame.value, static_cast<std::uint32_t>(id));
    return id;
}

std::uint64_t PprofWriter::no_frames(std::uint32_t mapping) {
    const auto [found, is_new] = no_frames_.try_emplace(mapping, 0);
    if (is_new) found->second = new_location(mapping, new_function(profile::kNoFrames, "", 0, ""), 0);
    return found->second;
}

std::uint64_t PprofWriter::thread_location(std::uint32_t mapping, ThreadId thread) {
    const auto [found, is_new] = thread_locations_.try_emplace(thread, 0);
    if (is_new) {
        const std::string label = profile::thread_label(profile_, thread);
        found->second = new_location(mapping, new_function(label, "", 0, ""), 0);
    }
    return found->second;
}

void PprofWriter::write_label(protozero::pbf_builder<SampleRowTag>& sample, std::string_view key,
                              std::string_view value) {
    protozero::pbf_builder<LabelTag> label(sample, SampleRowTag::kLabel);
    label.add_int64(LabelTag::kKey, text(key));
    label.add_int64(LabelTag::kText, text(value));
}
void PprofWriter::write_label(protozero::pbf_builder<SampleRowTag>& sample, std::string_view key, std::int64_t value) {
    protozero::pbf_builder<LabelTag> label(sample, SampleRowTag::kLabel);
    label.add_int64(LabelTag::kKey, text(key));
    label.add_int64(LabelTag::kNumber, value);
}

void PprofWriter::write_labels(protozero::pbf_builder<SampleRowTag>& sample, const Row& row) {
    const Thread& thread = profile_.threads[row.thread.value];
    write_label(sample, "process_id", profile_.processes[thread.process.value].pid.value);
    if (thread.os_tid.value != 0)
        write_label(sample, "thread_id", thread.os_tid.value);
    else
        write_label(sample, "thread_ident", fmt::format("{:#x}", thread.ident));
    if (const std::string& name = profile_.string(thread.name); !name.empty()) write_label(sample, "thread_name", name);
    write_label(sample, "state", state_text(row.state));
}

void PprofWriter::write_row(const Row& row) {
    const std::uint32_t mapping = mapping_of(profile_.threads[row.thread.value].process);
    path_.clear();  // innermost first, as pprof wants it
    for (std::uint32_t at = row.node; at != kNone; at = nodes_[at].parent)
        path_.push_back(location(mapping, nodes_[at].frame));
    if (path_.empty()) path_.push_back(no_frames(mapping));
    if (options_.threads) path_.push_back(thread_location(mapping, row.thread));
    const std::array<std::int64_t, 2> values = {static_cast<std::int64_t>(row.count), row.weight};
    ProfileBuilder builder(bytes_);
    protozero::pbf_builder<SampleRowTag> sample(builder, ProfileTag::kSample);
    sample.add_packed_uint64(SampleRowTag::kLocation, path_.begin(), path_.end());
    sample.add_packed_int64(SampleRowTag::kValue, values.begin(), values.begin() + (timed_ ? 2 : 1));
    write_labels(sample, row);
}

void PprofWriter::write_value_type(ProfileTag tag, std::string_view type, std::string_view unit) {
    ProfileBuilder builder(bytes_);
    protozero::pbf_builder<ValueTypeTag> value(builder, tag);
    value.add_int64(ValueTypeTag::kType, text(type));
    value.add_int64(ValueTypeTag::kUnit, text(unit));
}

void PprofWriter::write_comment(std::string_view words) {
    ProfileBuilder(bytes_).add_int64(ProfileTag::kComment, text(words));
}

void PprofWriter::write_head() {
    const ProfileInfo& info = profile_.info;
    const std::string_view clock = info.cpu_time ? "cpu" : "wall";
    write_value_type(ProfileTag::kSampleType, "samples", "count");
    if (timed_) write_value_type(ProfileTag::kSampleType, clock, "nanoseconds");
    write_value_type(ProfileTag::kPeriodType, clock, "nanoseconds");
    ProfileBuilder builder(bytes_);
    builder.add_int64(ProfileTag::kDefaultSampleType, text(timed_ ? clock : "samples"));
    builder.add_int64(ProfileTag::kPeriod, std::max<std::int64_t>(info.interval.count(), 0));
    if (info.started_unix.count() > 0) builder.add_int64(ProfileTag::kTime, info.started_unix.count());
    builder.add_int64(ProfileTag::kDuration, info.duration.count());
    if (!info.lampyr_version.empty()) write_comment("lampyr " + info.lampyr_version);
    write_comment(fmt::format("{:.1f} of {:.1f} Hz, {} stacks", info.rate_got_hz, info.rate_asked_hz, info.stacks));
    for (std::size_t i = 0; i < kLossCount; ++i)
        if (info.losses[i] != 0) write_comment(fmt::format("{}: {}", to_string(static_cast<Loss>(i)), info.losses[i]));
}

Result<void> PprofWriter::write() {
    write_head();
    make_nodes();
    make_rows();
    bool good = drain();
    for (std::size_t i = 0; i < rows_.size() && good; ++i) {
        write_row(rows_[i]);
        good = drain();
    }
    for (const std::string& string : strings_.rows()) {
        if (!good) break;
        ProfileBuilder(bytes_).add_bytes(ProfileTag::kString, string);
        good = drain();
    }
    if (!good || !drain(1) || !gzip_.finish())
        return Error{ErrorCode::kOutput, "the output could not be written", "", 0};
    return {};
}

}  // namespace

Result<void> write_pprof(const Profile& profile, const ExportOptions& options, ByteSink& sink) {
    return PprofWriter(profile, options, sink).write();
}

}  // namespace lampyr::exporter

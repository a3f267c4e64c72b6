// SPDX-License-Identifier: MIT
#include "import/draft.hpp"

#include "base/utf8.hpp"
#include "import/frame_label.hpp"
#include "profile/file_kind.hpp"
#include "profile/sample_key.hpp"

#include <algorithm>
#include <utility>

namespace lampyr::importer {

namespace {

constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 60;
constexpr std::int64_t kMaxTime = std::int64_t{1} << 60;

/// Without time, rows of the same thread, stack and state are one.
std::vector<Sample> counted(std::vector<Sample> samples) {
    std::vector<Sample> rows;
    profile::IdIndex index;
    for (Sample& sample : samples) {
        sample.start = std::chrono::nanoseconds(0);
        const std::uint32_t hash = profile::hash_of(sample);
        const std::uint32_t found =
            index.find(hash, [&](std::uint32_t row) { return profile::same_stack(rows[row], sample); });
        if (found == profile::IdIndex::kNone) {
            index.insert(hash, static_cast<std::uint32_t>(rows.size()));
            rows.push_back(sample);
        } else {
            rows[found].count += sample.count;
            rows[found].weight += sample.weight;
        }
    }
    return rows;
}

}  // namespace

Error too_large() { return Error{ErrorCode::kCorrupt, "the profile holds more than may be read into memory", "", 0}; }
Error sums_too_large() { return Error{ErrorCode::kCorrupt, "the profile holds numbers too large to add up", "", 0}; }

StringId Draft::text(std::string_view bytes) {
    spend(bytes.size() / 4);  // most are there already
    return base::is_valid_utf8(bytes) ? builder_.intern_string(bytes)
                                      : builder_.intern_string(base::utf8_from_bytes(bytes));
}

FrameId Draft::frame(const Function& function, std::uint32_t line) {
    return builder_.intern_frame(builder_.intern_function(function), line);
}

FrameId Draft::frame_of(std::string_view name, std::string_view file, std::uint32_t line) {
    Function function;
    function.name = text(name);
    function.file = text(file);
    function.short_file = function.file;
    const bool marker = file.empty() && name.starts_with('(') && name.ends_with(')');
    function.kind = marker ? FunctionKind::kMarker : profile::classify(file, {});
    return frame(function, line);
}

FrameId Draft::frame_of_label(std::string_view label) {
    const FrameLabel parts = split_label(label);
    return frame_of(parts.name, parts.file, parts.line);
}

StackId Draft::stack(StackId parent, FrameId frame) {
    const std::size_t before = builder_.stack_nodes();
    if (full()) return parent;
    const StackId id = builder_.intern_stack(parent, frame);
    if (builder_.stack_nodes() != before) spend(64);
    return id;
}

ProcessId Draft::process(std::int32_t pid, std::string_view command_line, std::string_view executable) {
    const StringId command = text(command_line);
    const auto [found, is_new] = processes_.try_emplace({pid, command}, ProcessId{});
    if (is_new) {
        spend(200);
        found->second = builder_.add_process(Process{Pid{pid}, command, text(executable), text("")});
    }
    return found->second;
}

ThreadId Draft::thread(ProcessId process, std::int32_t tid, std::uint64_t ident, std::string_view name) {
    const StringId id = text(name);
    const auto [found, is_new] = threads_.try_emplace({process, tid, ident, id}, ThreadId{});
    if (is_new) {
        spend(200);
        found->second = builder_.add_thread(Thread{process, Tid{tid}, ident, id});
    }
    return found->second;
}

bool Draft::add_sample(const Sample& sample) {
    if (sample.count > kMaxCount || total_count_ + sample.count > kMaxCount) return false;
    if (sample.weight.count() < 0 || sample.weight.count() > kMaxTime - total_weight_) return false;
    if (sample.start.count() < 0 || sample.start.count() > kMaxTime) return false;
    total_count_ += sample.count;
    total_weight_ += sample.weight.count();
    spend(2 * sizeof sample);
    samples_.push_back(sample);
    return true;
}

Profile Draft::finish(bool timeline) && {
    Profile profile = std::move(builder_).finish(info_);
    profile.info.stacks = total_count_;
    profile.info.timeline = timeline;
    profile.samples = timeline ? std::move(samples_) : counted(std::move(samples_));
    if (timeline)
        std::stable_sort(profile.samples.begin(), profile.samples.end(), [](const Sample& a, const Sample& b) {
            return std::tie(a.start, a.thread) < std::tie(b.start, b.thread);
        });
    return profile;
}

}  // namespace lampyr::importer

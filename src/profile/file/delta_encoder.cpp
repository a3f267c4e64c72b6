// SPDX-License-Identifier: MIT
#include "profile/file/delta_encoder.hpp"

#include "base/utf8.hpp"
#include "profile/file/format.hpp"

#include <protozero/pbf_builder.hpp>

#include <algorithm>

namespace lampyr::profile::file {

namespace {

using BlockBuilder = protozero::pbf_builder<BlockTag>;

// Rows of a column in one message: at most 10 bytes each in some eight columns.
constexpr std::size_t kRowsAtATime = 16'384;

void add_host(protozero::pbf_builder<InfoTag>& info, const Host& host) {
    protozero::pbf_builder<HostTag> builder(info, InfoTag::kHost);
    if (!host.name.empty()) builder.add_string(HostTag::kName, host.name);
    if (!host.kernel.empty()) builder.add_string(HostTag::kKernel, host.kernel);
    if (!host.machine.empty()) builder.add_string(HostTag::kMachine, host.machine);
    if (host.processors != 0) builder.add_uint32(HostTag::kProcessors, host.processors);
}

/// Calls `add` with pieces of the rows until all are through or it returns false.
template <typename Row, typename Add>
bool in_pieces(std::span<const Row> rows, Add&& add) {
    for (std::size_t at = 0; at < rows.size(); at += kRowsAtATime)
        if (!add(rows.subspan(at, std::min(kRowsAtATime, rows.size() - at)), at)) return false;
    return true;
}

}  // namespace

void DeltaEncoder::begin(const ProfileInfo& info) {
    message_.clear();
    BlockBuilder block(message_);
    protozero::pbf_builder<InfoTag> builder(block, BlockTag::kInfo);
    builder.add_string(InfoTag::kLampyrVersion, info.lampyr_version);
    builder.add_double(InfoTag::kRateAsked, info.rate_asked_hz);
    builder.add_double(InfoTag::kRateGot, info.rate_got_hz);
    builder.add_int64(InfoTag::kDuration, info.duration.count());
    builder.add_int64(InfoTag::kInterval, info.interval.count());
    builder.add_uint64(InfoTag::kTicks, info.ticks);
    builder.add_uint64(InfoTag::kStacks, info.stacks);
    for (std::size_t i = 0; i < kLossCount; ++i) {
        if (info.losses[i] == 0) continue;
        const std::string_view name = to_string(static_cast<Loss>(i));
        protozero::pbf_builder<LossTag> loss(builder, InfoTag::kLoss);
        loss.add_string(LossTag::kName, name.data(), name.size());
        loss.add_uint64(LossTag::kCount, info.losses[i]);
    }
    builder.add_bool(InfoTag::kIdleIncluded, info.idle_included);
    builder.add_bool(InfoTag::kGilOnly, info.gil_only);
    builder.add_bool(InfoTag::kBlocking, info.blocking);
    builder.add_bool(InfoTag::kNative, info.native);
    builder.add_bool(InfoTag::kTasks, info.tasks);
    builder.add_bool(InfoTag::kTimeline, info.timeline);
    builder.add_bool(InfoTag::kCpuTime, info.cpu_time);
    if (info.longest_interval.count() != 0) builder.add_int64(InfoTag::kLongestInterval, info.longest_interval.count());
    if (info.started_unix.count() != 0) builder.add_int64(InfoTag::kStarted, info.started_unix.count());
    add_host(builder, info.host);
}

void DeltaEncoder::add_string(std::string_view text) {
    if (text.size() > kMaxText) text = text.substr(0, base::complete_utf8_prefix(text.substr(0, kMaxText)));
    BlockBuilder(message_).add_bytes(BlockTag::kString, text.data(), text.size());
}

void DeltaEncoder::add_function(const Function& function) {
    BlockBuilder block(message_);
    protozero::pbf_builder<FunctionTag> builder(block, BlockTag::kFunction);
    builder.add_uint32(FunctionTag::kName, function.name.value);
    builder.add_uint32(FunctionTag::kFile, function.file.value);
    builder.add_uint32(FunctionTag::kShortFile, function.short_file.value);
    builder.add_uint32(FunctionTag::kFirstLine, function.first_line);
    builder.add_uint32(FunctionTag::kKind, static_cast<std::uint32_t>(function.kind));
}

void DeltaEncoder::add_process(const Process& process) {
    BlockBuilder block(message_);
    protozero::pbf_builder<ProcessTag> builder(block, BlockTag::kProcess);
    builder.add_int32(ProcessTag::kPid, process.pid.value);
    builder.add_uint32(ProcessTag::kCommandLine, process.command_line.value);
    builder.add_uint32(ProcessTag::kExecutable, process.executable.value);
    builder.add_uint32(ProcessTag::kPythonVersion, process.python_version.value);
}

void DeltaEncoder::add_thread(const ThreadUpdate& update) {
    BlockBuilder block(message_);
    protozero::pbf_builder<ThreadTag> builder(block, BlockTag::kThread);
    builder.add_uint32(ThreadTag::kRow, update.row.value);
    builder.add_uint32(ThreadTag::kProcess, update.thread.process.value);
    builder.add_int32(ThreadTag::kOsTid, update.thread.os_tid.value);
    builder.add_uint64(ThreadTag::kIdent, update.thread.ident);
    builder.add_uint32(ThreadTag::kName, update.thread.name.value);
}

/// Adds a packed column made by `value` from each row. protozero goes through it twice, so it is made first.
template <typename Row, typename Value>
static void add_column(std::string& message, std::vector<std::uint64_t>& scratch, BlockTag tag,
                       std::span<const Row> rows, Value&& value) {
    scratch.clear();
    for (const Row& row : rows) scratch.push_back(value(row));
    BlockBuilder(message).add_packed_uint64(tag, scratch.begin(), scratch.end());
}
template <typename Row, typename Value>
static void add_column(std::string& message, std::vector<std::int64_t>& scratch, BlockTag tag,
                       std::span<const Row> rows, Value&& value) {
    scratch.clear();
    for (const Row& row : rows) scratch.push_back(value(row));
    BlockBuilder(message).add_packed_sint64(tag, scratch.begin(), scratch.end());
}

void DeltaEncoder::add_frames(std::span<const Frame> frames) {
    add_column(message_, column_, BlockTag::kFrameFunction, frames, [](const Frame& f) { return f.function.value; });
    add_column(message_, column_, BlockTag::kFrameLine, frames, [](const Frame& f) { return f.line; });
}

void DeltaEncoder::add_stacks(std::span<const StackNode> stacks, std::uint32_t first) {
    std::uint32_t id = first;
    add_column(message_, column_, BlockTag::kStackParent, stacks, [&id](const StackNode& node) {
        const std::uint32_t own = id++;
        return node.parent == kEmptyStack ? 0U : own - node.parent.value;
    });
    add_column(message_, column_, BlockTag::kStackFrame, stacks, [](const StackNode& n) { return n.frame.value; });
}

void DeltaEncoder::add_samples(std::span<const Sample> samples) {
    add_column(message_, column_, BlockTag::kSampleThread, samples, [](const Sample& s) { return s.thread.value; });
    std::int64_t last = 0;
    add_column(message_, signed_column_, BlockTag::kSampleStack, samples, [&last](const Sample& s) {
        const std::int64_t number = s.stack == kEmptyStack ? 0 : std::int64_t{s.stack.value} + 1;
        return number - std::exchange(last, number);
    });
    add_column(message_, column_, BlockTag::kSampleState, samples,
               [](const Sample& s) { return static_cast<std::uint64_t>(s.state); });
    add_column(message_, column_, BlockTag::kSampleCount, samples, [](const Sample& s) { return s.count; });
    add_column(message_, signed_column_, BlockTag::kSampleWeight, samples,
               [](const Sample& s) { return std::int64_t{s.weight.count()}; });
    std::int64_t before = 0;
    add_column(message_, signed_column_, BlockTag::kSampleStart, samples,
               [&before](const Sample& s) { return s.start.count() - std::exchange(before, s.start.count()); });
}

void DeltaEncoder::add_grown(std::span<const SampleGrowth> grown) {
    add_column(message_, column_, BlockTag::kGrownRow, grown, [](const SampleGrowth& g) { return g.row; });
    add_column(message_, signed_column_, BlockTag::kGrownCount, grown, [](const SampleGrowth& g) { return g.count; });
    add_column(message_, signed_column_, BlockTag::kGrownWeight, grown,
               [](const SampleGrowth& g) { return std::int64_t{g.weight.count()}; });
    const bool other_stacks =
        std::any_of(grown.begin(), grown.end(), [](const SampleGrowth& g) { return g.stack.has_value(); });
    if (!other_stacks) return;
    add_column(message_, column_, BlockTag::kGrownStack, grown, [](const SampleGrowth& g) -> std::uint64_t {
        if (!g.stack) return 0;
        return *g.stack == kEmptyStack ? 1 : std::uint64_t{g.stack->value} + 2;
    });
}

void DeltaEncoder::add_end(const ProfileDelta& delta) {
    BlockBuilder block(message_);
    protozero::pbf_builder<EndTag> builder(block, BlockTag::kEnd);
    builder.add_bool(EndTag::kComplete, true);  // protozero leaves a message without fields out
    if (delta.end) builder.add_uint32(EndTag::kReason, static_cast<std::uint32_t>(*delta.end));
}

bool DeltaEncoder::flush(const ProfileDelta& delta, const Emit& emit) {
    const bool goes_on = emit(message_);
    begin(delta.info);
    return goes_on;
}

bool DeltaEncoder::end_if_full(const ProfileDelta& delta, const Emit& emit) {
    return message_.size() < kFullMessage || flush(delta, emit);
}

bool DeltaEncoder::encode(const ProfileDelta& delta, const Emit& emit, bool complete) {
    begin(delta.info);
    const auto each = [&](const auto& rows, auto&& add) {
        return std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
            add(row);
            return end_if_full(delta, emit);
        });
    };
    // A column stands once in a message, so a message with columns ends where the next piece begins.
    const auto columns = [&](const auto& rows, auto&& add) {
        return in_pieces(rows, [&](const auto& piece, std::size_t at) {
            if (at != 0 && !flush(delta, emit)) return false;
            add(piece, at);
            return true;
        });
    };
    const bool goes_on = each(delta.strings, [this](const std::string& text) { add_string(text); }) &&
                         each(delta.functions, [this](const Function& function) { add_function(function); }) &&
                         each(delta.processes, [this](const Process& process) { add_process(process); }) &&
                         each(delta.threads, [this](const ThreadUpdate& update) { add_thread(update); }) &&
                         columns(delta.frames, [this](const auto& piece, std::size_t) { add_frames(piece); }) &&
                         columns(delta.stacks,
                                 [&](const auto& piece, std::size_t at) {
                                     add_stacks(piece, delta.first_stack + static_cast<std::uint32_t>(at));
                                 }) &&
                         columns(delta.samples, [this](const auto& piece, std::size_t) { add_samples(piece); }) &&
                         columns(delta.grown, [this](const auto& piece, std::size_t) { add_grown(piece); });
    if (!goes_on) return false;
    if (delta.end || complete) add_end(delta);
    return emit(message_);
}

}  // namespace lampyr::profile::file

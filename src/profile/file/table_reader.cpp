// SPDX-License-Identifier: MIT
#include "profile/file/table_reader.hpp"

#include "base/utf8.hpp"
#include "profile/file/format.hpp"

#include <protozero/exception.hpp>
#include <protozero/pbf_message.hpp>
#include <protozero/varint.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <type_traits>

namespace lampyr::profile::file {

namespace {

// Sums of any two times or counts within these fit 64 bits: 2^60 ns are 36 years.
constexpr std::int64_t kMaxTime = std::int64_t{1} << 60;
constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 60;
constexpr std::uint32_t kMaxDepth = 1U << 17;  // deeper than any recording goes

/// What a message says contradicts itself or the messages before it. Thrown like protozero's own exceptions, so that the
/// decoding of a message has one way out; never leaves this file.
struct Contradiction {
    const char* what;
};

void require(bool condition, const char* what) {
    if (!condition) throw Contradiction{what};
}

// A field with another wire type than it should have is passed over like an unknown one.
constexpr std::uint32_t varint(auto tag) { return protozero::tag_and_type(tag, protozero::pbf_wire_type::varint); }
constexpr std::uint32_t fixed64(auto tag) { return protozero::tag_and_type(tag, protozero::pbf_wire_type::fixed64); }
constexpr std::uint32_t bytes(auto tag) {
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::length_delimited);
}

std::string_view view(protozero::data_view data) { return {data.data(), data.size()}; }

std::int64_t time(std::int64_t value) {
    require(value >= -kMaxTime && value <= kMaxTime, "a time that is too long");
    return value;
}

double finite(double value) { return std::isfinite(value) ? value : 0; }

/// A packed column as it lies in the message; its numbers are decoded as they are taken.
template <typename Value>
struct Column {
    const char* at = nullptr;
    const char* end = nullptr;
    void set(protozero::data_view packed) {
        require(at == nullptr, "a column twice in one block");
        at = packed.data();
        end = packed.data() + packed.size();
    }
    [[nodiscard]] bool more() const { return at != end; }
    [[nodiscard]] Value take() {
        require(more(), "columns of different lengths");
        const std::uint64_t number = protozero::decode_varint(&at, end);
        if constexpr (std::is_signed_v<Value>)
            return protozero::decode_zigzag64(number);
        else
            return number;
    }
};

bool in_time(const Sample& a, const Sample& b) { return std::tie(a.start, a.thread) < std::tie(b.start, b.thread); }

template <typename... Each>
void require_done(const Each&... columns) {
    require((!columns.more() && ...), "columns of different lengths");
}

}  // namespace

struct TableReader::Columns {
    Column<std::uint64_t> frame_function, frame_line, stack_parent, stack_frame;
    Column<std::uint64_t> thread, state, count, grown_row, grown_stack;
    Column<std::int64_t> stack, weight, start, grown_count, grown_weight;
};

TableReader::TableReader(const ReadLimits& limits, Profile&& spare) : limits_(limits) {
    read_.complete = false;
    read_.profile = std::move(spare);
    Profile& tables = read_.profile;
    tables.info = {};
    tables.strings.clear();
    tables.functions.clear();
    tables.frames.clear();
    tables.stacks.clear();
    tables.processes.clear();
    tables.threads.clear();
    tables.samples.clear();
}

StringId TableReader::text(std::uint64_t id) const {
    require(id < read_.profile.strings.size(), "a text that is not there");
    return StringId{static_cast<std::uint32_t>(id)};
}

void TableReader::spend(std::uint64_t bytes) {
    memory_ += bytes;
    require(memory_ <= limits_.memory, "more than may be read into memory");
}

void TableReader::add_sums(std::uint64_t count, std::int64_t weight) {
    require(count <= kMaxCount && total_count_ + count <= kMaxCount, "a count that is too large");
    require(weight >= -kMaxTime && weight <= kMaxTime, "a time that is too long");
    total_count_ += count;
    total_weight_ += weight;
    require(total_weight_ <= kMaxTime, "times that are too long together");
}

void TableReader::read_host(std::string_view encoded) {
    Host& host = read_.profile.info.host;
    protozero::pbf_message<HostTag> message(encoded.data(), encoded.size());
    while (message.next()) {
        switch (message.tag_and_type()) {
            case bytes(HostTag::kName): host.name = base::utf8_from_bytes(view(message.get_view())); break;
            case bytes(HostTag::kKernel): host.kernel = base::utf8_from_bytes(view(message.get_view())); break;
            case bytes(HostTag::kMachine): host.machine = base::utf8_from_bytes(view(message.get_view())); break;
            case varint(HostTag::kProcessors): host.processors = message.get_uint32(); break;
            default: message.skip();
        }
    }
}

/// Losses go by name, so a cause that this version does not know is passed over and none is mistaken for another.
void TableReader::read_loss(std::string_view encoded) {
    std::string_view name;
    std::uint64_t count = 0;
    protozero::pbf_message<LossTag> message(encoded.data(), encoded.size());
    while (message.next()) {
        switch (message.tag_and_type()) {
            case bytes(LossTag::kName): name = view(message.get_view()); break;
            case varint(LossTag::kCount): count = std::min(message.get_uint64(), kMaxCount); break;
            default: message.skip();
        }
    }
    for (std::size_t i = 0; i < kLossCount; ++i)
        if (to_string(static_cast<Loss>(i)) == name) read_.profile.info.losses[i] = count;
}

void TableReader::read_info(std::string_view encoded) {
    ProfileInfo& info = read_.profile.info;
    protozero::pbf_message<InfoTag> message(encoded.data(), encoded.size());
    while (message.next()) {
        switch (message.tag_and_type()) {
            case bytes(InfoTag::kLampyrVersion):
                info.lampyr_version = base::utf8_from_bytes(view(message.get_view()));
                break;
            case fixed64(InfoTag::kRateAsked): info.rate_asked_hz = finite(message.get_double()); break;
            case fixed64(InfoTag::kRateGot): info.rate_got_hz = finite(message.get_double()); break;
            case varint(InfoTag::kDuration): info.duration = std::chrono::nanoseconds(time(message.get_int64())); break;
            case varint(InfoTag::kInterval): info.interval = std::chrono::nanoseconds(time(message.get_int64())); break;
            case varint(InfoTag::kTicks): info.ticks = std::min(message.get_uint64(), kMaxCount); break;
            case bytes(InfoTag::kLoss): read_loss(view(message.get_view())); break;
            case varint(InfoTag::kIdleIncluded): info.idle_included = message.get_bool(); break;
            case varint(InfoTag::kGilOnly): info.gil_only = message.get_bool(); break;
            case varint(InfoTag::kBlocking): info.blocking = message.get_bool(); break;
            case varint(InfoTag::kNative): info.native = message.get_bool(); break;
            case varint(InfoTag::kTasks): info.tasks = message.get_bool(); break;
            case varint(InfoTag::kTimeline): info.timeline = message.get_bool(); break;
            case varint(InfoTag::kCpuTime): info.cpu_time = message.get_bool(); break;
            case varint(InfoTag::kLongestInterval):
                info.longest_interval = std::chrono::nanoseconds(time(message.get_int64()));
                break;
            case varint(InfoTag::kStarted): info.started_unix = std::chrono::nanoseconds(message.get_int64()); break;
            case bytes(InfoTag::kHost): read_host(view(message.get_view())); break;
            default: message.skip();
        }
    }
}

void TableReader::read_string(std::string_view text) {
    std::vector<std::string>& strings = read_.profile.strings;
    require(text.size() <= kMaxText, "a text that is too long");
    require(!strings.empty() || text.empty(), "a table of texts that does not begin with the empty one");
    spend(text.size() + sizeof(std::string));
    strings.push_back(base::is_valid_utf8(text) ? std::string(text) : base::utf8_from_bytes(text));
}

void TableReader::read_function(std::string_view encoded) {
    Function function;
    std::uint32_t kind = 0;
    protozero::pbf_message<FunctionTag> message(encoded.data(), encoded.size());
    while (message.next()) {
        switch (message.tag_and_type()) {
            case varint(FunctionTag::kName): function.name = text(message.get_uint32()); break;
            case varint(FunctionTag::kFile): function.file = text(message.get_uint32()); break;
            case varint(FunctionTag::kShortFile): function.short_file = text(message.get_uint32()); break;
            case varint(FunctionTag::kFirstLine): function.first_line = message.get_uint32(); break;
            case varint(FunctionTag::kKind): kind = message.get_uint32(); break;
            default: message.skip();
        }
    }
    require(!read_.profile.strings.empty(), "a text that is not there");
    // A kind that a later version knows is drawn as the project's own; it is never counted differently.
    function.kind = kind < kFunctionKinds ? static_cast<FunctionKind>(kind) : FunctionKind::kProject;
    spend(sizeof function);
    read_.profile.functions.push_back(function);
}

void TableReader::read_process(std::string_view encoded) {
    Process process;
    protozero::pbf_message<ProcessTag> message(encoded.data(), encoded.size());
    while (message.next()) {
        switch (message.tag_and_type()) {
            case varint(ProcessTag::kPid): process.pid = Pid{message.get_int32()}; break;
            case varint(ProcessTag::kCommandLine): process.command_line = text(message.get_uint32()); break;
            case varint(ProcessTag::kExecutable): process.executable = text(message.get_uint32()); break;
            case varint(ProcessTag::kPythonVersion): process.python_version = text(message.get_uint32()); break;
            default: message.skip();
        }
    }
    require(!read_.profile.strings.empty(), "a text that is not there");
    spend(sizeof process);
    read_.profile.processes.push_back(process);
}

void TableReader::read_thread(std::string_view encoded) {
    Thread thread;
    std::uint32_t row = 0;
    protozero::pbf_message<ThreadTag> message(encoded.data(), encoded.size());
    while (message.next()) {
        switch (message.tag_and_type()) {
            case varint(ThreadTag::kRow): row = message.get_uint32(); break;
            case varint(ThreadTag::kProcess): thread.process = ProcessId{message.get_uint32()}; break;
            case varint(ThreadTag::kOsTid): thread.os_tid = Tid{message.get_int32()}; break;
            case varint(ThreadTag::kIdent): thread.ident = message.get_uint64(); break;
            case varint(ThreadTag::kName): thread.name = text(message.get_uint32()); break;
            default: message.skip();
        }
    }
    std::vector<Thread>& threads = read_.profile.threads;
    require(!read_.profile.strings.empty(), "a text that is not there");
    require(thread.process.value < read_.profile.processes.size(), "a thread of no process");
    require(row <= threads.size(), "a thread out of order");
    if (row < threads.size()) {
        require(threads[row].process == thread.process, "a thread that changes its process");
        threads[row] = thread;
        return;
    }
    spend(sizeof thread);
    threads.push_back(thread);
}

void TableReader::read_end(std::string_view encoded) {
    read_.complete = true;
    protozero::pbf_message<EndTag> message(encoded.data(), encoded.size());
    while (message.next()) {
        if (message.tag_and_type() != varint(EndTag::kReason)) {
            message.skip();
            continue;
        }
        const std::uint32_t reason = message.get_uint32();
        if (reason < kStopReasons) read_.end = static_cast<StopReason>(reason);
    }
}

void TableReader::add_frames(Columns& columns) {
    while (columns.frame_function.more()) {
        const std::uint64_t function = columns.frame_function.take();
        const std::uint64_t line = columns.frame_line.take();
        require(function < read_.profile.functions.size(), "a function that is not there");
        require(line <= UINT32_MAX, "a line that is too large");
        spend(sizeof(Frame));
        read_.profile.frames.push_back(
            {FunctionId{static_cast<std::uint32_t>(function)}, static_cast<std::uint32_t>(line)});
    }
    require_done(columns.frame_line);
}

void TableReader::add_stacks(Columns& columns) {
    std::vector<StackNode>& stacks = read_.profile.stacks;
    while (columns.stack_parent.more()) {
        const std::uint64_t distance = columns.stack_parent.take();
        const std::uint64_t frame = columns.stack_frame.take();
        const auto own = static_cast<std::uint32_t>(stacks.size());
        require(own != kEmptyStack.value, "too many stacks");
        require(distance <= own, "a stack that is not there");
        require(frame < read_.profile.frames.size(), "a frame that is not there");
        const StackId parent = distance == 0 ? kEmptyStack : StackId{own - static_cast<std::uint32_t>(distance)};
        const std::uint32_t depth = distance == 0 ? 1 : depth_[parent.value] + 1;
        require(depth <= kMaxDepth, "a stack that is too deep");
        spend(sizeof(StackNode) + sizeof depth);
        depth_.push_back(depth);
        stacks.push_back({parent, FrameId{static_cast<std::uint32_t>(frame)}});
    }
    require_done(columns.stack_frame);
}

void TableReader::add_samples(Columns& columns) {
    std::int64_t stack = 0;
    std::int64_t start = 0;
    while (columns.thread.more()) {
        Sample sample;
        const std::uint64_t thread = columns.thread.take();
        const std::uint64_t state = columns.state.take();
        const std::int64_t stack_step = columns.stack.take();
        const std::int64_t start_step = time(columns.start.take());
        sample.count = columns.count.take();
        sample.weight = std::chrono::nanoseconds(columns.weight.take());
        require(thread < read_.profile.threads.size(), "a thread that is not there");
        require(stack_step >= -(std::int64_t{1} << 33) && stack_step <= std::int64_t{1} << 33,
                "a stack that is not there");
        stack += stack_step;
        start = time(start + start_step);
        require(stack >= 0 && stack <= static_cast<std::int64_t>(read_.profile.stacks.size()),
                "a stack that is not there");
        require(sample.weight.count() >= 0, "a time below zero");
        add_sums(sample.count, sample.weight.count());
        sample.thread = ThreadId{static_cast<std::uint32_t>(thread)};
        sample.stack = stack == 0 ? kEmptyStack : StackId{static_cast<std::uint32_t>(stack - 1)};
        // A state that a later version knows is, to this one, not known.
        sample.state = state < kThreadStates ? static_cast<ThreadState>(state) : ThreadState::kUnknown;
        sample.start = std::chrono::nanoseconds(start);
        spend(sizeof sample);
        std::vector<Sample>& samples = read_.profile.samples;
        empty_rows_ = empty_rows_ || sample.count == 0;
        in_order_ = in_order_ && (samples.empty() || !in_time(sample, samples.back()));
        samples.push_back(sample);
    }
    require_done(columns.state, columns.stack, columns.start, columns.count, columns.weight);
}

void TableReader::add_grown(Columns& columns) {
    std::vector<Sample>& samples = read_.profile.samples;
    const bool other_stacks = columns.grown_stack.more();
    while (columns.grown_row.more()) {
        const std::uint64_t row = columns.grown_row.take();
        const std::int64_t count = columns.grown_count.take();
        const std::int64_t weight = columns.grown_weight.take();
        const std::uint64_t stack = other_stacks ? columns.grown_stack.take() : 0;
        require(row < samples.size(), "a sample that is not there");
        require(stack < read_.profile.stacks.size() + 2, "a stack that is not there");
        Sample& sample = samples[row];
        require(count >= -static_cast<std::int64_t>(sample.count), "a count below zero");
        // Taken away first: so none of the sums is ever more than what is there.
        if (count < 0) total_count_ -= static_cast<std::uint64_t>(-count);
        add_sums(count > 0 ? static_cast<std::uint64_t>(count) : 0, weight);
        sample.count = static_cast<std::uint64_t>(static_cast<std::int64_t>(sample.count) + count);
        sample.weight += std::chrono::nanoseconds(weight);
        empty_rows_ = empty_rows_ || sample.count == 0;
        require(sample.weight.count() >= 0, "a time below zero");  // so none exceeds their sum
        if (stack == 1) sample.stack = kEmptyStack;
        if (stack > 1) sample.stack = StackId{static_cast<std::uint32_t>(stack - 2)};
    }
    require_done(columns.grown_count, columns.grown_weight, columns.grown_stack);
}

void TableReader::read_message(std::string_view encoded, Columns& columns) {
    protozero::pbf_message<BlockTag> message(encoded.data(), encoded.size());
    while (message.next()) {
        switch (message.tag_and_type()) {
            case bytes(BlockTag::kInfo): read_info(view(message.get_view())); break;
            case bytes(BlockTag::kString): read_string(view(message.get_view())); break;
            case bytes(BlockTag::kFunction): read_function(view(message.get_view())); break;
            case bytes(BlockTag::kProcess): read_process(view(message.get_view())); break;
            case bytes(BlockTag::kThread): read_thread(view(message.get_view())); break;
            case bytes(BlockTag::kEnd): read_end(view(message.get_view())); break;
            case bytes(BlockTag::kFrameFunction): columns.frame_function.set(message.get_view()); break;
            case bytes(BlockTag::kFrameLine): columns.frame_line.set(message.get_view()); break;
            case bytes(BlockTag::kStackParent): columns.stack_parent.set(message.get_view()); break;
            case bytes(BlockTag::kStackFrame): columns.stack_frame.set(message.get_view()); break;
            case bytes(BlockTag::kSampleThread): columns.thread.set(message.get_view()); break;
            case bytes(BlockTag::kSampleStack): columns.stack.set(message.get_view()); break;
            case bytes(BlockTag::kSampleState): columns.state.set(message.get_view()); break;
            case bytes(BlockTag::kSampleCount): columns.count.set(message.get_view()); break;
            case bytes(BlockTag::kSampleWeight): columns.weight.set(message.get_view()); break;
            case bytes(BlockTag::kSampleStart): columns.start.set(message.get_view()); break;
            case bytes(BlockTag::kGrownRow): columns.grown_row.set(message.get_view()); break;
            case bytes(BlockTag::kGrownCount): columns.grown_count.set(message.get_view()); break;
            case bytes(BlockTag::kGrownWeight): columns.grown_weight.set(message.get_view()); break;
            case bytes(BlockTag::kGrownStack): columns.grown_stack.set(message.get_view()); break;
            default: message.skip();
        }
    }
}

Result<void> TableReader::add(std::string_view message) {
    const char* wrong = nullptr;
    try {
        Columns columns;
        read_message(message, columns);
        add_frames(columns);
        add_stacks(columns);
        add_samples(columns);
        add_grown(columns);
        return {};
    } catch (const protozero::exception&) {
        wrong = "a message that is not well-formed";
    } catch (const Contradiction& found) {
        wrong = found.what;
    }
    return Error{ErrorCode::kCorrupt, fmt::format("the profile holds {}", wrong), "", 0};
}

ReadProfile TableReader::finish() && {
    Profile& profile = read_.profile;
    if (profile.strings.empty()) profile.strings.emplace_back();
    profile.info.stacks = total_count_;
    if (empty_rows_) std::erase_if(profile.samples, [](const Sample& sample) { return sample.count == 0; });
    if (profile.info.timeline && !in_order_) std::stable_sort(profile.samples.begin(), profile.samples.end(), in_time);
    return std::move(read_);
}

}  // namespace lampyr::profile::file

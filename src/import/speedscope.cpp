// SPDX-License-Identifier: MIT
#include "import/speedscope.hpp"

#include "import/draft.hpp"
#include "import/frame_label.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace lampyr::importer {

namespace {

using rapidjson::Value;
using std::chrono::nanoseconds;

Error corrupt(std::string message) { return Error{ErrorCode::kCorrupt, std::move(message), "", 0}; }

const Value* member(const Value& object, const char* name) {
    if (!object.IsObject()) return nullptr;
    const auto found = object.FindMember(name);
    return found == object.MemberEnd() ? nullptr : &found->value;
}
const Value* array(const Value& object, const char* name) {
    const Value* value = member(object, name);
    return value != nullptr && value->IsArray() ? value : nullptr;
}
std::string_view text(const Value& object, const char* name) {
    const Value* value = member(object, name);
    return value != nullptr && value->IsString() ? std::string_view(value->GetString(), value->GetStringLength())
                                                 : std::string_view();
}
double number(const Value& object, const char* name) {
    const Value* value = member(object, name);
    return value != nullptr && value->IsNumber() ? value->GetDouble() : 0;
}

/// Nanoseconds in one of the unit; 0: not a unit of time.
double nanoseconds_in(std::string_view unit) {
    if (unit == "seconds") return 1e9;
    if (unit == "milliseconds") return 1e6;
    if (unit == "microseconds") return 1e3;
    if (unit == "nanoseconds") return 1;
    return 0;
}

/// `Thread TID "name"` with or without `Process PID ` before it, as lampyr and py-spy name profiles.
struct ProfileName {
    std::int32_t pid = 0;
    std::int32_t tid = 0;
    std::uint64_t ident = 0;
    std::string_view name;
};
ProfileName split_name(std::string_view text) {
    const ProfileName whole{0, 0, 0, text};
    ProfileName parts;
    const auto take_word = [&text](std::string_view prefix) {
        if (!text.starts_with(prefix)) return std::string_view();
        const std::string_view word = text.substr(prefix.size(), text.find(' ', prefix.size()) - prefix.size());
        text.remove_prefix(std::min(text.size(), prefix.size() + word.size() + 1));
        return word;
    };
    parts.pid = whole_number<std::int32_t>(take_word("Process ")).value_or(0);
    const std::string_view word = take_word("Thread ");
    if (word.starts_with("0x"))
        parts.ident = whole_number<std::uint64_t>(word.substr(2), 16).value_or(0);
    else
        parts.tid = whole_number<std::int32_t>(word).value_or(0);
    if (parts.tid == 0 && parts.ident == 0) return whole;
    if (text.empty()) return parts;
    if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return whole;
    parts.name = text.substr(1, text.size() - 2);
    return parts;
}

/// A stack for a time, from one profile of the file.
struct Entry {
    StackId stack;
    double begin = 0;
    double weight = 0;  ///< in the file's unit
};

class SpeedscopeReader {
  public:
    SpeedscopeReader(const Value& document, const ReadLimits& limits) : document_(document), draft_(limits) {}
    [[nodiscard]] Result<ReadProfile> read();

  private:
    [[nodiscard]] Result<void> read_frames();
    void read_facts();
    [[nodiscard]] Result<void> read_profile(const Value& profile);
    [[nodiscard]] Result<void> read_sampled(const Value& profile, std::vector<Entry>& entries);
    [[nodiscard]] Result<void> read_evented(const Value& profile, std::vector<Entry>& entries);
    [[nodiscard]] Result<void> add_entries(const std::vector<Entry>& entries, ThreadId thread, double unit);
    [[nodiscard]] Result<StackId> stack_of(const Value& frames);
    [[nodiscard]] Result<FrameId> frame_of(const Value& index) const;

    const Value& document_;
    Draft draft_;
    std::vector<FrameId> frames_;
    double interval_ns_ = 0;
};

Result<FrameId> SpeedscopeReader::frame_of(const Value& index) const {
    if (!index.IsUint() || index.GetUint() >= frames_.size()) return corrupt("a stack has a frame that is not there");
    return frames_[index.GetUint()];
}

Result<void> SpeedscopeReader::read_frames() {
    const Value* shared = member(document_, "shared");
    const Value* frames = shared == nullptr ? nullptr : array(*shared, "frames");
    if (frames == nullptr) return corrupt("the file has no table of frames (shared.frames)");
    for (const Value& frame : frames->GetArray()) {
        const double line = number(frame, "line");
        frames_.push_back(draft_.frame_of(text(frame, "name"), text(frame, "file"),
                                          line > 0 && line < 4e9 ? static_cast<std::uint32_t>(line) : 0));
        if (draft_.full()) return too_large();
    }
    return {};
}

/// What lampyr writes beside the format.
void SpeedscopeReader::read_facts() {
    const Value* facts = member(document_, "lampyr");
    if (facts == nullptr) return;
    ProfileInfo& info = draft_.info();
    const auto whole = [](double value) { return value > 0 && value < 1e15 ? static_cast<std::uint64_t>(value) : 0; };
    info.rate_asked_hz = number(*facts, "rate_asked_hz");
    info.rate_got_hz = number(*facts, "rate_got_hz");
    info.ticks = whole(number(*facts, "ticks"));
    const double duration = number(*facts, "duration_seconds");
    if (duration > 0 && duration < 1e9) info.duration = nanoseconds(static_cast<std::int64_t>(duration * 1e9));
    if (info.rate_asked_hz >= 1e-6 && info.rate_asked_hz <= 1e9) interval_ns_ = 1e9 / info.rate_asked_hz;
    for (const auto& [name, value] : {std::pair{"idle_included", &info.idle_included},
                                      {"gil_only", &info.gil_only},
                                      {"cpu_time", &info.cpu_time},
                                      {"blocking", &info.blocking},
                                      {"native", &info.native},
                                      {"tasks", &info.tasks}}) {
        const Value* flag = member(*facts, name);
        *value = flag != nullptr && flag->IsTrue();
    }
    if (const Value* losses = member(*facts, "losses"))
        for (std::size_t i = 0; i < kLossCount; ++i)
            info.losses[i] = whole(number(*losses, std::string(to_string(static_cast<Loss>(i))).c_str()));
}

Result<StackId> SpeedscopeReader::stack_of(const Value& frames) {
    constexpr rapidjson::SizeType kMaxDepth = 1U << 17;
    if (!frames.IsArray() || frames.Size() > kMaxDepth) return corrupt("a sample is not a list of frames");
    StackId stack = kEmptyStack;
    for (const Value& index : frames.GetArray()) {
        const Result<FrameId> frame = frame_of(index);
        if (!frame) return frame.error();
        stack = draft_.stack(stack, *frame);
    }
    return stack;
}

Result<void> SpeedscopeReader::read_sampled(const Value& profile, std::vector<Entry>& entries) {
    const Value* samples = array(profile, "samples");
    const Value* weights = array(profile, "weights");
    if (samples == nullptr || weights == nullptr || samples->Size() != weights->Size())
        return corrupt("a profile's samples and weights do not go together");
    double now = std::max(number(profile, "startValue"), 0.0);
    for (rapidjson::SizeType i = 0; i < samples->Size(); ++i) {
        const Value& weight = (*weights)[i];
        if (!weight.IsNumber() || weight.GetDouble() < 0) return corrupt("a weight is no time");
        const Result<StackId> stack = stack_of((*samples)[i]);
        if (!stack) return stack.error();
        if (draft_.full()) return too_large();
        if (*stack != kEmptyStack) entries.push_back({*stack, now, weight.GetDouble()});  // empty: a hole
        now += weight.GetDouble();
    }
    return {};
}

Result<void> SpeedscopeReader::read_evented(const Value& profile, std::vector<Entry>& entries) {
    const Value* events = array(profile, "events");
    if (events == nullptr) return corrupt("a profile has no events");
    std::vector<StackId> open{kEmptyStack};
    double last = number(profile, "startValue");
    for (const Value& event : events->GetArray()) {
        const Value* index = member(event, "frame");
        const std::string_view type = text(event, "type");
        const double at = number(event, "at");
        if (index == nullptr || at < last) return corrupt("an event is out of order");
        if (open.back() != kEmptyStack && at > last) entries.push_back({open.back(), last, at - last});
        last = at;
        const Result<FrameId> frame = frame_of(*index);
        if (!frame) return frame.error();
        if (type == "O" && open.size() <= 1U << 17)
            open.push_back(draft_.stack(open.back(), *frame));
        else if (type == "C" && open.size() > 1)
            open.pop_back();
        else
            return corrupt("events do not open and close frames");
        if (draft_.full()) return too_large();
    }
    return {};
}

Result<void> SpeedscopeReader::add_entries(const std::vector<Entry>& entries, ThreadId thread, double unit) {
    double least = std::numeric_limits<double>::max();
    for (const Entry& entry : entries)
        if (entry.weight > 0) least = std::min(least, entry.weight);
    const double interval = unit > 0 && interval_ns_ > 0 ? interval_ns_ / unit : least;
    for (const Entry& entry : entries) {
        constexpr double kMost = 1e18;
        const double count = unit > 0 ? std::max(1.0, std::round(entry.weight / interval)) : entry.weight;
        if (!(count < kMost && entry.weight * unit < kMost && entry.begin * unit < kMost)) return sums_too_large();
        if (count < 1) continue;
        Sample sample;
        sample.thread = thread;
        sample.stack = entry.stack;
        sample.count = static_cast<std::uint64_t>(count);
        sample.weight = nanoseconds(std::llround(entry.weight * unit));
        sample.start = nanoseconds(std::llround(entry.begin * unit));
        if (!draft_.add_sample(sample)) return sums_too_large();
        if (draft_.full()) return too_large();
    }
    return {};
}

Result<void> SpeedscopeReader::read_profile(const Value& profile) {
    const std::string_view unit = text(profile, "unit");
    if (unit == "bytes") return corrupt("a profile counts bytes, which lampyr does not read");
    const ProfileName name = split_name(text(profile, "name"));
    std::vector<Entry> entries;
    const std::string_view type = text(profile, "type");
    if (type != "sampled" && type != "evented") return corrupt("a profile is neither sampled nor evented");
    const Result<void> read = type == "sampled" ? read_sampled(profile, entries) : read_evented(profile, entries);
    if (!read) return read;
    const ThreadId thread = draft_.thread(draft_.process(name.pid), name.tid, name.ident, name.name);
    return add_entries(entries, thread, nanoseconds_in(unit));
}

Result<ReadProfile> SpeedscopeReader::read() {
    if (auto frames = read_frames(); !frames) return frames.error();
    read_facts();
    const Value* profiles = array(document_, "profiles");
    if (profiles == nullptr) return corrupt("the file has no profiles");
    bool timed = true;
    for (const Value& profile : profiles->GetArray()) {
        timed = timed && nanoseconds_in(text(profile, "unit")) > 0;
        if (auto done = read_profile(profile); !done) return done.error();
    }
    ReadProfile read;
    read.format = SourceFormat::kSpeedscope;
    if (interval_ns_ > 0) draft_.info().interval = nanoseconds(std::llround(interval_ns_));
    read.profile = std::move(draft_).finish(timed);
    return read;
}

}  // namespace

Result<ReadProfile> read_speedscope(std::string_view json, const ReadLimits& limits) {
    // A value needs 16 bytes and may have been written in two.
    if (json.size() > limits.memory / 8) return too_large();
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag>(json.data(), json.size());
    if (document.HasParseError())
        return corrupt(fmt::format("not JSON after byte {}: {}", document.GetErrorOffset(),
                                   rapidjson::GetParseError_En(document.GetParseError())));
    if (array(document, "traceEvents") != nullptr || document.IsArray())
        return corrupt("this is a trace; lampyr reads speedscope's JSON only");
    return SpeedscopeReader(document, limits).read();
}

}  // namespace lampyr::importer

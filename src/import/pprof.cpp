// SPDX-License-Identifier: MIT
#include "import/pprof.hpp"

#include "import/draft.hpp"
#include "profile/file_kind.hpp"
#include "profile/pprof_tags.hpp"

#include <protozero/exception.hpp>
#include <protozero/pbf_message.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace lampyr::importer {

namespace {

using namespace profile::pprof;
using std::chrono::nanoseconds;

/// As in the reader of lampyr's own files: one way out of decoding; never leaves this file.
struct Contradiction {
    const char* what;
};
void require(bool condition, const char* what) {
    if (!condition) throw Contradiction{what};
}

constexpr std::uint32_t varint(auto tag) { return protozero::tag_and_type(tag, protozero::pbf_wire_type::varint); }
constexpr std::uint32_t bytes(auto tag) {
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::length_delimited);
}

struct ValueType {
    std::string_view type;
    std::string_view unit;
};

/// Nanoseconds in one of the unit; 0: not a unit of time.
double nanoseconds_in(std::string_view unit) {
    if (unit == "nanoseconds") return 1;
    if (unit == "microseconds") return 1e3;
    if (unit == "milliseconds") return 1e6;
    if (unit == "seconds") return 1e9;
    return 0;
}

class PprofReader {
  public:
    PprofReader(std::string_view encoded, const ReadLimits& limits) : encoded_(encoded), draft_(limits) {}
    [[nodiscard]] Result<ReadProfile> read();

  private:
    struct RawFunction {
        std::int64_t name = 0, system_name = 0, file = 0, first_line = 0;
    };
    struct Labels {
        std::int32_t pid = 0, tid = 0;
        std::uint64_t ident = 0;
        std::string_view thread_name;
        ThreadState state = ThreadState::kUnknown;
    };

    template <typename Each>
    void each_field(Each&& each);
    [[nodiscard]] std::string_view text(std::int64_t index) const;
    [[nodiscard]] ValueType value_type(protozero::data_view data) const;
    void read_tables();
    void read_function(protozero::data_view data);
    void read_location(protozero::data_view data);
    void read_mapping(protozero::data_view data);
    void choose_values();
    void read_sample(protozero::data_view data);
    void read_label(protozero::data_view data, Labels& labels);
    [[nodiscard]] FrameId frame(std::uint64_t function, std::int64_t line);
    void set_values(Sample& sample, const std::vector<std::int64_t>& values) const;

    std::string_view encoded_;
    Draft draft_;
    std::vector<std::string_view> strings_;
    std::vector<ValueType> types_;
    ValueType period_type_;
    std::int64_t period_ = 0;
    std::string_view executable_;
    std::unordered_map<std::uint64_t, RawFunction> functions_;
    std::unordered_map<std::uint64_t, std::vector<FrameId>> locations_;  // frames, innermost first
    std::optional<std::size_t> count_at_, time_at_;
    double time_unit_ = 0;
    std::vector<std::uint64_t> path_;
    std::vector<std::int64_t> values_;
};

template <typename Each>
void PprofReader::each_field(Each&& each) {
    protozero::pbf_message<ProfileTag> message(encoded_.data(), encoded_.size());
    while (message.next()) each(message);
}

std::string_view PprofReader::text(std::int64_t index) const {
    require(index >= 0 && static_cast<std::uint64_t>(index) < strings_.size(), "a text that is not there");
    return strings_[static_cast<std::size_t>(index)];
}

ValueType PprofReader::value_type(protozero::data_view data) const {
    ValueType type;
    protozero::pbf_message<ValueTypeTag> message(data);
    while (message.next()) {
        switch (message.tag_and_type()) {
            case varint(ValueTypeTag::kType): type.type = text(message.get_int64()); break;
            case varint(ValueTypeTag::kUnit): type.unit = text(message.get_int64()); break;
            default: message.skip();
        }
    }
    return type;
}

void PprofReader::read_function(protozero::data_view data) {
    RawFunction function;
    std::uint64_t id = 0;
    protozero::pbf_message<FunctionRowTag> message(data);
    while (message.next()) {
        switch (message.tag_and_type()) {
            case varint(FunctionRowTag::kId): id = message.get_uint64(); break;
            case varint(FunctionRowTag::kName): function.name = message.get_int64(); break;
            case varint(FunctionRowTag::kSystemName): function.system_name = message.get_int64(); break;
            case varint(FunctionRowTag::kFile): function.file = message.get_int64(); break;
            case varint(FunctionRowTag::kStartLine): function.first_line = message.get_int64(); break;
            default: message.skip();
        }
    }
    functions_[id] = function;
}

/// lampyr writes `short file:name` as the system's name, and the short file comes back from it.
FrameId PprofReader::frame(std::uint64_t function, std::int64_t line) {
    const auto found = functions_.find(function);
    require(found != functions_.end(), "a function that is not there");
    const RawFunction& raw = found->second;
    const auto number = [](std::int64_t value) {
        return value > 0 && value <= UINT32_MAX ? static_cast<std::uint32_t>(value) : 0;
    };
    const std::string_view name = text(raw.name).empty() ? text(raw.system_name) : text(raw.name);
    const std::string_view file = text(raw.file);
    std::string_view short_file = text(raw.system_name);
    const bool ours = short_file.size() > name.size() && short_file.ends_with(name) &&
                      short_file[short_file.size() - name.size() - 1] == ':';
    if (ours) short_file.remove_suffix(name.size() + 1);
    if (!ours || !file.ends_with(short_file)) short_file = file;
    Function row;
    row.name = draft_.text(name);
    row.file = draft_.text(file);
    row.short_file = draft_.text(short_file);
    row.first_line = number(raw.first_line);
    const bool marker = file.empty() && name.starts_with('(') && name.ends_with(')');
    row.kind = marker ? FunctionKind::kMarker : profile::classify(file, {});
    return draft_.frame(row, number(line));
}

void PprofReader::read_location(protozero::data_view data) {
    std::vector<FrameId> frames;
    std::uint64_t id = 0;
    std::uint64_t address = 0;
    protozero::pbf_message<LocationTag> message(data);
    while (message.next()) {
        switch (message.tag_and_type()) {
            case varint(LocationTag::kId): id = message.get_uint64(); break;
            case varint(LocationTag::kAddress): address = message.get_uint64(); break;
            case bytes(LocationTag::kLine): {
                std::uint64_t function = 0;
                std::int64_t line = 0;
                protozero::pbf_message<LineTag> where(message.get_view());
                while (where.next()) {
                    switch (where.tag_and_type()) {
                        case varint(LineTag::kFunction): function = where.get_uint64(); break;
                        case varint(LineTag::kLine): line = where.get_int64(); break;
                        default: where.skip();
                    }
                }
                frames.push_back(frame(function, line));
                break;
            }
            default: message.skip();
        }
    }
    if (frames.empty()) frames.push_back(draft_.frame_of(fmt::format("{:#x}", address), "", 0));
    locations_[id] = std::move(frames);
}

void PprofReader::read_mapping(protozero::data_view data) {
    protozero::pbf_message<MappingTag> message(data);
    while (message.next()) {
        if (message.tag_and_type() == varint(MappingTag::kFile)) {
            const std::string_view file = text(message.get_int64());
            if (executable_.empty()) executable_ = file;
        } else {
            message.skip();
        }
    }
}

void PprofReader::read_tables() {
    each_field([&](auto& message) {  // texts stand behind what names them
        if (message.tag_and_type() != bytes(ProfileTag::kString)) return message.skip();
        const protozero::data_view view = message.get_view();
        strings_.emplace_back(view.data(), view.size());
    });
    require(!strings_.empty() && strings_.front().empty(), "no table of texts");
    each_field([&](auto& message) {
        ProfileInfo& info = draft_.info();
        switch (message.tag_and_type()) {
            case bytes(ProfileTag::kSampleType): types_.push_back(value_type(message.get_view())); break;
            case bytes(ProfileTag::kPeriodType): period_type_ = value_type(message.get_view()); break;
            case varint(ProfileTag::kPeriod): period_ = message.get_int64(); break;
            case varint(ProfileTag::kTime): info.started_unix = nanoseconds(message.get_int64()); break;
            case varint(ProfileTag::kDuration): {
                constexpr std::int64_t kMost = std::int64_t{1} << 60;
                info.duration = nanoseconds(std::clamp<std::int64_t>(message.get_int64(), 0, kMost));
                break;
            }
            case bytes(ProfileTag::kFunction): read_function(message.get_view()); break;
            case bytes(ProfileTag::kMapping): read_mapping(message.get_view()); break;
            default: message.skip();
        }
    });
    each_field([&](auto& message) {
        if (message.tag_and_type() != bytes(ProfileTag::kLocation)) return message.skip();
        read_location(message.get_view());
        require(!draft_.full(), "more than may be read into memory");
    });
}

void PprofReader::choose_values() {
    for (std::size_t i = 0; i < types_.size(); ++i) {
        const double unit = nanoseconds_in(types_[i].unit);
        if (!time_at_ && unit > 0) {
            time_at_ = i;
            time_unit_ = unit;
            draft_.info().cpu_time = types_[i].type == "cpu";
        }
        if (!count_at_ && types_[i].unit == "count") count_at_ = i;
    }
    require(time_at_ || count_at_, "neither counts nor times");
    const double unit = nanoseconds_in(period_type_.unit);
    if (unit > 0 && period_ > 0 && static_cast<double>(period_) * unit < 1e15) {
        draft_.info().interval = nanoseconds(std::llround(static_cast<double>(period_) * unit));
        draft_.info().rate_asked_hz = 1e9 / static_cast<double>(draft_.info().interval.count());
    }
}

void PprofReader::read_label(protozero::data_view data, Labels& labels) {
    std::string_view key;
    std::string_view value;
    std::int64_t number = 0;
    protozero::pbf_message<LabelTag> message(data);
    while (message.next()) {
        switch (message.tag_and_type()) {
            case varint(LabelTag::kKey): key = text(message.get_int64()); break;
            case varint(LabelTag::kText): value = text(message.get_int64()); break;
            case varint(LabelTag::kNumber): number = message.get_int64(); break;
            default: message.skip();
        }
    }
    const auto id = [number] {
        return number > 0 && number <= INT32_MAX ? static_cast<std::int32_t>(number) : std::int32_t{0};
    };
    if (key == "process_id" || key == "pid") labels.pid = id();
    if (key == "thread_id" || key == "thread id" || key == "tid") labels.tid = id();
    if (key == "thread_name" || key == "thread name") labels.thread_name = value;
    if (key == "thread_ident" && value.starts_with("0x"))
        labels.ident = std::strtoull(std::string(value.substr(2, 16)).c_str(), nullptr, 16);
    if (key == "state") {
        labels.state = value == "running"            ? ThreadState::kRunning
                       : value == "running with GIL" ? ThreadState::kRunningGil
                       : value == "idle"             ? ThreadState::kIdle
                                                     : ThreadState::kUnknown;
    }
}

void PprofReader::set_values(Sample& sample, const std::vector<std::int64_t>& values) const {
    constexpr double kMost = 1e18;
    const auto value = [&](std::size_t at) {
        require(at < values.size(), "a sample without its values");
        require(values[at] >= 0, "values below zero; is it a difference of profiles?");
        return static_cast<double>(values[at]);
    };
    const auto interval = static_cast<double>(draft_.info().interval.count());
    double weight = time_at_ ? value(*time_at_) * time_unit_ : 0;
    double count = count_at_ ? value(*count_at_) : 0;
    if (!time_at_ && interval > 0) weight = count * interval;
    if (!count_at_) count = interval > 0 ? std::max(std::round(weight / interval), weight > 0 ? 1.0 : 0.0) : weight;
    require(weight < kMost && count < kMost, "numbers too large to add up");
    sample.weight = nanoseconds(std::llround(weight));
    sample.count = static_cast<std::uint64_t>(std::llround(count));
}

void PprofReader::read_sample(protozero::data_view data) {
    path_.clear();
    values_.clear();
    Labels labels;
    protozero::pbf_message<SampleRowTag> message(data);
    while (message.next()) {
        switch (message.tag_and_type()) {
            case bytes(SampleRowTag::kLocation):
                for (const std::uint64_t id : message.get_packed_uint64()) path_.push_back(id);
                break;
            case varint(SampleRowTag::kLocation): path_.push_back(message.get_uint64()); break;
            case bytes(SampleRowTag::kValue):
                for (const std::int64_t value : message.get_packed_int64()) values_.push_back(value);
                break;
            case varint(SampleRowTag::kValue): values_.push_back(message.get_int64()); break;
            case bytes(SampleRowTag::kLabel): read_label(message.get_view(), labels); break;
            default: message.skip();
        }
    }
    Sample sample;
    set_values(sample, values_);
    if (sample.count == 0) return;
    sample.stack = kEmptyStack;
    std::size_t depth = 0;
    for (auto id = path_.rbegin(); id != path_.rend(); ++id) {  // innermost first there
        const auto found = locations_.find(*id);
        require(found != locations_.end(), "a location that is not there");
        for (auto frame = found->second.rbegin(); frame != found->second.rend(); ++frame) {
            require(++depth <= 1U << 17, "a stack that is too deep");
            sample.stack = draft_.stack(sample.stack, *frame);
        }
    }
    sample.state = labels.state;
    sample.thread = draft_.thread(draft_.process(labels.pid, "", executable_), labels.tid,
                                  labels.tid == 0 ? labels.ident : 0, labels.thread_name);
    require(draft_.add_sample(sample), "numbers too large to add up");
    require(!draft_.full(), "more than may be read into memory");
}

Result<ReadProfile> PprofReader::read() {
    const char* wrong = nullptr;
    try {
        read_tables();
        choose_values();
        each_field([&](auto& message) {
            if (message.tag_and_type() != bytes(ProfileTag::kSample)) return message.skip();
            read_sample(message.get_view());
        });
        ReadProfile read;
        read.format = SourceFormat::kPprof;
        read.profile = std::move(draft_).finish(false);
        return read;
    } catch (const protozero::exception&) {
        wrong = "a message that is not well-formed";
    } catch (const Contradiction& found) {
        wrong = found.what;
    }
    return Error{ErrorCode::kCorrupt, fmt::format("this looks like a pprof file, but holds {}", wrong), "", 0};
}

}  // namespace

Result<ReadProfile> read_pprof(std::string_view bytes, const ReadLimits& limits) {
    return PprofReader(bytes, limits).read();
}

}  // namespace lampyr::importer

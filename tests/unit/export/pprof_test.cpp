// SPDX-License-Identifier: MIT
#include "export/pprof.hpp"

#include "profile/pprof_tags.hpp"
#include "unit/base/hostile_text.hpp"
#include "unit/export/string_sink.hpp"
#include "unit/profile/sample_profile.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <protozero/pbf_message.hpp>

#include <algorithm>
#include <map>
#include <numeric>
#include <variant>

namespace lampyr {
namespace {

using namespace profile::pprof;
using test::ProfileDraft;

std::string gunzipped(const std::string& bytes) {
    z_stream z{};
    EXPECT_EQ(inflateInit2(&z, 15 + 16), Z_OK);
    std::string out(std::size_t{4} << 20, '\0');
    std::string in = bytes;
    z.next_in = reinterpret_cast<Bytef*>(in.data());
    z.avail_in = static_cast<uInt>(in.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(z.avail_in, 0U);
    out.resize(out.size() - z.avail_out);
    inflateEnd(&z);
    return out;
}

/// A pprof file as its readers see it; the checks are those of google/pprof's CheckValid and more.
struct Decoded {
    struct Function {
        std::string name, system_name, file;
        std::int64_t start_line = 0;
    };
    struct Location {
        std::uint64_t function = 0;
        std::int64_t line = 0;
        std::uint64_t mapping = 0;
    };
    struct Sample {
        std::vector<std::uint64_t> locations;  // innermost first
        std::vector<std::int64_t> values;
        std::map<std::string, std::variant<std::string, std::int64_t>> labels;
    };
    std::vector<std::string> strings;
    std::vector<std::pair<std::string, std::string>> types;
    std::string default_type;
    std::map<std::uint64_t, Function> functions;
    std::map<std::uint64_t, Location> locations;
    std::map<std::uint64_t, std::string> mappings;
    std::vector<Sample> samples;
    std::vector<std::string> comments;
    std::int64_t period = 0, duration = 0, time = 0;

    [[nodiscard]] std::string path_of(const Sample& sample) const {
        std::string text;
        for (auto id = sample.locations.rbegin(); id != sample.locations.rend(); ++id) {
            const Location& where = locations.at(*id);
            if (!text.empty()) text += ";";
            text += functions.at(where.function).name + ":" + std::to_string(where.line);
        }
        return text;
    }
};

template <typename Tag, typename Each>
void each_field(protozero::data_view bytes, Each&& each) {
    protozero::pbf_message<Tag> message(bytes);
    while (message.next()) each(message);
}

Decoded decoded(const std::string& file) {
    const std::string bytes = gunzipped(file);
    Decoded result;
    std::vector<std::int64_t> comments;
    std::vector<std::pair<std::int64_t, std::int64_t>> types;
    std::int64_t default_type = 0;
    each_field<ProfileTag>(protozero::data_view(bytes), [&](auto& message) {
        if (message.tag() == ProfileTag::kString)
            result.strings.push_back(message.get_string());
        else
            message.skip();
    });
    const auto text = [&](std::int64_t id) { return result.strings.at(static_cast<std::size_t>(id)); };
    each_field<ProfileTag>(protozero::data_view(bytes), [&](auto& profile) {
        switch (profile.tag()) {
            case ProfileTag::kSampleType: {
                std::pair<std::string, std::string> type;
                each_field<ValueTypeTag>(profile.get_view(), [&](auto& m) {
                    (m.tag() == ValueTypeTag::kType ? type.first : type.second) = text(m.get_int64());
                });
                result.types.push_back(type);
                break;
            }
            case ProfileTag::kFunction: {
                Decoded::Function function;
                std::uint64_t id = 0;
                each_field<FunctionRowTag>(profile.get_view(), [&](auto& m) {
                    switch (m.tag()) {
                        case FunctionRowTag::kId: id = m.get_uint64(); break;
                        case FunctionRowTag::kName: function.name = text(m.get_int64()); break;
                        case FunctionRowTag::kSystemName: function.system_name = text(m.get_int64()); break;
                        case FunctionRowTag::kFile: function.file = text(m.get_int64()); break;
                        case FunctionRowTag::kStartLine: function.start_line = m.get_int64(); break;
                    }
                });
                EXPECT_TRUE(result.functions.emplace(id, function).second) << "an id twice";
                break;
            }
            case ProfileTag::kLocation: {
                Decoded::Location location;
                std::uint64_t id = 0;
                each_field<LocationTag>(profile.get_view(), [&](auto& m) {
                    if (m.tag() == LocationTag::kId)
                        id = m.get_uint64();
                    else if (m.tag() == LocationTag::kMapping)
                        location.mapping = m.get_uint64();
                    else
                        each_field<LineTag>(m.get_view(), [&](auto& line) {
                            if (line.tag() == LineTag::kFunction)
                                location.function = line.get_uint64();
                            else
                                location.line = line.get_int64();
                        });
                });
                EXPECT_TRUE(result.locations.emplace(id, location).second) << "an id twice";
                break;
            }
            case ProfileTag::kMapping: {
                std::uint64_t id = 0;
                std::string path;
                bool named = false;
                each_field<MappingTag>(profile.get_view(), [&](auto& m) {
                    if (m.tag() == MappingTag::kId)
                        id = m.get_uint64();
                    else if (m.tag() == MappingTag::kFile)
                        path = text(m.get_int64());
                    else
                        named = m.get_bool();
                });
                EXPECT_TRUE(named);
                EXPECT_TRUE(result.mappings.emplace(id, path).second) << "an id twice";
                break;
            }
            case ProfileTag::kSample: {
                Decoded::Sample sample;
                each_field<SampleRowTag>(profile.get_view(), [&](auto& m) {
                    if (m.tag() == SampleRowTag::kLocation) {
                        for (const auto id : m.get_packed_uint64()) sample.locations.push_back(id);
                    } else if (m.tag() == SampleRowTag::kValue) {
                        for (const auto value : m.get_packed_int64()) sample.values.push_back(value);
                    } else {
                        std::string key;
                        std::variant<std::string, std::int64_t> value;
                        each_field<LabelTag>(m.get_view(), [&](auto& label) {
                            if (label.tag() == LabelTag::kKey)
                                key = text(label.get_int64());
                            else if (label.tag() == LabelTag::kText)
                                value = text(label.get_int64());
                            else
                                value = label.get_int64();
                        });
                        EXPECT_TRUE(sample.labels.emplace(key, value).second) << "one value for each key";
                    }
                });
                result.samples.push_back(sample);
                break;
            }
            case ProfileTag::kComment: comments.push_back(profile.get_int64()); break;
            case ProfileTag::kDefaultSampleType: default_type = profile.get_int64(); break;
            case ProfileTag::kPeriod: result.period = profile.get_int64(); break;
            case ProfileTag::kDuration: result.duration = profile.get_int64(); break;
            case ProfileTag::kTime: result.time = profile.get_int64(); break;
            default: profile.skip();
        }
    });
    for (const std::int64_t comment : comments) result.comments.push_back(text(comment));
    result.default_type = text(default_type);
    EXPECT_EQ(result.strings.front(), "");
    const auto dense = [](const auto& rows) {
        return rows.empty() || (rows.begin()->first == 1 && rows.rbegin()->first == rows.size());
    };
    EXPECT_TRUE(dense(result.functions) && dense(result.locations) && dense(result.mappings));
    for (const auto& [id, location] : result.locations) {
        EXPECT_TRUE(result.functions.contains(location.function));
        EXPECT_TRUE(result.mappings.contains(location.mapping));
    }
    for (const Decoded::Sample& sample : result.samples) {
        EXPECT_EQ(sample.values.size(), result.types.size());
        EXPECT_FALSE(sample.locations.empty());
        for (const std::uint64_t id : sample.locations) EXPECT_TRUE(result.locations.contains(id));
    }
    return result;
}

Decoded written(const Profile& profile, const ExportOptions& options = {}) {
    return decoded(test::written(profile, Format::kPprof, options));
}

TEST(Pprof, LooksAsDocumented) {
    ProfileDraft maker;
    const ThreadId main = maker.thread(maker.process(42), 43, "MainThread");
    const FrameId module = maker.frame("<module>", "/srv/run.py", 9, 1);
    const FrameId work = maker.frame("Job.<locals>.work", "/srv/job.py", 31, 28);
    for (int i = 0; i < 3; ++i) maker.sample(main, maker.stack({module, work}), 0, 10, ThreadState::kRunningGil);
    maker.sample(main, maker.stack({module}), 0, 10, ThreadState::kIdle);
    ProfileInfo info;
    info.lampyr_version = "9.9";
    info.interval = std::chrono::milliseconds(10);
    info.duration = std::chrono::seconds(2);
    info.started_unix = std::chrono::seconds(1'700'000'000);
    info.idle_included = true;
    info.losses[static_cast<std::size_t>(Loss::kUnproven)] = 4;
    const Decoded file = written(maker.finish(info));

    EXPECT_EQ(file.types,
              (std::vector<std::pair<std::string, std::string>>{{"samples", "count"}, {"wall", "nanoseconds"}}));
    EXPECT_EQ(file.default_type, "wall");
    EXPECT_EQ(file.period, 10'000'000);
    EXPECT_EQ(file.duration, 2'000'000'000);
    EXPECT_EQ(file.time, 1'700'000'000'000'000'000);
    EXPECT_EQ(file.comments.front(), "lampyr 9.9");
    EXPECT_NE(std::find(file.comments.begin(), file.comments.end(), "unproven: 4"), file.comments.end());
    EXPECT_EQ(file.mappings.at(1), "/usr/bin/python3.13");
    ASSERT_EQ(file.samples.size(), 2U);
    const auto& idle = file.samples[0];
    const auto& busy = file.samples[1];
    EXPECT_EQ(file.path_of(idle), "<module>:9");
    EXPECT_EQ(std::get<std::string>(idle.labels.at("state")), "idle");
    EXPECT_EQ(file.path_of(busy), "<module>:9;Job.<locals>.work:31");
    EXPECT_EQ(busy.values, (std::vector<std::int64_t>{3, 30'000'000}));
    EXPECT_EQ(std::get<std::int64_t>(busy.labels.at("process_id")), 42);
    EXPECT_EQ(std::get<std::int64_t>(busy.labels.at("thread_id")), 43);
    EXPECT_EQ(std::get<std::string>(busy.labels.at("thread_name")), "MainThread");
    EXPECT_EQ(std::get<std::string>(busy.labels.at("state")), "running with GIL");
    const auto& function = file.functions.at(file.locations.at(busy.locations.front()).function);
    EXPECT_EQ(function.system_name, "job.py:Job.<locals>.work");
    EXPECT_EQ(function.file, "/srv/job.py");
    EXPECT_EQ(function.start_line, 28);
}

TEST(Pprof, SaysWhoseTimeItIs) {
    Profile profile = test::mixed_profile(1);
    EXPECT_EQ(written(profile).types.back().first, "wall");
    profile.info.cpu_time = true;
    EXPECT_EQ(written(profile).types.back().first, "cpu");
    EXPECT_EQ(written(profile).default_type, "cpu");
}

TEST(Pprof, CountsAndTimesAddUp) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        const Profile profile = test::mixed_profile(seed);
        std::int64_t weight = 0;
        for (const Sample& sample : profile.samples) weight += sample.weight.count();
        for (const Lines lines : {Lines::kLine, Lines::kFunction, Lines::kNone}) {
            const Decoded file = written(profile, {.lines = lines, .title = {}});
            std::int64_t counts = 0;
            std::int64_t times = 0;
            for (const auto& sample : file.samples) {
                counts += sample.values[0];
                times += sample.values[1];
            }
            EXPECT_EQ(counts, static_cast<std::int64_t>(profile.info.stacks));
            EXPECT_EQ(times, weight);
        }
    }
}

TEST(Pprof, LinesThatAreNotShownMakeNoSamples) {
    ProfileDraft maker;
    const ThreadId main = maker.thread(maker.process(1), 1);
    maker.sample(main, maker.stack({maker.frame("f", "m.py", 3, 2), maker.frame("g", "m.py", 13, 12)}));
    maker.sample(main, maker.stack({maker.frame("f", "m.py", 4, 2), maker.frame("g", "m.py", 14, 12)}));
    const Profile profile = maker.finish();
    EXPECT_EQ(written(profile).samples.size(), 2U);
    const Decoded functions = written(profile, {.lines = Lines::kFunction, .title = {}});
    ASSERT_EQ(functions.samples.size(), 1U);
    EXPECT_EQ(functions.path_of(functions.samples[0]), "f:2;g:12");
    EXPECT_EQ(functions.samples[0].values[0], 2);
}

TEST(Pprof, AThreadMayBeTheRoot) {
    ProfileDraft maker;
    const ProcessId process = maker.process(1);
    const FrameId f = maker.frame("f", "m.py", 3);
    maker.sample(maker.thread(process, 1, "MainThread"), maker.stack({f}));
    maker.sample(maker.thread(process, 2), kEmptyStack);
    const Decoded file = written(maker.finish(), {.threads = true, .title = {}});
    ASSERT_EQ(file.samples.size(), 2U);
    EXPECT_EQ(file.path_of(file.samples[0]), "thread (1): MainThread:0;f:3");
    EXPECT_EQ(file.path_of(file.samples[1]), "thread (2):0;(no Python frames):0");
}

TEST(Pprof, EachExecutableIsAMapping) {
    ProfileDraft maker;
    const FrameId f = maker.frame("f", "m.py", 3);
    for (std::int32_t pid = 1; pid <= 3; ++pid) {
        const ProcessId process = maker.builder.add_process(
            Process{.pid = Pid{pid},
                    .command_line = {},
                    .executable = maker.builder.intern_string(pid == 3 ? "/opt/python" : "/usr/bin/python"),
                    .python_version = {}});
        maker.sample(maker.thread(process, pid), maker.stack({f}));
    }
    const Decoded file = written(maker.finish());
    EXPECT_EQ(file.mappings.size(), 2U);
    EXPECT_EQ(file.locations.size(), 2U);
    EXPECT_EQ(file.functions.size(), 1U);
}

/// pprof removes what is in angle brackets from a name that is also the system's: of `<module>` nothing would be left.
TEST(Pprof, TheSystemsNameDiffersSoThatBracketsStay) {
    const Decoded file = written(test::mixed_profile(1));
    for (const auto& [id, function] : file.functions)
        EXPECT_EQ(function.name == function.system_name, function.file.empty());
}

TEST(Pprof, AnyNameIsKept) {
    ProfileDraft maker;
    const ThreadId main = maker.thread(maker.process(1), 1);
    for (const std::string& name : test::hostile_texts()) maker.sample(main, maker.stack({maker.frame(name, name, 1)}));
    const Profile profile = maker.finish();
    const Decoded file = written(profile);
    std::vector<std::string> names;
    for (const auto& [id, function] : file.functions) names.push_back(function.name);
    std::vector<std::string> expected;
    for (const Function& function : profile.functions) expected.push_back(profile.string(function.name));
    std::sort(names.begin(), names.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(names, expected);
}

}  // namespace
}  // namespace lampyr

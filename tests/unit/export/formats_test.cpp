// SPDX-License-Identifier: MIT
#include "unit/export/string_sink.hpp"
#include "unit/profile/sample_profile.hpp"

#include <lampyr/export.hpp>

#include <gtest/gtest.h>

namespace lampyr {
namespace {

std::vector<Format> all_formats() {
    std::vector<Format> formats;
    for (std::size_t i = 0; i < kFormatCount; ++i) formats.push_back(static_cast<Format>(i));
    return formats;
}

TEST(Formats, HaveNames) {
    for (const Format format : all_formats()) {
        EXPECT_EQ(parse_format(to_string(format)), format);
        EXPECT_EQ(format_of_file("a." + std::string(extension_of(format))), format);
    }
    EXPECT_EQ(parse_format("FlameGraph"), Format::kFlamegraph);
    for (const char* name : {"", "svg", "raw ", "rawx", "ra"}) EXPECT_FALSE(parse_format(name)) << name;
}

TEST(Formats, AreGuessedFromFiles) {
    const std::pair<const char*, std::optional<Format>> cases[] = {
        {"a.svg", Format::kFlamegraph},
        {"/x.y/a.SVG", Format::kFlamegraph},
        {"a.speedscope.json", Format::kSpeedscope},
        {"a.txt", Format::kRaw},
        {"a.folded", Format::kRaw},
        {"a.raw", Format::kRaw},
        {"a.lampyr", Format::kLampyr},
        {"a.trace.json", Format::kChromeTrace},
        {"a.pb.gz", Format::kPprof},
        {"a.PProf", Format::kPprof},
        {"trace.json", Format::kSpeedscope},
        {".trace.json", Format::kSpeedscope},
        {"a.gz", std::nullopt},
        {".pb.gz", std::nullopt},
        {"a", std::nullopt},
        {"/x.svg/a", std::nullopt},
        {".txt", std::nullopt},
        {"a.", std::nullopt},
        {"", std::nullopt},
        {"-", std::nullopt},
        {"a.html", std::nullopt},
        {"/x/.json", std::nullopt},
    };
    for (const auto& [path, format] : cases) EXPECT_EQ(format_of_file(path), format) << path;
}

TEST(WriteProfile, IsByteReproducible) {
    for (const Format format : all_formats())
        EXPECT_EQ(test::written(test::mixed_profile(3, true), format),
                  test::written(test::mixed_profile(3, true), format));
}

TEST(WriteProfile, SaysWhenTheSinkIsFull) {
    const Profile profile = test::mixed_profile(3, true);
    for (const Format format : all_formats()) {
        const std::size_t size = test::written(profile, format).size();
        for (const std::size_t room : {std::size_t{0}, size / 2, size - 1}) {
            test::FullSink sink(room);
            const Result<void> result = write_profile(profile, format, {}, sink);
            ASSERT_FALSE(result.has_value()) << to_string(format) << ' ' << room;
            EXPECT_EQ(result.error().code, ErrorCode::kOutput);
        }
        test::FullSink enough(size);
        EXPECT_TRUE(write_profile(profile, format, {}, enough).has_value());
    }
}

}  // namespace
}  // namespace lampyr

// SPDX-License-Identifier: MIT
#include "unit/import/recorded_file.hpp"
#include "unit/import/same_profile.hpp"

#include <lampyr/transform.hpp>

#include <gtest/gtest.h>

namespace lampyr {
namespace {

using test::played;
using test::streamed;

std::uint64_t count_of(const Profile& profile) {
    std::uint64_t sum = 0;
    for (const Sample& sample : profile.samples) sum += sample.count;
    return sum;
}

TEST(LampyrFile, AWrittenProfileReadsBackTheSame) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        const Profile profile = played(seed, 300);
        const Result<ReadProfile> read = parse_profile(test::written(profile, Format::kLampyr));
        ASSERT_TRUE(read) << to_string(read.error());
        test::expect_same_profile(read->profile, profile);
        EXPECT_TRUE(read->complete);
        EXPECT_EQ(read->bytes_cut, 0U);
        EXPECT_TRUE(read->notes.empty());
    }
}

TEST(LampyrFile, AProfileWithoutTimesReadsBackTheSame) {
    const Profile profile = test::mixed_profile(4);
    const Result<ReadProfile> read = parse_profile(test::written(profile, Format::kLampyr));
    ASSERT_TRUE(read);
    test::expect_same_profile(read->profile, profile);
    EXPECT_FALSE(read->profile.info.timeline);
}

TEST(LampyrFile, NothingReadsBackAsNothing) {
    const Result<ReadProfile> read = parse_profile(test::written(Profile{}, Format::kLampyr));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->profile.samples.empty());
    EXPECT_TRUE(read->complete);
}

TEST(LampyrFile, AStreamedRecordingIsTheOneKeptInMemory) {
    for (const int every : {1, 7, 50, 1000}) {
        const test::Streamed file = streamed(9, 400, every, true);
        const Result<ReadProfile> read = parse_profile(file.file);
        ASSERT_TRUE(read) << to_string(read.error());
        test::expect_same_profile(read->profile, played(9, 400, test::kTimeline, true));
        EXPECT_TRUE(read->complete);
        EXPECT_EQ(read->end, StopReason::kTargetExited);
    }
}

TEST(LampyrFile, EveryFormatOfAFileIsThatOfTheSameSamples) {
    const test::Streamed file = streamed(3, 500, 25);
    const Result<ReadProfile> read = parse_profile(file.file);
    ASSERT_TRUE(read);
    const Profile timeline = played(3, 500);
    const Profile counted = played(3, 500, {});
    for (std::size_t i = 0; i < kFormatCount; ++i) {
        const auto format = static_cast<Format>(i);
        for (const bool deep : {false, true}) {
            const ExportOptions options{.lines = deep ? Lines::kFunction : Lines::kLine,
                                        .threads = deep,
                                        .processes = deep,
                                        .full_filenames = deep,
                                        .title = {}};
            const Profile& direct = shows_time(format) ? timeline : counted;
            EXPECT_EQ(test::written(read->profile, format, options), test::written(direct, format, options))
                << to_string(format);
        }
    }
}

TEST(LampyrFile, WhatWasStreamedIsNotKeptInMemory) {
    const test::Streamed often = streamed(5, 2000, 10);
    const test::Streamed never = streamed(5, 2000, 100'000);
    EXPECT_EQ(often.left.info.stacks, never.left.info.stacks);
    EXPECT_EQ(count_of(often.left), often.left.info.stacks);
    EXPECT_EQ(test::written(often.left, Format::kRaw), test::written(played(5, 2000, {}), Format::kRaw))
        << "what is left still counts everything";
    EXPECT_FALSE(often.left.info.timeline);
}

/// After kill -9 the file ends anywhere.
TEST(LampyrFile, ATruncatedFileHoldsEveryWholeBlock) {
    const std::string whole = streamed(2, 100, 10).file;
    const std::string all = test::written(parse_profile(whole)->profile, Format::kRaw);
    std::uint64_t most = 0;
    std::size_t steps = 0;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const Result<ReadProfile> read = parse_profile(std::string_view(whole).substr(0, size));
        if (!read) {
            EXPECT_LT(size, 16U) << "only a file without its header is none: " << to_string(read.error());
            EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
            continue;
        }
        const std::uint64_t count = count_of(read->profile);
        EXPECT_EQ(read->profile.info.stacks, count);
        EXPECT_GE(count, most) << "at " << size;
        if (count > most) {
            ++steps;
            EXPECT_EQ(read->bytes_cut, 0U) << "gains begin with a whole block";
        }
        most = count;
        EXPECT_EQ(read->complete, size == whole.size());
        EXPECT_EQ(read->notes.empty(), size == whole.size());
        if (size == whole.size()) {
            EXPECT_EQ(test::written(read->profile, Format::kRaw), all);
        }
    }
    EXPECT_GT(steps, 10U);
}

TEST(LampyrFile, AFlippedBitCostsBlocksAndNothingElse) {
    const std::string whole = streamed(6, 60, 10).file;
    const std::uint64_t all = parse_profile(whole)->profile.info.stacks;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
        const Result<ReadProfile> read = parse_profile(flipped);
        if (!read) {
            EXPECT_LT(at, 16U) << "the header: " << to_string(read.error());
            continue;
        }
        EXPECT_GE(at, 16U);
        EXPECT_FALSE(read->complete) << "at " << at;
        EXPECT_LT(read->profile.info.stacks, all);
        EXPECT_GT(read->bytes_cut, 0U);
        ASSERT_FALSE(read->notes.empty());
        EXPECT_NE(read->notes.front().find("left out"), std::string::npos);
    }
}

TEST(LampyrFile, RubbishIsAPlainError) {
    for (const std::string& bytes : {std::string(), std::string("\x89LAMPYR\n", 8), std::string(1000, '\0')}) {
        const Result<ReadProfile> read = parse_profile(bytes);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
        EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
    }
}

TEST(LampyrFile, MayNotNeedMoreMemoryThanAllowed) {
    const std::string file = test::written(played(1, 400), Format::kLampyr);
    EXPECT_FALSE(parse_profile(file, {.memory = 10'000}));
    EXPECT_TRUE(parse_profile(file, {.memory = 10'000'000}));
}

TEST(LampyrFile, AFullDiskEndsTheStream) {
    test::FullSink sink(3000);
    auto stream = ProfileFileStream::start(sink);
    ASSERT_TRUE(stream);
    profile::DeltaCutter cutter(**stream);
    profile::Builder builder(test::kStream);
    bool failed = false;
    test::play(builder, 1, 400, false, [&](int, std::span<const SampleId> used) {
        while ((*stream)->state() == ProfileSink::State::kBusy) std::this_thread::yield();
        failed = failed || (*stream)->state() == ProfileSink::State::kFailed;
        cutter.cut(builder, test::recorded_info(), used);
    });
    EXPECT_TRUE(failed);
    const Result<void> finished = (*stream)->finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ErrorCode::kOutput);
}

TEST(LampyrFile, MergedRecordingsAddUpAndStandSideBySide) {
    Profile first = played(1, 200);
    Profile second = played(2, 200);
    second.info.started_unix += std::chrono::seconds(10);
    const std::uint64_t counts = first.info.stacks + second.info.stacks;
    std::vector<Profile> both;
    both.push_back(first);
    both.push_back(second);
    const Result<Profile> merged = merge_profiles(std::move(both));
    ASSERT_TRUE(merged);
    EXPECT_EQ(merged->info.stacks, counts);
    EXPECT_EQ(count_of(*merged), counts);
    EXPECT_TRUE(merged->info.timeline);
    EXPECT_EQ(merged->processes.size(), first.processes.size()) << "the same processes";
    EXPECT_EQ(merged->info.duration, std::chrono::seconds(70));
    EXPECT_EQ(merged->info.ticks, 12'000U);
    for (std::size_t i = 1; i < merged->samples.size(); ++i)
        EXPECT_LE(merged->samples[i - 1].start, merged->samples[i].start);
    EXPECT_GE(merged->samples.back().start, std::chrono::seconds(11));
}

TEST(LampyrFile, MergingWhatHasNoTimesLeavesNone) {
    std::vector<Profile> both;
    both.push_back(played(1, 100));
    both.push_back(played(1, 100, {}));
    const std::uint64_t counts = both[0].info.stacks + both[1].info.stacks;
    const Result<Profile> merged = merge_profiles(std::move(both));
    ASSERT_TRUE(merged);
    EXPECT_FALSE(merged->info.timeline);
    EXPECT_EQ(merged->info.stacks, counts);
    EXPECT_EQ(merged->samples.size(), played(1, 100, {}).samples.size()) << "equal stacks are one row";
}

}  // namespace
}  // namespace lampyr

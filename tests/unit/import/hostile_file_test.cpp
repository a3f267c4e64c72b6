// SPDX-License-Identifier: MIT
// Files whose checksums are right and whose contents lie.
#include "profile/file/block_packer.hpp"
#include "profile/file/checksum.hpp"
#include "profile/file/format.hpp"
#include "profile/file/little_endian.hpp"
#include "unit/import/recorded_file.hpp"

#include <protozero/pbf_builder.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace lampyr {
namespace {

using profile::file::BlockTag;
using Builder = protozero::pbf_builder<BlockTag>;

std::string file_of(const std::vector<std::string>& messages) {
    auto packer = profile::file::BlockPacker::make();
    std::string file = profile::file::file_header();
    for (const std::string& message : messages) file += packer->pack(message);
    return file;
}

std::string message(const std::function<void(Builder&)>& fill) {
    std::string bytes;
    Builder builder(bytes);
    fill(builder);
    return bytes;
}

void packed(Builder& builder, BlockTag tag, std::vector<std::uint64_t> values) {
    builder.add_packed_uint64(tag, values.begin(), values.end());
}
void packed_signed(Builder& builder, BlockTag tag, std::vector<std::int64_t> values) {
    builder.add_packed_sint64(tag, values.begin(), values.end());
}

/// Two texts, a function, a frame, a stack, a process, a thread.
std::string tables() {
    return message([](Builder& b) {
        b.add_bytes(BlockTag::kString, "");
        b.add_bytes(BlockTag::kString, "f");
        {
            protozero::pbf_builder<profile::file::FunctionTag> function(b, BlockTag::kFunction);
            function.add_uint32(profile::file::FunctionTag::kName, 1);
        }
        packed(b, BlockTag::kFrameFunction, {0});
        packed(b, BlockTag::kFrameLine, {7});
        packed(b, BlockTag::kStackParent, {0});
        packed(b, BlockTag::kStackFrame, {0});
        {
            protozero::pbf_builder<profile::file::ProcessTag> process(b, BlockTag::kProcess);
            process.add_int32(profile::file::ProcessTag::kPid, 5);
        }
        protozero::pbf_builder<profile::file::ThreadTag> thread(b, BlockTag::kThread);
        thread.add_uint32(profile::file::ThreadTag::kRow, 0);
    });
}

struct Row {
    std::uint64_t thread = 0;
    std::int64_t stack = 1;
    std::uint64_t state = 0;
    std::uint64_t count = 1;
    std::int64_t weight = 10;
    std::int64_t start = 0;
};
std::string samples(const std::vector<Row>& rows) {
    return message([&](Builder& b) {
        const auto column = [&](BlockTag tag, std::uint64_t Row::*member) {
            std::vector<std::uint64_t> values;
            for (const Row& row : rows) values.push_back(row.*member);
            packed(b, tag, values);
        };
        const auto signed_column = [&](BlockTag tag, std::int64_t Row::*member) {
            std::vector<std::int64_t> values;
            for (const Row& row : rows) values.push_back(row.*member);
            packed_signed(b, tag, values);
        };
        column(BlockTag::kSampleThread, &Row::thread);
        signed_column(BlockTag::kSampleStack, &Row::stack);
        column(BlockTag::kSampleState, &Row::state);
        column(BlockTag::kSampleCount, &Row::count);
        signed_column(BlockTag::kSampleWeight, &Row::weight);
        signed_column(BlockTag::kSampleStart, &Row::start);
    });
}

void expect_refused(const std::vector<std::string>& messages, const char* why) {
    const Result<ReadProfile> read = parse_profile(file_of(messages));
    ASSERT_FALSE(read) << why;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(read.error().message.find(why), std::string::npos) << read.error().message;
}

TEST(HostileFile, TheHonestOneIsRead) {
    const Result<ReadProfile> read = parse_profile(file_of({tables(), samples({{}, {.stack = -1, .start = 5}})}));
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(read->profile.info.stacks, 2U);
    EXPECT_EQ(read->profile.samples[1].stack, kEmptyStack);
}

TEST(HostileFile, IdsMustBeThere) {
    expect_refused({tables(), samples({{.thread = 1}})}, "a thread that is not there");
    expect_refused({tables(), samples({{.stack = 2}})}, "a stack that is not there");
    expect_refused({tables(), samples({{.stack = -1}})}, "a stack that is not there");
    expect_refused({tables(), samples({{.stack = INT64_MAX}, {.stack = INT64_MAX}})}, "a stack that is not there");
    expect_refused({samples({{}})}, "a thread that is not there");
    const auto one = [](BlockTag a, std::uint64_t x, BlockTag b, std::uint64_t y) {
        return message([&](Builder& builder) {
            packed(builder, a, {x});
            packed(builder, b, {y});
        });
    };
    expect_refused({tables(), one(BlockTag::kFrameFunction, 1, BlockTag::kFrameLine, 1)},
                   "a function that is not there");
    expect_refused({tables(), one(BlockTag::kFrameFunction, 0, BlockTag::kFrameLine, 1ULL << 32)}, "a line");
    expect_refused({tables(), one(BlockTag::kStackParent, 2, BlockTag::kStackFrame, 0)}, "a stack that is not there");
    expect_refused({tables(), one(BlockTag::kStackParent, 0, BlockTag::kStackFrame, 1)}, "a frame that is not there");
    expect_refused({message([](Builder& b) { b.add_bytes(BlockTag::kString, "x"); })}, "the empty one");
}

TEST(HostileFile, NumbersMustLeaveRoomForSums) {
    expect_refused({tables(), samples({{.count = UINT64_MAX}})}, "a count");
    expect_refused({tables(), samples({{.count = 1ULL << 60}, {.stack = 0, .count = 1}})}, "a count");
    expect_refused({tables(), samples({{.weight = INT64_MAX}})}, "a time");
    expect_refused({tables(), samples({{.weight = -1}})}, "a time");
    expect_refused({tables(), samples({{.start = INT64_MIN}})}, "a time");
    expect_refused({tables(), samples({{.start = 1LL << 60}, {.stack = 0, .start = 1LL << 60}})}, "a time");
    const auto grown = [](std::uint64_t row, std::int64_t count, std::int64_t weight, std::uint64_t stack = 0) {
        return message([&](Builder& b) {
            packed(b, BlockTag::kGrownRow, {row});
            packed_signed(b, BlockTag::kGrownCount, {count});
            packed_signed(b, BlockTag::kGrownWeight, {weight});
            if (stack != 0) packed(b, BlockTag::kGrownStack, {stack});
        });
    };
    expect_refused({tables(), samples({{}}), grown(1, 1, 1)}, "a sample that is not there");
    expect_refused({tables(), samples({{}}), grown(0, INT64_MAX, 1)}, "a count");
    expect_refused({tables(), samples({{}}), grown(0, -2, 1)}, "a count below zero");
    expect_refused({tables(), samples({{}}), grown(0, INT64_MIN, 1)}, "a count below zero");
    expect_refused({tables(), samples({{}}), grown(0, 0, 1, 3)}, "a stack that is not there");
    const Result<ReadProfile> gone = parse_profile(file_of({tables(), samples({{}}), grown(0, -1, 0, 2)}));
    ASSERT_TRUE(gone);
    EXPECT_TRUE(gone->profile.samples.empty()) << "nothing is left of the sample";
    expect_refused({tables(), samples({{}}), grown(0, 0, -11)}, "a time");
    EXPECT_TRUE(parse_profile(file_of({tables(), samples({{}}), grown(0, 2, 20)})));
}

TEST(HostileFile, ColumnsMustBeOfOneLength) {
    const std::string good = samples({{}, {.stack = 0}});
    expect_refused({tables(), message([](Builder& b) { packed(b, BlockTag::kSampleThread, {0}); })}, "lengths");
    expect_refused({tables(), message([](Builder& b) { packed(b, BlockTag::kSampleCount, {1}); })}, "lengths");
    expect_refused({tables(), good + good}, "twice");
}

TEST(HostileFile, AStackMayNotBeEndless) {
    const std::vector<std::uint64_t> parents(200'000, 1);
    const std::vector<std::uint64_t> frames(200'000, 0);
    expect_refused({tables(), message([&](Builder& b) {
                        packed(b, BlockTag::kStackParent, parents);
                        packed(b, BlockTag::kStackFrame, frames);
                    })},
                   "too deep");
}

TEST(HostileFile, AMessageMustBeWellFormed) {
    for (const std::string& bytes : {std::string("\xff\xff\xff"), std::string("\x0a\x7f"), std::string("\x07\x01"),
                                     std::string("\x22\x03\xff\xff\xff")})
        EXPECT_FALSE(parse_profile(file_of({bytes})));
}

TEST(HostileFile, WhatALaterVersionAddsIsPassedOver) {
    const std::string later = message([](Builder& b) {
        b.add_bytes(static_cast<BlockTag>(1000), "anything");
        b.add_uint64(static_cast<BlockTag>(1001), 5);
        b.add_double(static_cast<BlockTag>(1002), 5);
        b.add_uint64(BlockTag::kInfo, 5);  // a known number in another shape
        protozero::pbf_builder<profile::file::FunctionTag> function(b, BlockTag::kFunction);
        function.add_uint32(profile::file::FunctionTag::kKind, 77);
    });
    const Result<ReadProfile> read = parse_profile(file_of({tables(), later, samples({{.state = 9}})}));
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(read->profile.samples.front().state, ThreadState::kUnknown);
}

TEST(HostileFile, ALaterMajorVersionIsRefusedInWords) {
    std::string header(profile::file::kMagic);
    profile::file::append_little_endian(header, std::uint16_t{2});
    profile::file::append_little_endian(header, std::uint16_t{0});
    profile::file::append_little_endian(header, profile::file::checksum(header));
    const Result<ReadProfile> read = parse_profile(header);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("version 2"), std::string::npos) << read.error().message;
}

TEST(HostileFile, ALaterMinorVersionIsRead) {
    std::string header(profile::file::kMagic);
    profile::file::append_little_endian(header, std::uint16_t{1});
    profile::file::append_little_endian(header, std::uint16_t{999});
    profile::file::append_little_endian(header, profile::file::checksum(header));
    EXPECT_TRUE(parse_profile(header));
}

TEST(HostileFile, NamesAreMadeUtf8) {
    const std::string bad = message([](Builder& b) { b.add_bytes(BlockTag::kString, "\xff\xfe"); });
    const Result<ReadProfile> read = parse_profile(file_of({tables(), bad}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->profile.strings.back(), "\\udcff\\udcfe");
}

/// A block may say it is larger than it is, or hold more than it says.
TEST(HostileFile, ABlockHoldsWhatItSays) {
    auto packer = profile::file::BlockPacker::make();
    const std::string block(packer->pack(std::string(1'000'000, '\0')));
    EXPECT_LT(block.size(), 1000U);
    std::string small = block;
    small.replace(8, 4, std::string(4, '\0'));
    const Result<ReadProfile> read = parse_profile(profile::file::file_header() + small);
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->complete);
    EXPECT_EQ(read->bytes_cut, small.size());
}

}  // namespace
}  // namespace lampyr

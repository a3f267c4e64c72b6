// SPDX-License-Identifier: MIT
#include "process/recorded_memory.hpp"

#include "support/fake_memory.hpp"
#include "support/fault_memory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <numeric>

namespace lampyr::process {
namespace {

std::vector<std::byte> counting(std::size_t size, unsigned first = 0) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(first + i);
    return bytes;
}

std::string sample_file() {
    MemoryRecorder recorder;
    recorder.add_fact("maps", "1000-2000 r--p 0 0:0 0 \n");
    recorder.add_fact("version", "3.13.0");
    recorder.add_range(RemoteAddr(0x10ff0), counting(0x30));      // across a page
    recorder.add_range(RemoteAddr(0x11000), counting(4, 0x80));   // again: the later bytes count
    recorder.add_range(RemoteAddr(0x11020), counting(16, 0x20));  // touches the first range
    recorder.add_range(RemoteAddr(0x20000), counting(8));
    recorder.add_range(RemoteAddr(0x30000), {});
    return recorder.encode();
}

TEST(RecordedMemory, GivesBackRangesAndFacts) {
    const auto memory = RecordedMemory::parse(sample_file());
    ASSERT_TRUE(memory);
    EXPECT_EQ((*memory)->maps(), "1000-2000 r--p 0 0:0 0 \n");
    EXPECT_EQ((*memory)->fact("version"), "3.13.0");
    EXPECT_FALSE((*memory)->fact("other"));

    std::vector<std::byte> out(0x40);
    ASSERT_TRUE((*memory)->read(RemoteAddr(0x10ff0), out));
    auto expected = counting(0x40);
    const auto later = counting(4, 0x80);
    std::copy(later.begin(), later.end(), expected.begin() + 0x10);
    const auto touching = counting(16, 0x20);
    std::copy(touching.begin(), touching.end(), expected.begin() + 0x30);
    EXPECT_EQ(out, expected);

    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(0x20004), out), 4U);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(0x30000), out), 0U);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(0), out), 0U);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(~0ULL), out), 0U);
    const std::array<RemoteSegment, 3> segments{{{0x20000, 8}, {0x20008, 8}, {0x20000, 8}}};
    EXPECT_EQ((*memory)->read_segments(segments, std::span(out).first(24)), 8U);
}

TEST(RecordedMemory, RefusesEveryTruncationAndChange) {
    const std::string good = sample_file();
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto cut = RecordedMemory::parse(good.substr(0, size));
        ASSERT_FALSE(cut) << size;
        EXPECT_EQ(cut.error().code, ErrorCode::kCorrupt);
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string changed = good;
        changed[at] = static_cast<char>(changed[at] ^ 0x40);
        EXPECT_FALSE(RecordedMemory::parse(changed)) << at;
    }
    EXPECT_FALSE(RecordedMemory::parse(good + "x"));
}

TEST(RecordedMemory, GoesThroughAFile) {
    std::string directory = testing::TempDir() + "lampyr-XXXXXX";
    ASSERT_NE(::mkdtemp(directory.data()), nullptr);
    const std::string path = directory + "/process.rec";
    MemoryRecorder recorder;
    recorder.add_range(RemoteAddr(0x5000), counting(100));
    ASSERT_TRUE(recorder.write(path));
    const auto memory = RecordedMemory::load(path);
    ASSERT_TRUE(memory);
    std::vector<std::byte> out(100);
    EXPECT_TRUE((*memory)->read(RemoteAddr(0x5000), out));
    EXPECT_EQ(out, counting(100));
    ::unlink(path.c_str());
    EXPECT_FALSE(RecordedMemory::load(path));
    ::rmdir(directory.c_str());
    EXPECT_FALSE(recorder.write(path));
}

TEST(TappedMemory, RecordsWhatWasReadAndNoMore) {
    test::FakeMemory fake;
    fake.map(RemoteAddr(0x1fc0), 64);  // to the end of its page: nothing can be read behind it
    fake.put_bytes(RemoteAddr(0x1fc0), counting(64));
    MemoryRecorder recorder;
    const TappedMemory tap(fake, recorder);
    std::vector<std::byte> out(64);
    EXPECT_TRUE(tap.read(RemoteAddr(0x1fc8), std::span(out).first(8)));
    EXPECT_EQ(tap.read_prefix(RemoteAddr(0x1ff8), out), 8U);
    EXPECT_EQ(recorder.bytes(), 16U);
    const auto memory = RecordedMemory::parse(recorder.encode());
    ASSERT_TRUE(memory);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(0x1fc8), out), 8U);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(0x1ff8), out), 8U);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(0x1fd0), out), 0U);
}

TEST(FaultMemory, FailsTheReadItIsToldTo) {
    test::FakeMemory fake;
    fake.map(RemoteAddr(0x1000), 64);
    fake.put_bytes(RemoteAddr(0x1000), counting(64));
    std::vector<std::byte> out(64);
    const auto read = [&](const test::FaultMemory& memory) { return memory.read_prefix(RemoteAddr(0x1000), out); };

    const test::FaultMemory fail(fake, test::Fault::kFail, 1);
    EXPECT_EQ(read(fail), 64U);
    EXPECT_EQ(read(fail), 0U);
    EXPECT_EQ(read(fail), 64U);
    test::FaultMemory always(fake, test::Fault::kTruncate, 1);
    always.and_all_later();
    EXPECT_EQ(read(always), 64U);
    EXPECT_LT(read(always), 64U);
    EXPECT_LT(read(always), 64U);
    const test::FaultMemory change(fake, test::Fault::kChange, 0, 7);
    EXPECT_EQ(read(change), 64U);
    EXPECT_NE(out, counting(64));
    EXPECT_EQ(read(change), 64U);
    EXPECT_EQ(out, counting(64));
    EXPECT_EQ(change.calls(), 2U);
}

}  // namespace
}  // namespace lampyr::process

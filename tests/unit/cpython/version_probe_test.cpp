// SPDX-License-Identifier: MIT
#include "cpython/version_probe.hpp"

#include "support/fake_memory.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lampyr::cpython {
namespace {

using namespace std::string_view_literals;

std::string found(std::string_view bytes) {
    const auto version = find_version_text(bytes);
    return version ? version->text() : "none";
}

TEST(VersionText, OfEveryKindOfBuild) {
    EXPECT_EQ(found("2.7.18 (default, Mar 28 2022, 00:00:00) \n[GCC 10.2.1]\0"sv), "2.7.18");
    EXPECT_EQ(found("3.8.18 (default, Aug 25 2023, 13:20:30) \n[GCC 11.2.0]\0"sv), "3.8.18");
    EXPECT_EQ(found("3.12.1 (main, Jan  1 2024, 00:00:00) [GCC 12.2.0]\0"sv), "3.12.1");
    EXPECT_EQ(found("3.15.0b4+ (heads/main:0123456, Jan  1 2026, 00:00:00) [Clang 19.1.7 ]\0"sv), "3.15.0b4");
    EXPECT_EQ(found("3.13.0rc2 (main, Jan  1 2024, 00:00:00) [GCC 12.2.0]\0"sv), "3.13.0rc2");
    EXPECT_EQ(found("3.13.5 experimental free-threading build (main, Jan  1 2024, 00:00:00) [GCC 12.2.0]\0"sv),
              "3.13.5t");
    EXPECT_EQ(found("3.14.2 free-threading build (main, Jan  1 2024, 00:00:00) [GCC 12.2.0]\0"sv), "3.14.2t");
    EXPECT_EQ(found("3.10.13 | packaged by conda-forge | (main, Dec 23 2023, 15:36:39) [GCC 12.3.0]\0"sv), "3.10.13");
}

TEST(VersionText, IsFoundBetweenOtherBytes) {
    EXPECT_EQ(found("1.2.13\0deflate 1.2.13 Copyright\0\0\0003.9.18 (main, x) [GCC 12]\0more"sv), "3.9.18");
    EXPECT_EQ(found("\xff\xfe\0"
                    "3.9.18 (main, x) \n[GCC 12]\0"sv),
              "3.9.18");
}

TEST(VersionText, LookAlikesAreNone) {
    EXPECT_EQ(found(""), "none");
    EXPECT_EQ(found("."), "none");
    EXPECT_EQ(found("3."), "none");
    EXPECT_EQ(found("3.8.18"), "none");
    EXPECT_EQ(found("3.8.18 (default, cut"), "none");
    EXPECT_EQ(found("3.8.18 (default) [GCC 12]"sv), "none");  // not ended
    EXPECT_EQ(found("3.8.18 (default) GCC\0"sv), "none");
    EXPECT_EQ(found("3.8.999 (default) [GCC 12]\0"sv), "none");
    EXPECT_EQ(found("13.8.1 (default) [GCC 12]\0"sv), "none");
    EXPECT_EQ(found("3.8.1b (default) [GCC 12]\0"sv), "none");
    EXPECT_EQ(found("1.8.1 (default) [GCC 12]\0"sv), "none");
    EXPECT_EQ(found("3.8.1 |"), "none");
}

TEST(VersionHex, IsTakenApart) {
    EXPECT_EQ(version_from_hex(0x030D00F0, false)->text(), "3.13.0");
    EXPECT_EQ(version_from_hex(0x030E02F0, true)->text(), "3.14.2t");
    EXPECT_EQ(version_from_hex(0x030F00B4, false)->text(), "3.15.0b4");
    EXPECT_EQ(version_from_hex(0x030F00C1, false)->text(), "3.15.0rc1");
    EXPECT_FALSE(version_from_hex(0, false));
    EXPECT_FALSE(version_from_hex(0x030D0000, false));
    EXPECT_FALSE(version_from_hex(0x1030D00F0, false));
    EXPECT_FALSE(version_from_hex(0x7F0D00F0, false));
}

TEST(VersionScan, FindsTheTextWhereverAPieceEnds) {
    constexpr RemoteAddr kBase{0x100000};
    constexpr std::size_t kSize = 1U << 20;
    const elf::LoadSegment segments[] = {{0, 0, kSize, kSize, true, true, false}};
    // Pieces of 256 KiB: before, across and behind the first end.
    for (const std::size_t at : {std::size_t{8}, (256U << 10) - std::size_t{20}, (256U << 10) - std::size_t{1},
                                 std::size_t{256U << 10}, kSize - 64}) {
        test::FakeMemory memory;
        memory.map(kBase, kSize);
        memory.put_bytes(kBase + at, "3.11.7 (main, Jan  1 2024) [GCC 12.2.0]");
        const auto version = scan_version(memory, kBase.value, segments);
        ASSERT_TRUE(version) << at;
        EXPECT_EQ(version->text(), "3.11.7");
    }
}

TEST(VersionScan, HostileSizesAreCapped) {
    test::FakeMemory memory;
    memory.map(RemoteAddr(0x100000), 4096);
    const elf::LoadSegment segments[] = {{0, 0, ~0ULL, ~0ULL, true, true, false},
                                         {~0ULL, 0, ~0ULL, ~0ULL, true, false, false}};
    EXPECT_FALSE(scan_version(memory, 0x100000, segments));
    EXPECT_LT(memory.calls(), 20'000U);
}

}  // namespace
}  // namespace lampyr::cpython

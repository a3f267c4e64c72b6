// SPDX-License-Identifier: MIT
#include "elf/compressed_core.hpp"

#include "elf/core_file.hpp"
#include "unit/elf/made_core.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <fstream>
#include <random>

namespace lampyr::elf {
namespace {

constexpr std::uint64_t kStart = 0x10000;

std::string gzipped(const std::string& text) {
    z_stream z{};
    if (::deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string out(::deflateBound(&z, text.size()) + 64, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(::deflate(&z, Z_FINISH), Z_STREAM_END);
    out.resize(out.size() - z.avail_out);
    ::deflateEnd(&z);
    return out;
}

std::string zstd(const std::string& text) {
    std::string out(::ZSTD_compressBound(text.size()), '\0');
    const std::size_t size = ::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
    EXPECT_FALSE(::ZSTD_isError(size));
    out.resize(size);
    return out;
}

using Packer = std::string (*)(const std::string&);

class CompressedCores : public testing::TestWithParam<Packer> {
  protected:
    void SetUp() override {
        directory_ = testing::TempDir() + "lampyr-packed-XXXXXX";
        ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
        std::mt19937_64 random(1);
        for (std::size_t i = 0; i < (1U << 20) / 8; ++i) memory_ += test::bytes_of(random());
        memory_ += std::string(3U << 20, '\0') + "end";
        core_ = test::core(test::thread_note(77), {{kStart, memory_.size(), memory_}});
    }
    void TearDown() override { static_cast<void>(!std::system(("rm -rf '" + directory_ + "'").c_str())); }

    [[nodiscard]] static std::string pack(const std::string& text) { return GetParam()(text); }
    [[nodiscard]] std::string write(const std::string& content) const {
        std::ofstream(directory_ + "/core", std::ios::binary) << content;
        return directory_ + "/core";
    }
    void expect_whole(const std::string& packed) const {
        const auto opened = CoreFile::open(write(packed));
        ASSERT_TRUE(opened) << opened.error().message;
        std::string text(memory_.size(), '?');
        EXPECT_TRUE((*opened)->read(RemoteAddr(kStart), std::as_writable_bytes(std::span(text))));
        EXPECT_TRUE(text == memory_);
        EXPECT_EQ((*opened)->threads().size(), 1U);
    }
    [[nodiscard]] std::string refused(const std::string& packed) const {
        const auto opened = CoreFile::open(write(packed));
        if (opened) return {};
        EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
        return opened.error().message;
    }

    std::string directory_, memory_, core_;
};

TEST_P(CompressedCores, AreReadLikeOthers) {
    expect_whole(pack(core_));
    expect_whole(pack(core_.substr(0, 70)) + pack(core_.substr(70)));  // in two members, the first without all headers
}

TEST_P(CompressedCores, ZerosTakeNoRoomAndWhatFollowsTheCoreIsLeft) {
    const std::string file = write(pack(core_ + std::string(2U << 20, 'b')));
    const process::UniqueFd packed(::open(file.c_str(), O_RDONLY));
    const Compression compression = compression_of(packed.get());
    ASSERT_NE(compression, Compression::kNone);
    const auto unpacked = unpack_core(packed.get(), compression, file);
    ASSERT_TRUE(unpacked) << unpacked.error().message;
    struct stat facts {};
    ASSERT_EQ(::fstat(unpacked->get(), &facts), 0);
    EXPECT_EQ(static_cast<std::uint64_t>(facts.st_size), core_.size());
    EXPECT_LT(facts.st_blocks * 512, 2 << 20);
    EXPECT_EQ(facts.st_nlink, 0U);
}

TEST_P(CompressedCores, DamageIsToldOfAndDoesNoHarm) {
    const std::string packed = pack(core_);
    EXPECT_NE(refused(packed.substr(0, packed.size() / 2)).find("it ends after "), std::string::npos);
    EXPECT_NE(refused(pack("hello")).find("it holds no core"), std::string::npos) << "too short for a header";
    EXPECT_NE(refused(pack(std::string(100'000, 'x'))).find("it holds no core"), std::string::npos);
    const std::string small = pack(test::core(test::thread_note(5), {{kStart, 64, "abc"}}));
    std::mt19937 random(1);
    for (int i = 0; i < 120; ++i) {
        std::string damaged = small;
        for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
        const auto opened = CoreFile::open(write(damaged));
        EXPECT_TRUE(opened || opened.error().code == ErrorCode::kCorrupt) << opened.error().message;
    }
}

TEST_P(CompressedCores, HeadersThatClaimTooMuch) {
    std::string claims = core_;
    const std::uint64_t much = std::uint64_t{1} << 60;
    std::memcpy(claims.data() + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_filesz), &much, 8);
    EXPECT_NE(refused(pack(claims)).find("it holds no core"), std::string::npos);
}

TEST_P(CompressedCores, NoRoomIsToldOf) {
    const std::string file = write(pack(core_));
    const char* const before = std::getenv("TMPDIR");
    const std::string kept = before != nullptr ? before : "";
    ::setenv("TMPDIR", (directory_ + "/absent").c_str(), 1);
    const auto opened = CoreFile::open(file);
    if (before != nullptr)
        ::setenv("TMPDIR", kept.c_str(), 1);
    else
        ::unsetenv("TMPDIR");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kSystem);
    EXPECT_NE(opened.error().hint.find("TMPDIR"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, CompressedCores, testing::Values(&gzipped, &zstd),
                         [](const auto& chosen) { return chosen.index == 0 ? "gzip" : "zstd"; });

TEST(OtherCompressions, AreNamed) {
    const std::string directory = testing::TempDir();
    for (const auto& [magic, words] : {std::pair<std::string, std::string>{std::string("\xfd"
                                                                                       "7zXZ\0",
                                                                                       6),
                                                                           "xz -dk"},
                                       {"\x04\x22\x4d\x18", "lz4 -d"},
                                       {"BZh9", "bunzip2 -k"}}) {
        const std::string path = directory + "lampyr-other-compression";
        std::ofstream(path, std::ios::binary) << magic << "rest";
        const auto opened = CoreFile::open(path);
        ASSERT_FALSE(opened);
        EXPECT_NE(opened.error().hint.find(words), std::string::npos) << opened.error().hint;
        ::unlink(path.c_str());
    }
}

}  // namespace
}  // namespace lampyr::elf

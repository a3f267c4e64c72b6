// SPDX-License-Identifier: MIT
#include "elf/image.hpp"

#include "process/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

/// A symbol, exported or not, that the tests look up in their own program.
extern "C" const int lampyr_image_test_marker = 42;
namespace {
/// In a section of its own.
[[gnu::section(".lampyr_mark"), gnu::used]] int marked = 7;
}  // namespace

namespace lampyr::elf {
namespace {

std::string own_program() {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

process::UniqueFd file_of(const std::string& bytes) {
    process::UniqueFd fd(static_cast<int>(::memfd_create("elf", MFD_CLOEXEC)));
    EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return fd;
}

Result<Image> open_self() {
    const process::UniqueFd fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    return Image::open(fd.get());
}

std::uint64_t own_bias() {
    std::uint64_t bias = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* out) {
            *static_cast<std::uint64_t*>(out) = info->dlpi_addr;
            return 1;  // the program comes first
        },
        &bias);
    return bias;
}

TEST(Image, FindsSymbolsOfThisProgram) {
    const auto image = open_self();
    ASSERT_TRUE(image) << image.error().message;
    const std::string_view names[] = {"no_such_symbol", "lampyr_image_test_marker"};
    const auto found = image->find_symbols(names, SymbolTables::kBoth);
    EXPECT_FALSE(found[0]);
    ASSERT_TRUE(found[1]);
    EXPECT_EQ(found[1]->value + own_bias(), reinterpret_cast<std::uint64_t>(&lampyr_image_test_marker));
    EXPECT_EQ(found[1]->size, sizeof lampyr_image_test_marker);
}

TEST(Image, FindsASectionByName) {
    const auto image = open_self();
    ASSERT_TRUE(image);
    const auto section = image->find_section(".lampyr_mark");
    ASSERT_TRUE(section);
    EXPECT_EQ(section->address + own_bias(), reinterpret_cast<std::uint64_t>(&marked));
    EXPECT_EQ(section->size, sizeof marked);
    EXPECT_FALSE(image->find_section(".no_such_section"));
}

TEST(Image, LoadBiasOfEveryMappingOfThisProgramIsTheSame) {
    const auto image = open_self();
    ASSERT_TRUE(image);
    char path[4096];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    ASSERT_GT(length, 0);
    std::ifstream maps("/proc/self/maps");
    int seen = 0;
    for (std::string line; std::getline(maps, line);) {
        if (!line.ends_with(std::string(path, static_cast<std::size_t>(length)))) continue;
        const std::uint64_t start = std::stoull(line, nullptr, 16);
        const std::uint64_t offset = std::stoull(line.substr(line.find(' ') + 6), nullptr, 16);
        EXPECT_EQ(image->load_bias(RemoteAddr(start), offset), own_bias()) << line;
        ++seen;
    }
    EXPECT_GE(seen, 3);
}

TEST(LoadBias, AddressesAreNotFileOffsets) {
    // As lld lays files out: the second segment's address is not its offset, and both share a file page.
    const LoadSegment segments[] = {{0x0, 0x0, 0x1234, 0x1234, true, false, false},
                                    {0x2240, 0x1240, 0x500, 0x900, true, true, false}};
    EXPECT_EQ(load_bias(segments, RemoteAddr(0x500000), 0), 0x500000U);
    EXPECT_EQ(load_bias(segments, RemoteAddr(0x502000), 0x1000), 0x500000U);
    EXPECT_FALSE(load_bias(segments, RemoteAddr(0x509000), 0x9000));
    EXPECT_FALSE(load_bias({}, RemoteAddr(0x500000), 0));
}

TEST(Image, RefusesWhatIsNoElfFile) {
    EXPECT_FALSE(Image::open(-1));
    EXPECT_FALSE(Image::open(file_of("").get()));
    EXPECT_FALSE(Image::open(file_of(std::string(1000, 'x')).get()));
    std::string program = own_program().substr(0, 4096);
    program[4] = 1;  // ELFCLASS32
    EXPECT_FALSE(Image::open(file_of(program).get()));
}

/// A truncated or damaged file may lose symbols; it never crashes us, and never makes us read beyond it.
TEST(Image, SurvivesDamagedFiles) {
    const std::string whole = own_program();
    std::mt19937_64 random(7);
    const auto use = [](const std::string& bytes) {
        const auto image = Image::open(file_of(bytes).get());
        if (!image) return;
        static_cast<void>(image->find_symbol("lampyr_image_test_marker", SymbolTables::kBoth));
        static_cast<void>(image->find_section(".lampyr_mark"));
        static_cast<void>(image->build_id());
    };
    for (const std::size_t size : {16U, 64U, 100U, 4096U, 100000U})
        use(whole.substr(0, std::min<std::size_t>(size, whole.size())));
    const std::size_t small = std::min<std::size_t>(whole.size(), 64U << 10);
    for (int round = 0; round < 150; ++round) {
        std::string bytes = whole.substr(0, small);
        for (int i = 0; i < 8; ++i) bytes[random() % 1024] = static_cast<char>(random());
        use(bytes);
    }
    // The section headers are at the end; damage those of the whole file.
    for (int round = 0; round < 20; ++round) {
        std::string bytes = whole;
        for (int i = 0; i < 20; ++i) bytes[bytes.size() - 1 - random() % 2048] = static_cast<char>(random());
        use(bytes);
    }
}

TEST(Image, BuildIdIsHexOrEmpty) {
    const auto image = open_self();
    ASSERT_TRUE(image);
    const std::string id = image->build_id();
    EXPECT_TRUE(id.empty() || id.size() == 40 || id.size() == 32) << id;
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace lampyr::elf

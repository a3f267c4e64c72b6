// SPDX-License-Identifier: MIT
#include "elf/core_file.hpp"

#include "unit/elf/made_core.hpp"

#include <gtest/gtest.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>

namespace lampyr::elf {
namespace {

using test::bytes_of;
using test::core;
using test::Load;
using test::note;
using test::thread_note;

class CoreFiles : public testing::Test {
  protected:
    void SetUp() override {
        directory_ = testing::TempDir() + "lampyr-core-XXXXXX";
        ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    }
    void TearDown() override { static_cast<void>(!std::system(("rm -rf '" + directory_ + "'").c_str())); }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    [[nodiscard]] std::string write(const std::string& name, const std::string& content) const {
        std::ofstream(path(name), std::ios::binary) << content;
        return path(name);
    }
    [[nodiscard]] static std::string read(const CoreFile& core, std::uint64_t address, std::size_t size) {
        std::string text(size, '?');
        text.resize(core.read_prefix(RemoteAddr(address), std::as_writable_bytes(std::span(text))));
        return text;
    }

    std::string directory_;
};

TEST_F(CoreFiles, GiveMemoryThreadsAndTheProcess) {
    prpsinfo_t process{};
    process.pr_pid = 77;
    std::strcpy(process.pr_psargs, "python3 run.py ");
    const std::string notes =
        thread_note(77) + note(NT_PRPSINFO, bytes_of(process)) + thread_note(79, 0x7f00) + thread_note(-3);
    const auto file = write("core", core(notes, {{0x1000, 8, "abcdefgh"}, {0x1008, 4, "ijkl"}, {0x2000, 16, "mn"}}));
    const auto opened = CoreFile::open(file);
    ASSERT_TRUE(opened) << opened.error().message;
    const CoreFile& found = **opened;
    EXPECT_EQ(found.pid(), 77);
    EXPECT_EQ(found.futex(77), std::nullopt);
    EXPECT_EQ(found.futex(79), std::optional<std::uint64_t>(0x7f00));
    EXPECT_EQ(found.command_line(), "python3 run.py");
    EXPECT_EQ(std::vector<std::int32_t>(found.threads().begin(), found.threads().end()),
              (std::vector<std::int32_t>{77, 79}));
    EXPECT_EQ(read(found, 0x1002, 8), "cdefghij");  // over the end of a mapping
    EXPECT_EQ(read(found, 0x1008, 100), "ijkl");
    EXPECT_EQ(read(found, 0x2000, 16), "mn");  // the core holds no more of it
    EXPECT_EQ(read(found, 0x3000, 1), "");
    EXPECT_EQ(read(found, ~std::uint64_t{0}, 16), "");
    std::array<process::RemoteSegment, 3> segments{{{0x1000, 2}, {0x2001, 5}, {0x1000, 2}}};
    std::string text(9, '?');
    EXPECT_EQ(found.read_segments(segments, std::as_writable_bytes(std::span(text))), 3U);
    EXPECT_EQ(text.substr(0, 3), "abn");
}

TEST_F(CoreFiles, TakeFromFilesWhatTheyDoNotHold) {
    std::string library = std::string(ELFMAG, SELFMAG) + std::string(8188, 'x');
    library.replace(5000, 5, "later");
    const std::string name = write("lib.so", library);
    const std::string text = write("text", std::string(8192, 't'));
    const auto files = [](const std::vector<std::pair<std::uint64_t, std::string>>& all) {
        std::string content = bytes_of(std::uint64_t{all.size()}) + bytes_of(std::uint64_t{4096});
        for (const auto& [start, path] : all)
            content += bytes_of(start) + bytes_of(start + 8192) + bytes_of(std::uint64_t{0});
        for (const auto& [start, path] : all) content += path + '\0';
        return note(NT_FILE, content);
    };
    const std::vector<Load> loads{{0x10000, 8192, library.substr(0, 4096)},
                                  {0x20000, 8192, std::string(4096, 't')},
                                  {0x30000, 8192, std::string(4096, 'n')}};
    const auto opened = CoreFile::open(write("core", core(files({{0x10000, name}, {0x20000, text}}), loads)));
    ASSERT_TRUE(opened);
    EXPECT_EQ(read(**opened, 0x10000 + 5000, 5), "later");
    EXPECT_EQ(read(**opened, 0x10000 + 8190, 5), "xx");
    EXPECT_EQ(read(**opened, 0x20000 + 5000, 5), "");  // no ELF file
    EXPECT_EQ(read(**opened, 0x30000 + 5000, 5), "");  // no file

    // gcore leaves out of its list what it does not write.
    const std::vector<Load> first_page{{0x10000, 4096, library.substr(0, 4096)}};
    const auto split = [&](std::uint64_t start, std::uint64_t end, std::uint64_t page) {
        return bytes_of(start) + bytes_of(end) + bytes_of(page);
    };
    const std::string content = bytes_of(std::uint64_t{2}) + bytes_of(std::uint64_t{4096}) +
                                split(0x10000, 0x11000, 0) + split(0x11000, 0x12000, 1) + name + '\0' + name + '\0';
    const auto less = CoreFile::open(write("less", core(note(NT_FILE, content), first_page)));
    ASSERT_TRUE(less);
    EXPECT_EQ((*less)->segments().size(), 2U);
    EXPECT_EQ(read(**less, 0x11000 + 904, 5), "later");

    library[100] = 'y';  // replaced since
    static_cast<void>(write("lib.so", library));
    const auto again = CoreFile::open(path("core"));
    ASSERT_TRUE(again);
    EXPECT_EQ(read(**again, 0x10000 + 5000, 5), "");
}

TEST_F(CoreFiles, OthersAreRefusedInWords) {
    EXPECT_EQ(CoreFile::open(path("absent")).error().code, ErrorCode::kSystem);
    EXPECT_EQ(CoreFile::open(directory_).error().code, ErrorCode::kCorrupt);
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_EQ(CoreFile::open(path("fifo")).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(CoreFile::open(write("empty", "")).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(CoreFile::open(write("text", "hello")).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(CoreFile::open(write("none", core("", {}))).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(CoreFile::open("/proc/self/exe").error().code, ErrorCode::kCorrupt);
    const std::string overlapping = core("", {{0x1000, 100, "a"}, {0x1010, 100, "b"}});
    EXPECT_EQ(CoreFile::open(write("overlapping", overlapping)).error().code, ErrorCode::kCorrupt);
}

TEST_F(CoreFiles, DamageDoesNoHarm) {
    const std::string whole = core(thread_note(5) + note(NT_FILE, std::string(64, '\xff')), {{0x1000, 64, "abc"}});
    std::mt19937 random(1);
    for (int i = 0; i < 150; ++i) {
        std::string damaged = whole.substr(0, i % 4 == 0 ? random() % whole.size() : whole.size());
        for (int k = 0; k < 4 && !damaged.empty(); ++k)
            damaged[random() % damaged.size()] = static_cast<char>(random());
        const auto opened = CoreFile::open(write("damaged", damaged));
        if (!opened) continue;
        for (const CoreSegment& segment : (*opened)->segments())
            EXPECT_LE(read(**opened, segment.start, 64).size(), 64U);
    }
}

}  // namespace
}  // namespace lampyr::elf

// SPDX-License-Identifier: MIT
#include "process/proc_maps.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <pthread.h>
#include <cstdlib>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::eventually;
using test::ForkedChild;

constexpr std::string_view kText =
    "00400000-00401000 r--p 00001000 fe:0a 123                                /usr/bin/python3.13\n"
    "00401000-00402000 rwxs 00000000 00:00 0 \n"
    "00500000-00501000 r-xp 00000000 103:02 77                /a b\\012c (deleted)\n"
    "7ffc0000-7ffc1000 rw-p 00000000 00:00 0                          [stack]\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

TEST(ProcMaps, ReadsEveryColumn) {
    const auto maps = parse_maps(kText);
    ASSERT_TRUE(maps);
    ASSERT_EQ(maps->size(), 5U);
    const Mapping& file = (*maps)[0];
    EXPECT_EQ(file.start, RemoteAddr(0x400000));
    EXPECT_EQ(file.size(), 0x1000U);
    EXPECT_EQ(file.file_offset, 0x1000U);
    EXPECT_TRUE(file.readable && !file.writable && !file.executable && !file.shared);
    EXPECT_EQ(file.device_major, 0xfeU);
    EXPECT_EQ(file.device_minor, 0x0aU);
    EXPECT_EQ(file.inode, 123U);
    EXPECT_EQ(file.path, "/usr/bin/python3.13");
    EXPECT_TRUE(file.is_file() && !file.deleted);

    EXPECT_TRUE((*maps)[1].shared && (*maps)[1].executable && (*maps)[1].path.empty() && !(*maps)[1].is_file());
    EXPECT_EQ((*maps)[2].path, "/a b\nc");
    EXPECT_TRUE((*maps)[2].deleted);
    EXPECT_EQ((*maps)[2].device_major, 0x103U);
    EXPECT_EQ((*maps)[3].path, "[stack]");
    EXPECT_FALSE((*maps)[4].readable);

    EXPECT_EQ(find_mapping(*maps, RemoteAddr(0x400fff)), &(*maps)[0]);
    EXPECT_EQ(find_mapping(*maps, RemoteAddr(0x402000)), nullptr);
    EXPECT_EQ(find_mapping(*maps, RemoteAddr(0)), nullptr);
    EXPECT_EQ(find_mapping(*maps, RemoteAddr(0xffffffffff600000)), &(*maps)[4]);
}

TEST(ProcMaps, SurvivesTruncationAndRefusesNonsense) {
    for (std::size_t size = 0; size <= kText.size(); ++size) {
        const auto maps = parse_maps(kText.substr(0, size));
        if (!maps) {
            EXPECT_EQ(maps.error().code, ErrorCode::kCorrupt);
        }
    }
    for (const char* text : {"\n", "x", "1-2", "2-1 r--p 0 0:0 0\n", "1-2 r-p 0 0:0 0\n", "1-2 r--p 0 0:0 x\n",
                             "1-2 r--p 0 0 0\n", "11111111111111111-2 r--p 0 0:0 0\n"}) {
        EXPECT_FALSE(parse_maps(text)) << text;
    }
    EXPECT_TRUE(parse_maps("1-2 r--p 0 0:0 0"));
}

TEST(ProcMaps, ReadsFilesWithHostileNames) {
    std::string directory = testing::TempDir() + "lampyr-XXXXXX";
    ASSERT_NE(::mkdtemp(directory.data()), nullptr);
    const std::string path = directory + "/a b\n(c)";
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(fd);
    ASSERT_EQ(::ftruncate(fd.get(), 4096), 0);
    void* page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    ASSERT_NE(page, MAP_FAILED);
    for (const bool deleted : {false, true}) {
        if (deleted) {
            ASSERT_EQ(::unlink(path.c_str()), 0);
        }
        const auto maps = read_maps(Pid(::getpid()));
        ASSERT_TRUE(maps);
        const Mapping* mapping = find_mapping(*maps, RemoteAddr(reinterpret_cast<std::uint64_t>(page)));
        ASSERT_NE(mapping, nullptr);
        EXPECT_EQ(mapping->path, path);
        EXPECT_EQ(mapping->deleted, deleted);
    }
    ::munmap(page, 4096);
    ::rmdir(directory.c_str());
}

TEST(ProcMaps, ReadsAProcessWhoseMainThreadHasEnded) {
    ForkedChild child([](ChildPort&) {
        pthread_t thread{};
        ::pthread_create(
            &thread, nullptr,
            [](void*) -> void* {
                for (;;) ::pause();
            },
            nullptr);
        ::syscall(SYS_exit, 0);
        return 0;
    });
    ASSERT_TRUE(eventually([&] { return test::thread_state(child.pid(), Tid(child.pid().value)) == 'Z'; }));
    const auto maps = read_maps(child.pid());
    ASSERT_TRUE(maps) << maps.error().message;
    EXPECT_GT(maps->size(), 3U);
    child.kill();
    const auto gone = read_maps(child.pid());
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ErrorCode::kNoSuchProcess);
}

}  // namespace
}  // namespace lampyr::process

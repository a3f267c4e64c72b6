// SPDX-License-Identifier: MIT
#include "process/vm_memory.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <numeric>
#include <vector>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::eventually;
using test::ForkedChild;

/// Two readable pages followed by one that is not; returns the first. Both hold a counting pattern.
unsigned char* guarded_pages() {
    auto* pages = static_cast<unsigned char*>(
        ::mmap(nullptr, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (std::size_t i = 0; i < 2 * 4096; ++i) pages[i] = static_cast<unsigned char>(i * 7 + i / 256);
    ::munmap(pages + 2 * 4096, 4096);
    return pages;
}

int serve_pages(ChildPort& port) {
    port.send(reinterpret_cast<std::uint64_t>(guarded_pages()));
    port.await_go();
    return 0;
}

std::vector<std::byte> pattern(std::size_t from, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((from + i) * 7 + (from + i) / 256);
    return bytes;
}

class VmMemoryMethods : public testing::TestWithParam<VmMemory::Method> {};

TEST_P(VmMemoryMethods, CopiesSegmentsInOrder) {
    ForkedChild child(serve_pages);
    const auto base = child.receive<std::uint64_t>();
    auto memory = VmMemory::open(child.pid(), GetParam());
    ASSERT_TRUE(memory) << to_string(memory.error());
    EXPECT_EQ((*memory)->method(), GetParam());

    const std::array<RemoteSegment, 3> segments{{{base + 5000, 100}, {base + 10, 1}, {base, 4200}}};
    std::vector<std::byte> out(4301);
    ASSERT_EQ((*memory)->read_segments(segments, out), out.size());
    auto expected = pattern(5000, 100);
    expected.push_back(pattern(10, 1)[0]);
    const auto tail = pattern(0, 4200);
    expected.insert(expected.end(), tail.begin(), tail.end());
    EXPECT_EQ(out, expected);
    EXPECT_EQ((*memory)->calls(), GetParam() == VmMemory::Method::kProcMem ? 3U : 1U);
}

TEST_P(VmMemoryMethods, StopsAtTheFirstUnreadableByte) {
    ForkedChild child(serve_pages);
    const auto base = child.receive<std::uint64_t>();
    auto memory = VmMemory::open(child.pid(), GetParam());
    ASSERT_TRUE(memory);

    std::vector<std::byte> out(8192);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(base + 8192 - 24), std::span(out).first(100)), 24U);
    const std::array<RemoteSegment, 3> hole{{{base, 8}, {base + 8192, 8}, {base + 16, 8}}};
    EXPECT_EQ((*memory)->read_segments(hole, std::span(out).first(24)), 8U);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(0), std::span(out).first(8)), 0U);
    EXPECT_EQ((*memory)->read_prefix(RemoteAddr(~0ULL - 7), std::span(out).first(8)), 0U);
    EXPECT_FALSE((*memory)->read_value<std::uint64_t>(RemoteAddr(base + 8192 - 4)));
    EXPECT_EQ((*memory)->read_segments({}, out), 0U);
    // A size larger than the room is bounded by the room.
    const RemoteSegment huge{base, ~0ULL >> 1};
    EXPECT_EQ((*memory)->read_segments({&huge, 1}, std::span(out).first(64)), 64U);
}

TEST_P(VmMemoryMethods, ReadsMoreSegmentsThanOneCallTakes) {
    ForkedChild child(serve_pages);
    const auto base = child.receive<std::uint64_t>();
    auto memory = VmMemory::open(child.pid(), GetParam());
    ASSERT_TRUE(memory);

    std::vector<RemoteSegment> segments;
    for (std::uint64_t i = 0; i < 2500; ++i) segments.push_back({base + 3 * i, 2});
    std::vector<std::byte> out(5000);
    ASSERT_EQ((*memory)->read_segments(segments, out), out.size());
    for (std::size_t i = 0; i < 2500; ++i) {
        ASSERT_EQ(out[2 * i], pattern(3 * i, 1)[0]) << i;
        ASSERT_EQ(out[2 * i + 1], pattern(3 * i + 1, 1)[0]) << i;
    }
    if (GetParam() == VmMemory::Method::kProcessVmReadv) {
        EXPECT_EQ((*memory)->calls(), 3U);
    }

    segments[1500].address = base + 8192;  // the second call comes short: the third is not made
    std::fill(out.begin(), out.end(), std::byte{0});
    EXPECT_EQ((*memory)->read_segments(segments, out), 3000U);
    if (GetParam() == VmMemory::Method::kProcessVmReadv) {
        EXPECT_EQ((*memory)->calls(), 5U);
    }
}

TEST_P(VmMemoryMethods, GivesNothingOnceTheProcessHasEnded) {
    ForkedChild child(serve_pages);
    const auto base = child.receive<std::uint64_t>();
    auto memory = VmMemory::open(child.pid(), GetParam());
    ASSERT_TRUE(memory);
    EXPECT_TRUE((*memory)->read_value<std::uint64_t>(RemoteAddr(base)));
    child.kill();
    EXPECT_FALSE((*memory)->read_value<std::uint64_t>(RemoteAddr(base)));
    EXPECT_TRUE((*memory)->process().exited());
}

TEST_P(VmMemoryMethods, SurvivesTheEndOfTheMainThread) {
    ForkedChild child([](ChildPort& port) {
        static ChildPort* shared = &port;
        static std::uint64_t pages = reinterpret_cast<std::uint64_t>(guarded_pages());
        pthread_t first{};
        pthread_t second{};
        const auto wait_for_go = [](void*) -> void* {
            shared->await_go();
            return nullptr;
        };
        const auto announce = [](void*) -> void* {
            shared->await_go();
            shared->send(pages);
            for (;;) ::pause();
        };
        ::pthread_create(&first, nullptr, wait_for_go, nullptr);
        ::pthread_create(&second, nullptr, announce, nullptr);
        ::syscall(SYS_exit, 0);  // this thread only
        return 0;
    });
    ASSERT_TRUE(eventually([&] { return test::thread_state(child.pid(), Tid(child.pid().value)) == 'Z'; }));
    auto memory = VmMemory::open(child.pid(), GetParam());
    ASSERT_TRUE(memory) << to_string(memory.error());
    // One of the two threads ends, perhaps the one that is used; the other then sends the address.
    child.go();
    child.go();
    const auto base = child.receive<std::uint64_t>();
    EXPECT_FALSE((*memory)->process().exited());
    std::vector<std::byte> out(64);
    EXPECT_TRUE((*memory)->read(RemoteAddr(base), out));
    EXPECT_EQ(out, pattern(0, 64));
}

INSTANTIATE_TEST_SUITE_P(All, VmMemoryMethods,
                         testing::Values(VmMemory::Method::kProcessVmReadv, VmMemory::Method::kProcMem),
                         [](const auto& param) {
                             return param.param == VmMemory::Method::kProcMem ? "ProcMem" : "ProcessVmReadv";
                         });

TEST(VmMemory, SaysWhyAProcessCannotBeOpened) {
    const auto nobody = VmMemory::open(Pid(0));
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, ErrorCode::kNoSuchProcess);

    ForkedChild child([](ChildPort&) { return 0; });
    child.await_zombie();
    const auto zombie = VmMemory::open(child.pid());
    ASSERT_FALSE(zombie);
    EXPECT_EQ(zombie.error().code, ErrorCode::kNoSuchProcess);
    EXPECT_EQ(zombie.error().message.find('\n'), std::string::npos);
}

TEST(VmMemory, ReadsItself) {
    auto memory = VmMemory::open(Pid(::getpid()));
    ASSERT_TRUE(memory);
    const std::uint64_t value = 0x1234567890abcdef;
    EXPECT_EQ((*memory)->read_value<std::uint64_t>(RemoteAddr(reinterpret_cast<std::uint64_t>(&value))), value);
}

}  // namespace
}  // namespace lampyr::process

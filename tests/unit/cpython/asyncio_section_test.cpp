// SPDX-License-Identifier: MIT
#include "cpython/asyncio_section.hpp"

#include "support/fake_elf.hpp"
#include "support/fake_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace lampyr::cpython {
namespace {

using Numbers = std::array<std::uint64_t, 13>;

constexpr RemoteAddr kBase{0x7f0000000000};
constexpr std::size_t kDataSize = 8192;

/// As CPython 3.14.10 publishes them.
constexpr Numbers kGood{168, 136, 96, 108, 109, 128, 152, 225864, 10880, 936, 864, 872, 880};

AsyncioLayout known() { return *asyncio_layout({.major = 3, .minor = 14, .micro = 0}); }

/// What is taken from the data of an image whose file cannot be read, as in a core.
bool take(AsyncioLayout& asyncio, const Numbers& numbers, std::size_t at = 4096 - 24) {
    test::FakeMemory memory;
    test::FakeElf().load(memory, kBase, kDataSize);
    memory.put(kBase + test::FakeElf::kDataAddress + at, numbers);
    std::vector<process::Mapping> mappings(1);
    mappings[0].start = kBase;
    mappings[0].end = kBase + test::FakeElf::kDataAddress + kDataSize;
    mappings[0].readable = true;
    return take_asyncio_section(asyncio, memory, Pid{0}, mappings);
}

TEST(AsyncioSection, IsFoundInDataByTheNumbersOfATask) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{4096 - 24}, kDataSize - sizeof(Numbers)}) {
        AsyncioLayout asyncio = known();
        ASSERT_TRUE(take(asyncio, kGood, at));
        EXPECT_EQ(asyncio.interpreter_tasks, Offset(10880));
        EXPECT_EQ(asyncio.running_task, Offset(872));
        EXPECT_EQ(asyncio.thread_tasks, Offset(880));
        EXPECT_TRUE(asyncio.fut_waiter.present());
    }
}

TEST(AsyncioSection, NumbersThatCannotBeAreNotTaken) {
    const auto refuses = [](std::size_t number, std::uint64_t value) {
        Numbers numbers = kGood;
        numbers[number] = value;
        AsyncioLayout asyncio = known();
        const bool taken = take(asyncio, numbers);
        return !taken && !asyncio.running_task.present() && asyncio.coro == known().coro;
    };
    EXPECT_TRUE(refuses(7, 1ULL << 40));  // interpreter: size,
    EXPECT_TRUE(refuses(8, 225864 - 8));  // a list head that reaches beyond it,
    EXPECT_TRUE(refuses(8, 10881));       // or is not aligned
    EXPECT_TRUE(refuses(9, 1ULL << 20));  // thread state: size,
    EXPECT_TRUE(refuses(11, 936));        // its running task,
    EXPECT_TRUE(refuses(11, ~0ULL - 7));  //
    EXPECT_TRUE(refuses(12, 928));        // its list
    EXPECT_TRUE(refuses(0, 169));         // no task as it is known
}

TEST(AsyncioSection, BeforeItExistedNothingIsLookedFor) {
    AsyncioLayout asyncio = *asyncio_layout({.major = 3, .minor = 13, .micro = 0});
    EXPECT_FALSE(take(asyncio, kGood));
}

TEST(AsyncioSection, LayoutsAreThereFrom311On) {
    EXPECT_FALSE(asyncio_layout({.major = 2, .minor = 7, .micro = 18}));
    EXPECT_FALSE(asyncio_layout({.major = 3, .minor = 10, .micro = 0}));
    EXPECT_TRUE(asyncio_layout({.major = 3, .minor = 11, .micro = 0}));
    const auto future = asyncio_layout({.major = 3, .minor = 16, .micro = 0});
    ASSERT_TRUE(future);
    EXPECT_EQ(future->awaiting_states, asyncio_layout({.major = 3, .minor = 15, .micro = 0})->awaiting_states);
    const auto with_gil = known();
    const auto without = *asyncio_layout({.major = 3, .minor = 14, .micro = 0, .free_threaded = true});
    EXPECT_EQ(without.coro.value(), with_gil.coro.value() + 16);
    EXPECT_EQ(without.task_size, with_gil.task_size + 16);
}

}  // namespace
}  // namespace lampyr::cpython

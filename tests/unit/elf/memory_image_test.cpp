// SPDX-License-Identifier: MIT
#include "elf/memory_image.hpp"

#include "support/fake_elf.hpp"
#include "support/fake_memory.hpp"

#include <gtest/gtest.h>

namespace lampyr::elf {
namespace {

using test::FakeElf;
using test::FakeMemory;

constexpr RemoteAddr kBase{0x7f0000000000};

FakeElf two_symbols() {
    FakeElf elf;
    elf.add_symbol("first", 0x10);
    elf.add_symbol("second", 0x20);
    return elf;
}

class HashKinds : public testing::TestWithParam<FakeElf::Hash> {};

TEST_P(HashKinds, FindsExactlyTheSymbolsThatAreThere) {
    FakeElf elf = two_symbols();
    elf.set_hash(GetParam());
    FakeMemory memory;
    elf.load(memory, kBase, 4096);
    const auto image = MemoryImage::open(memory, kBase);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->load_bias(), kBase.value);
    EXPECT_EQ(image->find_symbol("first"), kBase + FakeElf::kDataAddress + 0x10);
    EXPECT_EQ(image->find_symbol("second"), kBase + FakeElf::kDataAddress + 0x20);
    EXPECT_FALSE(image->find_symbol("secon"));
    EXPECT_FALSE(image->find_symbol("second2"));
    EXPECT_FALSE(image->find_symbol(""));
    EXPECT_FALSE(image->find_symbol(std::string(5000, 'x')));
}

TEST_P(HashKinds, LinkTimeAddressesInTheDynamicSectionWork) {
    FakeElf elf = two_symbols();
    elf.set_hash(GetParam());
    elf.keep_link_addresses();
    FakeMemory memory;
    elf.load(memory, kBase, 4096);
    const auto image = MemoryImage::open(memory, kBase);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->find_symbol("second"), kBase + FakeElf::kDataAddress + 0x20);
}

INSTANTIATE_TEST_SUITE_P(All, HashKinds, testing::Values(FakeElf::Hash::kSysv, FakeElf::Hash::kGnu));

TEST(MemoryImage, WithoutHashTableNothingIsFound) {
    FakeElf elf = two_symbols();
    elf.set_hash(FakeElf::Hash::kNone);
    FakeMemory memory;
    elf.load(memory, kBase, 4096);
    const auto image = MemoryImage::open(memory, kBase);
    ASSERT_TRUE(image);
    EXPECT_FALSE(image->find_symbol("first"));
}

TEST(MemoryImage, UndefinedSymbolsAreNotFound) {
    FakeMemory memory;
    two_symbols().load(memory, kBase, 4096);
    Elf64_Sym symbol = memory.get<Elf64_Sym>(kBase + FakeElf::kSymbols + sizeof(Elf64_Sym));
    symbol.st_shndx = SHN_UNDEF;
    memory.put(kBase + FakeElf::kSymbols + sizeof(Elf64_Sym), symbol);
    EXPECT_FALSE(MemoryImage::open(memory, kBase)->find_symbol("first"));
}

TEST(MemoryImage, RefusesWhatIsNoImage) {
    FakeMemory memory;
    memory.map(kBase, 4096);
    EXPECT_FALSE(MemoryImage::open(memory, kBase));
    EXPECT_FALSE(MemoryImage::open(memory, RemoteAddr(0x1000)));
    memory.put_bytes(kBase, std::string_view("\x7f"
                                             "ELF\x01\x01",
                                             6));  // 32 bit
    EXPECT_FALSE(MemoryImage::open(memory, kBase));
}

/// Each word of the header and the tables in turn is made huge, all ones, zero or a small wrong number. Whatever that
/// breaks, the look-up ends, reads little, and finds the right symbol or none.
TEST(MemoryImage, DamagedTablesCostNothing) {
    const std::uint64_t kValues[] = {0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
    for (const auto hash : {FakeElf::Hash::kSysv, FakeElf::Hash::kGnu}) {
        for (const std::uint64_t value : kValues) {
            for (std::uint64_t at = 0; at < FakeElf::kHash + 64; at += 4) {
                FakeElf elf = two_symbols();
                elf.set_hash(hash);
                FakeMemory memory;
                elf.load(memory, kBase, 4096);
                memory.put(kBase + at, static_cast<std::uint32_t>(value));
                memory.put(kBase + at + 4, static_cast<std::uint32_t>(value >> 32));
                const auto image = MemoryImage::open(memory, kBase);
                if (image) static_cast<void>(image->find_symbol("second"));
                EXPECT_LT(memory.calls(), 3U * 4096 + 100) << at << " " << value;
            }
        }
    }
}

TEST(MemoryImage, AChainWithoutEndIsLeft) {
    FakeElf elf = two_symbols();
    elf.set_hash(FakeElf::Hash::kSysv);
    FakeMemory memory;
    elf.load(memory, kBase, 4096);
    memory.put(kBase + FakeElf::kHash + 12 + 2 * 4, std::uint32_t{1});  // second → first → second …
    EXPECT_FALSE(MemoryImage::open(memory, kBase)->find_symbol("absent"));
    EXPECT_LT(memory.calls(), 3U * 4096 + 100);
}

}  // namespace
}  // namespace lampyr::elf

// SPDX-License-Identifier: MIT
#include "native/function_extents.hpp"

#include "native/symbol_table.hpp"

#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace lampyr::native {
namespace {

// The eval loop is the largest function of its interpreter in all versions and builds looked at: 29 KB in 2.7, 32 to 38 KB in
// 3.6 to 3.10, 43 to 84 KB since, where the next is at most 0.93 of it. Where it is split, 1 KB keeps its name.
constexpr std::uint64_t kTooSmallToBeWhole = 16U << 10;
constexpr std::uint64_t kEvalLoopAtLeast = 24U << 10;
constexpr std::string_view kEval = "_PyEval_EvalFrameDefault";

constexpr std::size_t kHeader = 12;  // version, three encodings, pointer to .eh_frame, count
constexpr std::size_t kEntry = 8;    // of the list: start, and where its table is
constexpr std::uint64_t kMostBytes = 64U << 20;
/// Version 1; a pointer, a 4-byte count, and entries of 4 signed bytes relative to the section (LSB, Linux base spec).
constexpr std::array<unsigned char, 2> kUsualEncodings{0x03, 0x3b};

std::uint32_t load(const unsigned char* bytes) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

std::uint64_t relative(std::uint64_t base, std::uint32_t offset) {
    return base + static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(offset)));
}

std::vector<Extent> parse(const unsigned char* bytes, std::size_t size, std::uint64_t address) {
    if (size < kHeader || bytes[0] != 1) return {};
    if (!std::equal(kUsualEncodings.begin(), kUsualEncodings.end(), bytes + 2)) return {};
    const std::size_t count = std::min<std::size_t>(load(bytes + 8), (size - kHeader) / kEntry);
    std::vector<Extent> extents;
    for (std::size_t i = 0; i + 1 < count; ++i) {
        const std::uint64_t start = relative(address, load(bytes + kHeader + i * kEntry));
        const std::uint64_t next = relative(address, load(bytes + kHeader + (i + 1) * kEntry));
        if (next < start) return {};
        extents.push_back({start, next - start});
    }
    return extents;
}

/// The largest function of all, if it has no name and is as large as an eval loop.
bool name_largest(SymbolTable& symbols, Elf* elf, std::string_view name) {
    Extent largest;
    for (const Extent& extent : function_extents(elf))
        if (extent.size > largest.size) largest = extent;
    if (largest.size < kEvalLoopAtLeast || !symbols.find(largest.start).empty()) return false;
    symbols.add(largest.start, largest.size, name);
    symbols.sort();
    return true;
}

}  // namespace

std::vector<Extent> function_extents(Elf* elf) {
    std::size_t count = 0;
    if (elf_getphdrnum(elf, &count) != 0) return {};
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 256); ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr || header.p_type != PT_GNU_EH_FRAME) continue;
        if (header.p_filesz > kMostBytes) return {};
        Elf_Data* data =
            elf_getdata_rawchunk(elf, static_cast<std::int64_t>(header.p_offset), header.p_filesz, ELF_T_BYTE);
        if (data == nullptr || data->d_buf == nullptr) return {};
        return parse(static_cast<const unsigned char*>(data->d_buf), data->d_size, header.p_vaddr);
    }
    return {};
}

void name_hidden_eval_loop(SymbolTable& symbols, Elf* elf) {
    const auto size = symbols.size_of(kEval);
    if (size && *size < kTooSmallToBeWhole) name_largest(symbols, elf, "_PyEval_EvalFrameDefault.cold");
}

bool name_nameless_eval_loop(SymbolTable& symbols, Elf* elf) { return name_largest(symbols, elf, kEval); }

}  // namespace lampyr::native

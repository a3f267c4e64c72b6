// SPDX-License-Identifier: MIT
#include "elf/memory_image.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace lampyr::elf {
namespace {

constexpr std::size_t kMaxProgramHeaders = 256;
constexpr std::size_t kMaxDynamicEntries = 1024;
constexpr std::uint32_t kMaxBuckets = 1U << 24;
constexpr std::uint32_t kMaxChain = 4096;  // symbols compared in one hash bucket
constexpr std::size_t kMaxNameBytes = 256;

std::uint32_t gnu_hash(std::string_view name) {
    std::uint32_t hash = 5381;
    for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
    return hash;
}

/// System V ABI, chapter 5, "Hash Table".
std::uint32_t sysv_hash(std::string_view name) {
    std::uint32_t hash = 0;
    for (const char c : name) {
        hash = (hash << 4) + static_cast<unsigned char>(c);
        const std::uint32_t high = hash & 0xF0000000;
        hash = (hash ^ (high >> 24)) & ~high;
    }
    return hash;
}

bool is_supported(const Elf64_Ehdr& header) {
    return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
           header.e_ident[EI_DATA] == ELFDATA2LSB && header.e_phentsize == sizeof(Elf64_Phdr) && header.e_phnum > 0;
}

LoadSegment to_segment(const Elf64_Phdr& header) {
    return {header.p_vaddr,
            header.p_offset,
            header.p_filesz,
            header.p_memsz,
            (header.p_flags & PF_R) != 0,
            (header.p_flags & PF_W) != 0,
            (header.p_flags & PF_X) != 0};
}

}  // namespace

std::optional<MemoryImage> MemoryImage::open(const process::RemoteMemory& memory, RemoteAddr header) {
    const auto elf = memory.read_value<Elf64_Ehdr>(header);
    if (!elf || !is_supported(*elf)) return std::nullopt;
    std::vector<Elf64_Phdr> program(std::min<std::size_t>(elf->e_phnum, kMaxProgramHeaders));
    if (!memory.read(header + elf->e_phoff, std::as_writable_bytes(std::span(program)))) return std::nullopt;
    MemoryImage image(memory);
    for (const Elf64_Phdr& entry : program)
        if (entry.p_type == PT_LOAD) image.segments_.push_back(to_segment(entry));
    const auto bias = elf::load_bias(image.segments_, header, 0);
    if (!bias) return std::nullopt;
    image.bias_ = *bias;
    for (const Elf64_Phdr& entry : program)
        if (entry.p_type == PT_DYNAMIC) image.read_dynamic(RemoteAddr(*bias + entry.p_vaddr), entry.p_memsz);
    return image;
}

bool MemoryImage::contains(RemoteAddr address) const {
    const std::uint64_t linked = address.value - bias_;
    return std::any_of(segments_.begin(), segments_.end(), [linked](const LoadSegment& segment) {
        return linked >= segment.address && linked - segment.address < segment.memory_size;
    });
}

RemoteAddr MemoryImage::dynamic_address(std::uint64_t value) const {
    // glibc writes final addresses into the dynamic section; musl, and glibc where it is read-only, leave link-time ones.
    return contains(RemoteAddr(value)) ? RemoteAddr(value) : RemoteAddr(value + bias_);
}

void MemoryImage::read_dynamic(RemoteAddr table, std::uint64_t size) {
    std::vector<Elf64_Dyn> entries(std::min<std::uint64_t>(size / sizeof(Elf64_Dyn), kMaxDynamicEntries));
    const std::size_t got = memory_->read_prefix(table, std::as_writable_bytes(std::span(entries)));
    entries.resize(got / sizeof(Elf64_Dyn));
    for (const Elf64_Dyn& entry : entries) {
        switch (entry.d_tag) {
            case DT_NULL: return;
            case DT_SYMTAB: dynamic_.symbols = dynamic_address(entry.d_un.d_ptr); break;
            case DT_STRTAB: dynamic_.strings = dynamic_address(entry.d_un.d_ptr); break;
            case DT_STRSZ: dynamic_.strings_size = entry.d_un.d_val; break;
            case DT_GNU_HASH: dynamic_.gnu_hash = dynamic_address(entry.d_un.d_ptr); break;
            case DT_HASH: dynamic_.hash = dynamic_address(entry.d_un.d_ptr); break;
            default: break;
        }
    }
}

std::optional<RemoteAddr> MemoryImage::match(std::uint32_t index, std::string_view name) const {
    const auto symbol = memory_->read_value<Elf64_Sym>(dynamic_.symbols + std::uint64_t{index} * sizeof(Elf64_Sym));
    if (!symbol || symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0) return std::nullopt;
    if (symbol->st_name >= dynamic_.strings_size) return std::nullopt;
    std::array<char, kMaxNameBytes> text{};
    const auto wanted = std::span(text).first(name.size() + 1);
    if (!memory_->read(dynamic_.strings + symbol->st_name, std::as_writable_bytes(wanted))) return std::nullopt;
    if (std::string_view(text.data(), name.size()) != name || text[name.size()] != '\0') return std::nullopt;
    return RemoteAddr(symbol->st_value + bias_);
}

std::optional<RemoteAddr> MemoryImage::find_symbol(std::string_view name) const {
    if (name.empty() || name.size() >= kMaxNameBytes) return std::nullopt;
    if (dynamic_.symbols.is_null() || dynamic_.strings.is_null()) return std::nullopt;
    if (!dynamic_.gnu_hash.is_null()) return find_gnu(name);
    if (!dynamic_.hash.is_null()) return find_sysv(name);
    return std::nullopt;
}

std::optional<RemoteAddr> MemoryImage::find_gnu(std::string_view name) const {
    struct Header {
        std::uint32_t buckets, first_symbol, bloom_words, bloom_shift;
    };
    const auto header = memory_->read_value<Header>(dynamic_.gnu_hash);
    if (!header || header->buckets == 0 || header->buckets > kMaxBuckets || header->bloom_words > kMaxBuckets)
        return std::nullopt;
    const RemoteAddr buckets = dynamic_.gnu_hash + sizeof(Header) + std::uint64_t{header->bloom_words} * 8;
    const RemoteAddr chains = buckets + std::uint64_t{header->buckets} * 4;
    const std::uint32_t hash = gnu_hash(name);
    const auto first = memory_->read_value<std::uint32_t>(buckets + std::uint64_t{hash % header->buckets} * 4);
    if (!first || *first < header->first_symbol) return std::nullopt;  // 0: empty bucket
    for (std::uint32_t i = 0; i < kMaxChain; ++i) {
        const std::uint64_t index = std::uint64_t{*first} + i;
        const auto entry = memory_->read_value<std::uint32_t>(chains + (index - header->first_symbol) * 4);
        if (!entry || index > UINT32_MAX) return std::nullopt;
        if ((*entry | 1) == (hash | 1))
            if (const auto found = match(static_cast<std::uint32_t>(index), name)) return found;
        if ((*entry & 1) != 0) return std::nullopt;  // last of the chain
    }
    return std::nullopt;
}

std::optional<RemoteAddr> MemoryImage::find_sysv(std::string_view name) const {
    struct Header {
        std::uint32_t buckets, chains;
    };
    const auto header = memory_->read_value<Header>(dynamic_.hash);
    if (!header || header->buckets == 0 || header->buckets > kMaxBuckets) return std::nullopt;
    const RemoteAddr buckets = dynamic_.hash + sizeof(Header);
    const RemoteAddr chains = buckets + std::uint64_t{header->buckets} * 4;
    auto index = memory_->read_value<std::uint32_t>(buckets + std::uint64_t{sysv_hash(name) % header->buckets} * 4);
    for (std::uint32_t i = 0; i < kMaxChain && index && *index != 0 && *index < header->chains; ++i) {
        if (const auto found = match(*index, name)) return found;
        index = memory_->read_value<std::uint32_t>(chains + std::uint64_t{*index} * 4);
    }
    return std::nullopt;
}

}  // namespace lampyr::elf

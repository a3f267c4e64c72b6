// SPDX-License-Identifier: MIT
#pragma once

#include "support/fake_memory.hpp"

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace lampyr::test {

/// A small ELF image in fake memory, as a loader leaves it: header and dynamic tables in one read-only page run, then
/// `data_size` bytes of writable data. Symbols are added before `load`.
class FakeElf {
  public:
    enum class Hash : std::uint8_t { kSysv, kGnu, kNone };

    /// `offset` is from the start of the writable data.
    void add_symbol(const std::string& name, std::uint64_t offset) { symbols_.emplace_back(name, offset); }
    void set_hash(Hash hash) { hash_ = hash; }
    /// musl, and glibc where the section is read-only, leave link-time addresses in the dynamic section.
    void keep_link_addresses() { relocated_ = false; }

    static constexpr std::uint64_t kDataAddress = 0x10000;  // link-time

    /// Writes the image at `base`; data begins at base + kDataAddress.
    void load(FakeMemory& memory, RemoteAddr base, std::size_t data_size) const {
        memory.map(base, kDataAddress);
        memory.map(base + kDataAddress, data_size);
        put_headers(memory, base, data_size);
        std::string strings(1, '\0');
        std::vector<Elf64_Sym> table(1);
        for (const auto& [name, offset] : symbols_) {
            Elf64_Sym symbol{};
            symbol.st_name = static_cast<Elf64_Word>(strings.size());
            symbol.st_shndx = 5;
            symbol.st_value = kDataAddress + offset;
            table.push_back(symbol);
            strings += name + '\0';
        }
        memory.put_bytes(base + kStrings, strings);
        memory.put_bytes(base + kSymbols, std::as_bytes(std::span(table)));
        put_hash(memory, base, table.size());
        put_dynamic(memory, base, strings.size());
    }

    static constexpr std::uint64_t kDynamic = 0x400, kHash = 0x800, kSymbols = 0x2000, kStrings = 0x8000;

  private:
    void put_headers(FakeMemory& memory, RemoteAddr base, std::size_t data_size) const {
        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_type = ET_DYN;
        header.e_phoff = sizeof header;
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = 3;
        memory.put(base, header);
        Elf64_Phdr program[3]{};
        program[0].p_type = PT_LOAD;
        program[0].p_flags = PF_R;
        program[0].p_filesz = program[0].p_memsz = kDataAddress;
        program[1].p_type = PT_LOAD;
        program[1].p_flags = PF_R | PF_W;
        program[1].p_offset = program[1].p_vaddr = kDataAddress;
        program[1].p_memsz = data_size;
        program[2].p_type = PT_DYNAMIC;
        program[2].p_vaddr = kDynamic;
        program[2].p_memsz = 0x400;
        memory.put_bytes(base + sizeof header, std::as_bytes(std::span(program)));
    }

    /// One bucket for all, so every look-up walks the chain.
    void put_hash(FakeMemory& memory, RemoteAddr base, std::size_t count) const {
        std::vector<std::uint32_t> words;
        const auto total = static_cast<std::uint32_t>(count);
        if (hash_ == Hash::kSysv) {
            words = {1, total, total > 1 ? 1U : 0U, 0};
            for (std::uint32_t i = 1; i < total; ++i) words.push_back(i + 1 < total ? i + 1 : 0);
        } else {
            words = {1, 1, 1, 0, 0xFFFFFFFF, 0xFFFFFFFF, total > 1 ? 1U : 0U};
            for (std::size_t i = 0; i < symbols_.size(); ++i) {
                std::uint32_t value = 5381;
                for (const char c : symbols_[i].first) value = value * 33 + static_cast<unsigned char>(c);
                words.push_back((value & ~1U) | (i + 1 == symbols_.size() ? 1U : 0U));
            }
        }
        memory.put_bytes(base + kHash, std::as_bytes(std::span(words)));
    }

    void put_dynamic(FakeMemory& memory, RemoteAddr base, std::size_t strings_size) const {
        const std::uint64_t bias = relocated_ ? base.value : 0;
        std::vector<std::uint64_t> words{DT_SYMTAB,       bias + kSymbols, DT_STRTAB,
                                         bias + kStrings, DT_STRSZ,        strings_size};
        if (hash_ != Hash::kNone) {
            words.push_back(hash_ == Hash::kGnu ? std::uint64_t{DT_GNU_HASH} : std::uint64_t{DT_HASH});
            words.push_back(bias + kHash);
        }
        words.insert(words.end(), {DT_NULL, 0});
        memory.put_bytes(base + kDynamic, std::as_bytes(std::span(words)));
    }

    std::vector<std::pair<std::string, std::uint64_t>> symbols_;
    Hash hash_ = Hash::kGnu;
    bool relocated_ = true;
};

}  // namespace lampyr::test

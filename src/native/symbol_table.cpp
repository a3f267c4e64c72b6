// SPDX-License-Identifier: MIT
#include "native/symbol_table.hpp"

#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <tuple>

namespace lampyr::native {
namespace {

constexpr std::uint64_t kMostTableBytes = 512U << 20;
constexpr std::size_t kMostNameBytes = 1U << 30;
constexpr std::size_t kLongestName = 4096;

/// Functions written in assembler may have no size; they reach to the next, at most to the end of their section.
std::uint64_t rest_of_section(Elf* elf, const GElf_Sym& symbol) {
    GElf_Shdr header;
    Elf_Scn* section = elf_getscn(elf, symbol.st_shndx);
    if (section == nullptr || gelf_getshdr(section, &header) == nullptr) return 0;
    const std::uint64_t end = header.sh_addr + header.sh_size;
    return end > symbol.st_value ? end - symbol.st_value : 0;
}

}  // namespace

void SymbolTable::add(Elf* elf) {
    Elf_Scn* section = nullptr;
    while ((section = elf_nextscn(elf, section)) != nullptr) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr) continue;
        if (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM) continue;
        if (header.sh_size > kMostTableBytes) continue;
        Elf_Data* data = elf_getdata(section, nullptr);
        if (data == nullptr || data->d_buf == nullptr) continue;
        const std::size_t count = std::min<std::size_t>(data->d_size / sizeof(Elf64_Sym), INT32_MAX);
        for (std::size_t i = 1; i < count; ++i) {
            GElf_Sym symbol;
            if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
            const unsigned type = GELF_ST_TYPE(symbol.st_info);
            if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF) continue;
            const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (name == nullptr) continue;
            add(symbol.st_value, symbol.st_size != 0 ? symbol.st_size : rest_of_section(elf, symbol), name);
        }
    }
}

void SymbolTable::add(std::uint64_t start, std::uint64_t size, std::string_view name) {
    name = name.substr(0, kLongestName);
    if (name.empty() || names_.size() > kMostNameBytes) return;
    entries_.push_back({start, size, static_cast<std::uint32_t>(names_.size())});
    names_.append(name);
    names_.push_back('\0');
}

/// Of several names for one address the last in this order is found: the longest function, and of these the first by name.
void SymbolTable::sort() {
    std::sort(entries_.begin(), entries_.end(), [this](const Entry& a, const Entry& b) {
        return std::tuple(a.start, a.size, name_of(b)) < std::tuple(b.start, b.size, name_of(a));
    });
}

std::string_view SymbolTable::find(std::uint64_t address) const {
    const auto behind = std::upper_bound(entries_.begin(), entries_.end(), address,
                                         [](std::uint64_t wanted, const Entry& entry) { return wanted < entry.start; });
    if (behind == entries_.begin()) return {};
    const Entry& entry = *std::prev(behind);
    if (address - entry.start >= entry.size) return {};
    return name_of(entry);
}

std::optional<std::uint64_t> SymbolTable::size_of(std::string_view name) const {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return name_of(entry) == name; });
    if (found == entries_.end()) return std::nullopt;
    return found->size;
}

}  // namespace lampyr::native

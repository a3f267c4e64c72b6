// SPDX-License-Identifier: MIT
#include "native/debug_info.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <gelf.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

namespace lampyr::native {
namespace {

/// What is not loaded into the process, which is mostly this. libdw reads it into memory.
constexpr std::uint64_t kMostBytes = 512U << 20;
constexpr std::size_t kMostUnits = 200'000;
constexpr std::size_t kMostRanges = 1'000'000;
constexpr std::size_t kMostEntries = 200'000;  ///< looked at for one address
constexpr std::size_t kMostDepth = 64;

struct EndDwarf {
    void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};

/// From where to where the code of an entry is: of a compilation unit or of a function.
struct CodeRange {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    Dwarf_Off entry = 0;
};
using CodeRanges = std::vector<CodeRange>;

void add_ranges(CodeRanges& all, Dwarf_Die& die) {
    Dwarf_Addr base = 0;
    Dwarf_Addr start = 0;
    Dwarf_Addr end = 0;
    std::ptrdiff_t at = 0;
    while (all.size() < kMostRanges && (at = dwarf_ranges(&die, at, &base, &start, &end)) > 0)
        if (end > start) all.push_back({start, end, dwarf_dieoffset(&die)});
}

void sort(CodeRanges& ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const CodeRange& a, const CodeRange& b) { return a.start < b.start; });
}

const CodeRange* find(const CodeRanges& ranges, std::uint64_t address) {
    const auto behind =
        std::upper_bound(ranges.begin(), ranges.end(), address,
                         [](std::uint64_t wanted, const CodeRange& range) { return wanted < range.start; });
    return behind != ranges.begin() && address < std::prev(behind)->end ? &*std::prev(behind) : nullptr;
}

/// The functions of a compilation unit that have code. Namespaces and types may hold some.
CodeRanges functions_of(Dwarf* dwarf, Dwarf_Off unit) {
    CodeRanges functions;
    std::array<Dwarf_Die, kMostDepth> path;
    if (dwarf_offdie(dwarf, unit, path.data()) == nullptr || dwarf_child(path.data(), &path[1]) != 0) return functions;
    std::size_t depth = 1;
    for (std::size_t looked = 0; looked < kMostEntries && depth > 0; ++looked) {
        const int tag = dwarf_tag(&path[depth]);
        if (tag == DW_TAG_subprogram) add_ranges(functions, path[depth]);
        const bool holder = tag == DW_TAG_namespace || tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
        if (holder && depth + 1 < kMostDepth && dwarf_child(&path[depth], &path[depth + 1]) == 0) {
            ++depth;
            continue;
        }
        while (depth > 0 && dwarf_siblingof(&path[depth], &path[depth]) != 0) --depth;
    }
    sort(functions);
    return functions;
}

bool is_small_enough(Elf* elf) {
    std::uint64_t bytes = 0;
    GElf_Shdr header;
    for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr; section = elf_nextscn(elf, section)) {
        if (gelf_getshdr(section, &header) == nullptr) return false;
        if (header.sh_type != SHT_PROGBITS || (header.sh_flags & SHF_ALLOC) != 0) continue;
        if (header.sh_size > kMostBytes - bytes) return false;
        bytes += header.sh_size;
    }
    return bytes > 0;
}

std::optional<std::string> name_of(Dwarf_Die& die) {
    Dwarf_Attribute attribute;
    // `_integrate` follows to where the function is declared, a bounded number of times.
    for (const unsigned what : {unsigned{DW_AT_linkage_name}, unsigned{DW_AT_MIPS_linkage_name}, unsigned{DW_AT_name}})
        if (dwarf_attr_integrate(&die, what, &attribute) != nullptr)
            if (const char* name = dwarf_formstring(&attribute)) return std::string(name);
    return std::nullopt;
}

}  // namespace

struct DebugInfo::Handle {
    std::unique_ptr<Dwarf, EndDwarf> dwarf;
    CodeRanges units;
    bool indexed = false;
    std::unordered_map<Dwarf_Off, CodeRanges> functions;  // by unit, of those that were asked for

    void index();
};

/// .debug_aranges would say it, but not all compilers write that.
void DebugInfo::Handle::index() {
    indexed = true;
    Dwarf_Off offset = 0;
    Dwarf_Off next = 0;
    std::size_t header = 0;
    for (std::size_t i = 0; i < kMostUnits; ++i, offset = next) {
        if (dwarf_nextcu(dwarf.get(), offset, &next, &header, nullptr, nullptr, nullptr) != 0 || next <= offset) break;
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf.get(), offset + header, &unit) != nullptr) add_ranges(units, unit);
    }
    sort(units);
}

DebugInfo::DebugInfo(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
DebugInfo::~DebugInfo() = default;

std::unique_ptr<DebugInfo> DebugInfo::open(Elf* elf) {
    if (!is_small_enough(elf)) return nullptr;
    auto handle = std::make_unique<Handle>();
    handle->dwarf.reset(dwarf_begin_elf(elf, DWARF_C_READ, nullptr));
    if (!handle->dwarf) return nullptr;
    // What two files share may be in a third (dwz). libdw would open it by a path of its own choice.
    const char* other = nullptr;
    const void* build_id = nullptr;
    if (dwelf_dwarf_gnu_debugaltlink(handle->dwarf.get(), &other, &build_id) != 0) return nullptr;
    return std::unique_ptr<DebugInfo>(new DebugInfo(std::move(handle)));
}

/// Goes down from the function to the entries that the address is in. Of several beside one another one covers it at most.
std::vector<std::string> DebugInfo::inlined_at(std::uint64_t address) {
    if (!handle_->indexed) handle_->index();
    const CodeRange* unit = find(handle_->units, address);
    if (unit == nullptr) return {};
    auto known = handle_->functions.find(unit->entry);
    if (known == handle_->functions.end())
        known = handle_->functions.emplace(unit->entry, functions_of(handle_->dwarf.get(), unit->entry)).first;
    const CodeRange* function = find(known->second, address);
    Dwarf_Die die;
    if (function == nullptr || dwarf_offdie(handle_->dwarf.get(), function->entry, &die) == nullptr) return {};
    std::vector<std::string> names;
    std::size_t looked = 0;
    for (std::size_t depth = 0; depth < kMostDepth; ++depth) {
        Dwarf_Die inner;
        bool found = false;
        for (int more = dwarf_child(&die, &inner); more == 0 && ++looked < kMostEntries;
             more = dwarf_siblingof(&inner, &inner)) {
            const int tag = dwarf_tag(&inner);
            found =
                (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) && dwarf_haspc(&inner, address) == 1;
            if (found) break;
        }
        if (!found) break;
        die = inner;
        if (dwarf_tag(&die) != DW_TAG_inlined_subroutine) continue;
        if (auto name = name_of(die)) names.insert(names.begin(), std::move(*name));
    }
    return names;
}

}  // namespace lampyr::native

// SPDX-License-Identifier: MIT
#include "native/debug_info.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>

#include <algorithm>
#include <array>
#include <optional>

namespace lampyr::native {
namespace {

constexpr std::size_t kMostUnits = 200'000;
constexpr std::size_t kMostRanges = 4'000'000;
constexpr std::size_t kMostEntries = 200'000;  ///< looked at for one address
constexpr std::size_t kMostDepth = 64;

struct EndDwarf {
    void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};

/// From where to where the code of a compilation unit is.
struct UnitRange {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    Dwarf_Off unit = 0;
};

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
    std::vector<UnitRange> ranges;  // in ascending order
    bool indexed = false;

    void index();
};

/// .debug_aranges would say it, but not all compilers write that.
void DebugInfo::Handle::index() {
    indexed = true;
    Dwarf_Off offset = 0;
    Dwarf_Off next = 0;
    std::size_t header = 0;
    for (std::size_t i = 0; i < kMostUnits && ranges.size() < kMostRanges; ++i, offset = next) {
        if (dwarf_nextcu(dwarf.get(), offset, &next, &header, nullptr, nullptr, nullptr) != 0 || next <= offset) break;
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf.get(), offset + header, &unit) == nullptr) continue;
        Dwarf_Addr base = 0;
        Dwarf_Addr start = 0;
        Dwarf_Addr end = 0;
        std::ptrdiff_t at = 0;
        while (ranges.size() < kMostRanges && (at = dwarf_ranges(&unit, at, &base, &start, &end)) > 0)
            if (end > start) ranges.push_back({start, end, offset + header});
    }
    std::sort(ranges.begin(), ranges.end(), [](const UnitRange& a, const UnitRange& b) { return a.start < b.start; });
}

DebugInfo::DebugInfo(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
DebugInfo::~DebugInfo() = default;

std::unique_ptr<DebugInfo> DebugInfo::open(Elf* elf) {
    auto handle = std::make_unique<Handle>();
    handle->dwarf.reset(dwarf_begin_elf(elf, DWARF_C_READ, nullptr));
    if (!handle->dwarf) return nullptr;
    // What two files share may be in a third (dwz). libdw would open it by a path of its own choice.
    const char* other = nullptr;
    const void* build_id = nullptr;
    if (dwelf_dwarf_gnu_debugaltlink(handle->dwarf.get(), &other, &build_id) != 0) return nullptr;
    return std::unique_ptr<DebugInfo>(new DebugInfo(std::move(handle)));
}

/// Goes down to the entries that the address is in. A child that covers it is gone into; when it holds no other, that was all.
std::vector<std::string> DebugInfo::inlined_at(std::uint64_t address) {
    if (!handle_->indexed) handle_->index();
    const auto& ranges = handle_->ranges;
    const auto behind =
        std::upper_bound(ranges.begin(), ranges.end(), address,
                         [](std::uint64_t wanted, const UnitRange& range) { return wanted < range.start; });
    if (behind == ranges.begin() || address >= std::prev(behind)->end) return {};
    std::array<Dwarf_Die, kMostDepth> path;
    if (dwarf_offdie(handle_->dwarf.get(), std::prev(behind)->unit, path.data()) == nullptr) return {};
    std::vector<std::string> names;
    std::size_t looked = 0;
    std::size_t depth = 1;
    bool going_down = dwarf_child(path.data(), &path[1]) == 0;
    while (going_down && ++looked < kMostEntries) {
        Dwarf_Die& die = path[depth];
        const int tag = dwarf_tag(&die);
        // Namespaces and types may hold functions; they have no addresses of their own.
        const bool holder = tag == DW_TAG_namespace || tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
        const bool code = tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine;
        const bool covers = code && dwarf_haspc(&die, address) == 1;
        if (covers && tag == DW_TAG_inlined_subroutine)
            if (auto name = name_of(die)) names.insert(names.begin(), std::move(*name));
        if ((covers || holder) && depth + 1 < kMostDepth && dwarf_child(&die, &path[depth + 1]) == 0) {
            ++depth;
            continue;
        }
        if (covers) break;  // nothing in it
        while (dwarf_siblingof(&path[depth], &path[depth]) != 0) {
            --depth;
            // What covers the address is the only one that does.
            const int outer = dwarf_tag(&path[depth]);
            const bool was_holder =
                outer == DW_TAG_namespace || outer == DW_TAG_structure_type || outer == DW_TAG_class_type;
            if (depth == 0 || !was_holder) {
                going_down = false;
                break;
            }
        }
    }
    return names;
}

}  // namespace lampyr::native

// SPDX-License-Identifier: MIT
#include "dwarf_types.hpp"

#include "elf/image.hpp"
#include "process/unique_fd.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace lampyr::layoutgen {
namespace {

Error failure(std::string message) { return {ErrorCode::kCorrupt, std::move(message), {}, 0}; }

std::optional<Dwarf_Die> type_of(Dwarf_Die die) {
    Dwarf_Attribute attribute;
    Dwarf_Die type;
    if (dwarf_attr_integrate(&die, DW_AT_type, &attribute) == nullptr) return std::nullopt;
    if (dwarf_formref_die(&attribute, &type) == nullptr) return std::nullopt;
    return type;
}

/// Takes typedefs and qualifiers off.
std::optional<Dwarf_Die> peel(Dwarf_Die die) {
    for (int i = 0; i < 32; ++i) {
        switch (dwarf_tag(&die)) {
            case DW_TAG_typedef:
            case DW_TAG_const_type:
            case DW_TAG_volatile_type:
            case DW_TAG_atomic_type: break;
            default: return die;
        }
        const auto next = type_of(die);
        if (!next) return std::nullopt;
        die = *next;
    }
    return std::nullopt;
}

bool is_aggregate(Dwarf_Die die) {
    const int tag = dwarf_tag(&die);
    return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

std::optional<std::uint64_t> number(Dwarf_Die die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_attr_integrate(&die, name, &attribute) == nullptr) return std::nullopt;
    if (dwarf_formudata(&attribute, &value) != 0) return std::nullopt;
    return value;
}

/// Bits from the start of the struct, in DWARF 4+'s way of saying it or in the older big-endian one.
std::uint64_t bit_offset_of(Dwarf_Die member) {
    const std::uint64_t location = number(member, DW_AT_data_member_location).value_or(0);
    if (const auto bits = number(member, DW_AT_data_bit_offset)) return location * 8 + *bits;
    const auto high = number(member, DW_AT_bit_offset);
    const auto width = number(member, DW_AT_bit_size);
    if (!high || !width) return location * 8;
    const std::uint64_t storage = number(member, DW_AT_byte_size).value_or(4) * 8;
    return location * 8 + storage - *high - *width;
}

struct Found {
    Dwarf_Die type;
    std::uint64_t bits;
};

std::optional<Found> find_member(Dwarf_Die aggregate, std::string_view name) {
    Dwarf_Die child;
    if (dwarf_child(&aggregate, &child) != 0) return std::nullopt;
    do {
        if (dwarf_tag(&child) != DW_TAG_member) continue;
        const auto declared = type_of(child);
        const auto type = declared ? peel(*declared) : std::nullopt;
        if (!type) continue;
        const char* text = dwarf_diename(&child);
        if (text != nullptr && name == text) return Found{*type, bit_offset_of(child)};
        if (text != nullptr || !is_aggregate(*type)) continue;
        if (auto inner = find_member(*type, name)) return Found{inner->type, inner->bits + bit_offset_of(child)};
    } while (dwarf_siblingof(&child, &child) == 0);
    return std::nullopt;
}

std::string separate_debug_file(int fd) {
    const auto image = elf::Image::open(fd);
    const std::string id = image ? image->build_id() : std::string();
    return id.size() < 4 ? std::string()
                         : fmt::format("/usr/lib/debug/.build-id/{}/{}.debug", id.substr(0, 2), id.substr(2));
}

}  // namespace

struct DwarfTypes::Handle {
    process::UniqueFd fd;
    Dwarf* dwarf = nullptr;
    std::map<std::string, Dwarf_Die, std::less<>> types;

    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (dwarf != nullptr) dwarf_end(dwarf);
    }

    [[nodiscard]] bool open(const std::string& path) {
        fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (fd) dwarf = dwarf_begin(fd.get(), DWARF_C_READ);
        return dwarf != nullptr;
    }

    void collect_unit(Dwarf_Die unit, std::span<const std::string_view> names) {
        Dwarf_Die child;
        if (dwarf_child(&unit, &child) != 0) return;
        do {
            const int tag = dwarf_tag(&child);
            if (tag != DW_TAG_structure_type && tag != DW_TAG_union_type && tag != DW_TAG_typedef) continue;
            const char* text = dwarf_diename(&child);
            if (text == nullptr || std::find(names.begin(), names.end(), text) == names.end()) continue;
            if (types.contains(text)) continue;
            const auto type = peel(child);
            if (type && is_aggregate(*type) && number(*type, DW_AT_byte_size)) types.emplace(text, *type);
        } while (dwarf_siblingof(&child, &child) == 0);
    }
};

DwarfTypes::DwarfTypes(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
DwarfTypes::DwarfTypes(DwarfTypes&&) noexcept = default;
DwarfTypes& DwarfTypes::operator=(DwarfTypes&&) noexcept = default;
DwarfTypes::~DwarfTypes() = default;

Result<DwarfTypes> DwarfTypes::open(const std::string& path, std::span<const std::string_view> names) {
    auto handle = std::make_unique<Handle>();
    if (!handle->open(path)) {
        const std::string separate = handle->fd ? separate_debug_file(handle->fd.get()) : std::string();
        if (separate.empty() || !handle->open(separate))
            return failure(fmt::format("{} has no debug information", path));
    }
    Dwarf_CU* unit = nullptr;
    Dwarf_Die die;
    while (dwarf_get_units(handle->dwarf, unit, &unit, nullptr, nullptr, &die, nullptr) == 0)
        handle->collect_unit(die, names);
    return DwarfTypes(std::move(handle));
}

bool DwarfTypes::has(std::string_view type) const { return handle_->types.contains(type); }

std::optional<std::uint64_t> DwarfTypes::size_of(std::string_view type) const {
    const auto found = handle_->types.find(type);
    return found == handle_->types.end() ? std::nullopt : number(found->second, DW_AT_byte_size);
}

std::optional<Member> DwarfTypes::find(std::string_view type, std::string_view path) const {
    const auto start = handle_->types.find(type);
    if (start == handle_->types.end()) return std::nullopt;
    Found at{start->second, 0};
    while (!path.empty()) {
        const auto end = std::min(path.find('.'), path.size());
        const auto member = find_member(at.type, path.substr(0, end));
        if (!member) return std::nullopt;
        at = {member->type, at.bits + member->bits};
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return Member{at.bits / 8, at.bits, is_aggregate(at.type)};
}

}  // namespace lampyr::layoutgen

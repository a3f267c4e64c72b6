// SPDX-License-Identifier: MIT
#include "cpython/member_slots.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kMostBases = 100;
constexpr std::uint64_t kMostSlots = 1000;          // of one class
constexpr std::uint64_t kMostTypeBytes = 1U << 16;  // of a class object, before its slots
constexpr std::uint64_t kMostInstanceBytes = 1U << 24;

/// PyMemberDef, Include/structmember.h (3.12+: descrobject.h); the same in all versions.
struct MemberDefinition {
    std::uint64_t name;
    std::int32_t type;
    std::uint64_t offset;
    std::int32_t flags;
    std::uint64_t text;
};
static_assert(sizeof(MemberDefinition) == 40);
constexpr std::int32_t kObjectOrUnset = 16;  // T_OBJECT_EX, what __slots__ makes

}  // namespace

/// A class has its member definitions behind itself: as many as its own size says, where its metaclass's instances end.
void MemberSlots::add_own(RemoteAddr type, std::vector<MemberSlot>& found) const {
    const auto size = [&](RemoteAddr of) {
        return memory_.read_value<std::uint64_t>(of + layout_.object.type_basicsize.value());
    };
    const auto count = memory_.read_value<std::uint64_t>(type + layout_.bytes.size.value());
    const auto meta = memory_.read_pointer(type + layout_.object.type.value());
    if (!count || *count == 0 || *count > kMostSlots || !meta || !meta->is_plausible()) return;
    const auto begin = size(*meta), instance = size(type);
    if (!begin || *begin > kMostTypeBytes || !instance || *instance > kMostInstanceBytes) return;
    std::vector<MemberDefinition> members(static_cast<std::size_t>(*count));
    if (!memory_.read(type + *begin, std::as_writable_bytes(std::span(members)))) return;
    for (const MemberDefinition& member : members) {
        if (member.type != kObjectOrUnset || member.offset % 8 != 0 || member.offset + 8 > *instance ||
            member.offset + 8 < member.offset)
            continue;
        if (auto name = types_.read_name(RemoteAddr(member.name))) found.push_back({std::move(*name), member.offset});
    }
}

const std::vector<MemberSlot>& MemberSlots::of(RemoteAddr type) {
    const auto [known, added] = slots_.try_emplace(type);
    if (!added) return known->second;
    std::vector<RemoteAddr> bases;
    for (RemoteAddr base = type; bases.size() < kMostBases;) {
        const TypeFacts* facts = types_.facts(base);
        if (facts == nullptr || !facts->is_heap() || std::find(bases.begin(), bases.end(), base) != bases.end()) break;
        bases.push_back(base);
        base = memory_.read_pointer(base + layout_.object.type_base.value()).value_or(RemoteAddr());
    }
    std::for_each(bases.rbegin(), bases.rend(), [&](RemoteAddr base) { add_own(base, known->second); });
    return known->second;
}

}  // namespace lampyr::cpython

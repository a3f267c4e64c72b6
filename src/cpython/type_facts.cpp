// SPDX-License-Identifier: MIT
#include "cpython/type_facts.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kLongestName = 200;

bool is_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

const TypeFacts* TypeReader::type_of(RemoteAddr object) {
    if (!is_object(object)) return nullptr;
    const auto type = memory_.read_pointer(object + layout_.object.type.value());
    return type ? facts(*type) : nullptr;
}

const TypeFacts* TypeReader::facts(RemoteAddr type) {
    const auto [known, added] = types_.try_emplace(type);
    if (added) known->second = read(type);
    return known->second ? &*known->second : nullptr;
}

/// A type is an object whose own type is a subclass of `type`; nothing else has instances.
std::optional<TypeFacts> TypeReader::read(RemoteAddr type) const {
    if (!is_object(type)) return std::nullopt;
    const auto meta = memory_.read_pointer(type + layout_.object.type.value());
    if (!meta || !is_object(*meta)) return std::nullopt;
    const auto meta_flags = memory_.read_value<std::uint64_t>(*meta + layout_.object.type_flags.value());
    if (!meta_flags || (*meta_flags >> kTypeSubclass & 1) == 0) return std::nullopt;
    const auto flags = memory_.read_value<std::uint64_t>(type + layout_.object.type_flags.value());
    const auto text = memory_.read_pointer(type + layout_.object.type_name.value());
    if (!flags || !text) return std::nullopt;
    auto name = read_name(*text);
    if (!name) return std::nullopt;
    constexpr std::string_view kModule27 = "exceptions.";  // where 2.7 has its built-in exceptions; nobody writes it
    if (layout_.string_kind == StringKind::kBytes27 && name->starts_with(kModule27)) name->erase(0, kModule27.size());
    return TypeFacts{type, *flags, std::move(*name)};
}

std::optional<std::string> TypeReader::read_name(RemoteAddr text) const {
    if (!text.is_plausible()) return std::nullopt;
    std::array<char, kLongestName> raw{};
    // The name may end close to the end of a mapping: first without crossing a page.
    const std::size_t in_page = 4096 - static_cast<std::size_t>(text.value % 4096);
    const auto head = std::span(raw).first(std::min(raw.size(), in_page));
    if (!memory_.read(text, std::as_writable_bytes(head))) return std::nullopt;
    std::string_view name(raw.data(), head.size());
    if (name.find('\0') == std::string_view::npos && head.size() < raw.size()) {
        const auto rest = std::span(raw).subspan(head.size());
        if (!memory_.read(text + head.size(), std::as_writable_bytes(rest))) return std::nullopt;
        name = std::string_view(raw.data(), raw.size());
    }
    name = name.substr(0, name.find('\0'));
    if (name.empty()) return std::nullopt;
    return base::utf8_from_bytes(name.substr(0, base::complete_utf8_prefix(name)));
}

}  // namespace lampyr::cpython

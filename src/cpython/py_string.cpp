// SPDX-License-Identifier: MIT
#include "cpython/py_string.hpp"

#include "base/utf8.hpp"
#include "cpython/frame_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace lampyr::cpython {
namespace {

/// No process holds a string this long; a larger length is damaged or hostile.
constexpr std::uint64_t kMaxLength = 1ULL << 40;

/// The start of a string object, as far as it could be read: the whole object for most names.
struct Head {
    std::array<std::byte, 192> bytes{};
    std::size_t size = 0;
};

bool read_head(const process::RemoteMemory& memory, RemoteAddr object, std::size_t needed, Head& head) {
    head.size = memory.read_prefix(object, head.bytes);
    if (head.size >= needed) return true;
    // The object may end close to the end of a mapping, and a memory may give nothing of a range it cannot give whole.
    head.size = memory.read(object, std::span(head.bytes).first(needed)) ? needed : 0;
    return head.size >= needed;
}

Decoded<TextPlace> place_of_bytes(const Layout& layout, RemoteAddr object, const Head& head) {
    const auto length = load<std::uint64_t>(head.bytes.data(), layout.string.length);
    if (length > kMaxLength) return DecodeError::kBadSize;
    return TextPlace{object + layout.string.ascii_data.value(), length, 1, true};
}

Decoded<TextPlace> place_of_unicode(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object,
                                    const Head& head) {
    const StringLayout& s = layout.string;
    const auto length = load<std::uint64_t>(head.bytes.data(), s.length);
    const auto state = load<std::uint32_t>(head.bytes.data(), s.state);
    const auto kind = static_cast<std::uint8_t>((state >> s.kind_shift) & 7);
    const bool compact = (state >> s.compact_bit & 1) != 0;
    const bool ascii = (state >> s.ascii_bit & 1) != 0;
    if (kind != 1 && kind != 2 && kind != 4) return DecodeError::kWrongType;
    if (ascii && kind != 1) return DecodeError::kWrongType;
    if (length > kMaxLength) return DecodeError::kBadSize;
    if (compact) {
        const Offset data = ascii ? s.ascii_data : s.compact_data;
        return TextPlace{object + data.value(), length, kind, true};
    }
    // A str subclass: the characters are in a block of their own (PyUnicodeObject.data).
    const auto data = memory.read_pointer(object + s.data_pointer.value());
    if (!data) return DecodeError::kUnreadable;
    if (!data->is_plausible()) return DecodeError::kBadPointer;
    return TextPlace{*data, length, kind, false};
}

Decoded<TextPlace> locate(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object, Head& head) {
    if (!object.is_plausible() || !object.is_aligned()) return DecodeError::kBadPointer;
    if (!read_head(memory, object, layout.string.ascii_data.value(), head)) return DecodeError::kUnreadable;
    if (layout.string_kind == StringKind::kBytes27) return place_of_bytes(layout, object, head);
    return place_of_unicode(memory, layout, object, head);
}

/// `bytes` holds `place.length` cut to the limit.
std::string to_utf8(const Layout& layout, const TextPlace& place, std::span<const std::byte> bytes, bool cut) {
    if (layout.string_kind == StringKind::kBytes27) {
        std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (cut) text = text.substr(0, base::complete_utf8_prefix(text));
        return base::utf8_from_bytes(text);
    }
    const auto units = [&]<typename Unit>(Unit) {
        std::vector<Unit> result(bytes.size() / sizeof(Unit));
        if (!result.empty()) std::memcpy(result.data(), bytes.data(), result.size() * sizeof(Unit));
        return result;
    };
    if (place.unit_size == 2) return base::utf8_from_ucs2(units(std::uint16_t{}));
    if (place.unit_size == 4) return base::utf8_from_ucs4(units(std::uint32_t{}));
    return base::utf8_from_latin1(units(std::uint8_t{}));
}

}  // namespace

Decoded<TextPlace> locate_text(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object) {
    Head head;
    return locate(memory, layout, object, head);
}

Decoded<Text> read_text(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object,
                        std::size_t max_chars) {
    Head head;
    const auto place = locate(memory, layout, object, head);
    if (!place) return place.error();
    const bool cut = place->length > max_chars;
    const auto chars = static_cast<std::size_t>(std::min<std::uint64_t>(place->length, max_chars));

    std::vector<std::byte> bytes(chars * place->unit_size);
    const std::uint64_t start = place->data - object;
    if (place->inside && start + bytes.size() <= head.size) {
        std::copy_n(head.bytes.data() + start, bytes.size(), bytes.data());
    } else if (!bytes.empty() && !memory.read(place->data, bytes)) {
        return DecodeError::kUnreadable;
    }
    Text text{to_utf8(layout, *place, bytes, cut), cut, place->length};
    if (cut) text.utf8 += fmt::format("\u2026({} characters)", place->length);
    return text;
}

}  // namespace lampyr::cpython

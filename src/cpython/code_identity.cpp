// SPDX-License-Identifier: MIT
#include "cpython/code_identity.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kNameBytes = 64;
constexpr std::size_t kFileBytes = 160;
constexpr std::size_t kTableBytes = 64;

std::uint64_t mix(std::uint64_t state, std::uint64_t word) {
    state = (state ^ word) * 0x9E3779B97F4A7C15ULL;
    return state ^ (state >> 29);
}

}  // namespace

void CodeIdentity::add_segment(RemoteAddr address, std::size_t size) {
    assert(segment_count_ < segments_.size());
    segments_[segment_count_++] = {address.value, size};
    bytes_ += static_cast<std::uint32_t>(size);
    assert(bytes_ <= kMaxProofBytes);
}

void CodeIdentity::add_part(RemoteAddr address, std::size_t size) {
    assert(part_count_ < parts_.size());
    const process::RemoteSegment& last = segments_[segment_count_ - 1];
    const std::uint64_t within = address.value - last.address;
    assert(within + size <= last.size);
    parts_[part_count_++] = {static_cast<std::uint16_t>(bytes_ - last.size + within), static_cast<std::uint16_t>(size)};
}

void CodeIdentity::add_text(const Layout& layout, RemoteAddr object, const TextPlace& place, std::size_t limit) {
    const auto text_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(place.length * place.unit_size, limit));
    const RemoteAddr length = object + layout.string.length.value();
    if (place.inside) {
        add_segment(length, place.data - length + text_bytes);
        add_part(length, 8);
        add_part(place.data, text_bytes);
        return;
    }
    const RemoteAddr pointer = object + layout.string.data_pointer.value();
    add_segment(length, pointer - length + 8);
    add_part(length, 8);
    add_part(pointer, 8);
    add_segment(place.data, text_bytes);
    add_part(place.data, text_bytes);
}

CodeIdentity CodeIdentity::describe(const Layout& layout, RemoteAddr code, const TextPlace& name,
                                    RemoteAddr name_object, const TextPlace& file, RemoteAddr file_object,
                                    RemoteAddr line_table, std::size_t line_table_size) {
    CodeIdentity identity;
    const CodeLayout& c = layout.code;
    // The size of a code object's bytecode is its ob_size from 3.11 on; before, it belongs to the object at code_bytes.
    const Offset size = c.code_adaptive.present() ? layout.bytes.size : kAbsent;
    struct Field {
        Offset offset;
        std::size_t bytes;
    };
    const Field fields[] = {{layout.object.type, 8}, {size, 8},        {c.firstlineno, 4}, {c.filename, 8}, {c.name, 8},
                            {c.qualname, 8},         {c.linetable, 8}, {c.code_bytes, 8}};
    std::size_t begin = c.size;
    std::size_t end = 0;
    for (const Field& field : fields) {
        if (!field.offset.present()) continue;
        begin = std::min<std::size_t>(begin, field.offset.value());
        end = std::max<std::size_t>(end, field.offset.value() + field.bytes);
    }
    identity.add_segment(code + begin, end - begin);
    for (const Field& field : fields)
        if (field.offset.present()) identity.add_part(code + field.offset.value(), field.bytes);
    identity.add_text(layout, name_object, name, kNameBytes);
    identity.add_text(layout, file_object, file, kFileBytes);
    if (line_table.is_null()) return identity;
    const RemoteAddr table_size = line_table + layout.bytes.size.value();
    const RemoteAddr table = line_table + layout.bytes.data.value();
    const std::size_t table_bytes = std::min(line_table_size, kTableBytes);
    identity.add_segment(table_size, table - table_size + table_bytes);
    identity.add_part(table_size, 8);
    identity.add_part(table, table_bytes);
    return identity;
}

std::uint64_t CodeIdentity::digest(std::span<const std::byte> bytes_read) const {
    std::uint64_t state = bytes_;
    for (const Part& part : std::span(parts_).first(part_count_)) {
        const std::byte* from = bytes_read.data() + part.offset;
        std::size_t left = part.size;
        for (; left >= 8; left -= 8, from += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, from, 8);
            state = mix(state, word);
        }
        std::uint64_t word = left;
        std::memcpy(&word, from, left);
        state = mix(state, word ^ (std::uint64_t{left} << 56));
    }
    return state;
}

bool CodeIdentity::still_same(std::span<const std::byte> bytes_read) const {
    return bytes_ != 0 && bytes_read.size() >= bytes_ && digest(bytes_read) == digest_;
}

}  // namespace lampyr::cpython

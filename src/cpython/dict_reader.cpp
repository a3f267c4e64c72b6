// SPDX-License-Identifier: MIT
#include "cpython/dict_reader.hpp"

#include "cpython/frame_fields.hpp"
#include "cpython/py_string.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace lampyr::cpython {
namespace {

// Include/object.h
constexpr unsigned kInlineValuesFlag = 2;  // 3.13+
constexpr unsigned kManagedDictFlag = 4;   // 3.11+
constexpr unsigned kIntSubclassFlag = 23;  // 2.7
constexpr unsigned kLongSubclassFlag = 24;
constexpr unsigned kDictSubclassFlag = 29;
// DictKeysKind, Include/internal/pycore_dict.h: general keys store a hash, the two unicode kinds do not.
constexpr std::uint8_t kGeneralKeys = 0;
constexpr std::uint8_t kLastKeysKind = 2;
// PyLongObject: 30 bits a digit
constexpr unsigned kDigitBits = 30;

constexpr std::size_t kBatchKeys = 256;
constexpr std::uint64_t kEntriesPerItem = 16;

bool is_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

std::uint64_t index_bytes(std::uint64_t slots) {
    // DK_IXSIZE of 3.6 to 3.10, Objects/dictobject.c
    return slots <= 0xFF ? 1 : slots <= 0xFFFF ? 2 : slots <= 0xFFFFFFFF ? 4 : 8;
}

}  // namespace

std::optional<RemoteAddr> DictReader::pointer(RemoteAddr address) const {
    const auto value = memory_.read_pointer(address);
    if (!value || !is_object(*value)) return std::nullopt;
    return value;
}

bool DictReader::has_type_flag(RemoteAddr object, unsigned bit) const {
    if (!is_object(object)) return false;
    const auto type = pointer(object + layout_.object.type.value());
    if (!type) return false;
    const auto flags = memory_.read_value<std::uint64_t>(*type + layout_.object.type_flags.value());
    return flags && (*flags >> bit & 1) != 0;
}

std::optional<std::uint64_t> DictReader::unsigned_value(RemoteAddr integer) const {
    const IntegerLayout& l = layout_.integer;
    if (l.plain_value.present() && has_type_flag(integer, kIntSubclassFlag)) {
        const auto value = memory_.read_value<std::int64_t>(integer + l.plain_value.value());
        if (!value || *value < 0) return std::nullopt;
        return static_cast<std::uint64_t>(*value);
    }
    if (!has_type_flag(integer, kLongSubclassFlag)) return std::nullopt;
    const auto tag = memory_.read_value<std::int64_t>(integer + l.tag.value());
    if (!tag || *tag < 0) return std::nullopt;  // ob_size < 0: negative
    if (l.compact_tag && (*tag & 2) != 0) return std::nullopt;
    const auto digits = l.compact_tag ? static_cast<std::uint64_t>(*tag) >> 3 : static_cast<std::uint64_t>(*tag);
    if (digits > 3) return std::nullopt;
    std::array<std::uint32_t, 3> digit{};
    const auto wanted = std::span(digit).first(static_cast<std::size_t>(digits));
    if (!wanted.empty() && !memory_.read(integer + l.digits.value(), std::as_writable_bytes(wanted)))
        return std::nullopt;
    if (std::any_of(digit.begin(), digit.end(), [](std::uint32_t d) { return d >> kDigitBits != 0; }))
        return std::nullopt;
    if (digit[2] >> (64 - 2 * kDigitBits) != 0) return std::nullopt;
    return digit[0] | std::uint64_t{digit[1]} << kDigitBits | std::uint64_t{digit[2]} << (2 * kDigitBits);
}

std::optional<DictReader::Keys> DictReader::keys(RemoteAddr address) const {
    const DictLayout& d = layout_.dict;
    if (!is_object(address)) return std::nullopt;
    std::array<std::byte, 64> head;
    if (d.keys_indices.value() > head.size() || !memory_.read(address, std::span(head).first(d.keys_indices.value())))
        return std::nullopt;
    std::uint64_t slots = 0;
    std::uint64_t indices = 0;
    Keys result;
    if (d.keys_log2_size.present()) {
        const auto log2_size = load<std::uint8_t>(head.data(), d.keys_log2_size);
        const auto log2_bytes = load<std::uint8_t>(head.data(), d.keys_log2_index_bytes);
        const auto kind = load<std::uint8_t>(head.data(), d.keys_kind);
        if (log2_size > 40 || log2_bytes > 43 || kind > kLastKeysKind) return std::nullopt;
        slots = 1ULL << log2_size;
        indices = 1ULL << log2_bytes;
        result.with_hash = kind == kGeneralKeys;
    } else {
        slots = load<std::uint64_t>(head.data(), d.keys_size);
        if (slots > kMaxDictSlots) return std::nullopt;
        indices = slots * index_bytes(slots);
    }
    result.count = load<std::uint64_t>(head.data(), d.keys_nentries);
    if (slots > kMaxDictSlots || result.count > slots) return std::nullopt;
    result.entries = address + d.keys_indices.value() + indices;
    return result;
}

std::vector<DictItem> DictReader::entries(const Keys& keys, RemoteAddr values, std::uint64_t most) const {
    const std::size_t words = keys.with_hash ? 3 : 2;
    // Entries of deleted items are empty.
    const auto count = static_cast<std::size_t>(std::min(keys.count, most * kEntriesPerItem));
    std::vector<std::uint64_t> raw(count * words);
    if (raw.empty() || !memory_.read(keys.entries, std::as_writable_bytes(std::span(raw)))) return {};
    std::vector<std::uint64_t> split;
    if (!values.is_null()) {
        split.resize(count);
        if (!memory_.read(values, std::as_writable_bytes(std::span(split)))) return {};
    }
    std::vector<DictItem> items;
    items.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t* entry = raw.data() + i * words + (words - 2);
        const DictItem item{RemoteAddr(entry[0]), RemoteAddr(split.empty() ? entry[1] : split[i])};
        if (items.size() >= most) break;
        if (is_object(item.key) && is_object(item.value)) items.push_back(item);
    }
    return items;
}

std::vector<DictItem> DictReader::table27(RemoteAddr dict, std::uint64_t most) const {
    const auto mask = memory_.read_value<std::uint64_t>(dict + layout_.dict.mask.value());
    const auto table = pointer(dict + layout_.dict.keys.value());
    if (!mask || *mask >= kMaxDictSlots || !table) return {};
    return entries({*table, *mask + 1, true}, {}, most);  // deleted and free slots have no value
}

std::vector<DictItem> DictReader::items(RemoteAddr dict, std::uint64_t most) const {
    if (!has_type_flag(dict, kDictSubclassFlag)) return {};
    if (layout_.dict.mask.present()) return table27(dict, most);
    const auto address = pointer(dict + layout_.dict.keys.value());
    const auto values = memory_.read_pointer(dict + layout_.dict.values.value());
    if (!address || !values) return {};
    const auto found = keys(*address);
    if (!found) return {};
    if (values->is_null()) return entries(*found, {}, most);
    if (!is_object(*values)) return {};
    return entries(*found, *values + (layout_.dict.values_array.present() ? layout_.dict.values_array.value() : 0),
                   most);
}

std::vector<DictItem> DictReader::split_items(RemoteAddr type, RemoteAddr values, std::uint64_t most) const {
    if (!is_object(values) || !layout_.object.heap_cached_keys.present()) return {};
    const auto cached = pointer(type + layout_.object.heap_cached_keys.value());
    if (!cached) return {};
    const auto found = keys(*cached);
    if (!found) return {};
    return entries(*found, values + layout_.dict.values_array.value(), most);
}

std::vector<DictItem> DictReader::instance_items(RemoteAddr instance, std::uint64_t most) const {
    if (!is_object(instance)) return {};
    const auto type = pointer(instance + layout_.object.type.value());
    if (!type) return {};
    if (layout_.dict.instance_dict == InstanceDict::kDictOffset || !has_type_flag(instance, kManagedDictFlag)) {
        const auto offset = memory_.read_value<std::int64_t>(*type + layout_.object.type_dictoffset.value());
        if (!offset || *offset <= 0 || *offset > 4096) return {};
        const auto dict = pointer(instance + static_cast<std::uint64_t>(*offset));
        return dict ? items(*dict, most) : std::vector<DictItem>{};
    }
    const RemoteAddr slot(instance.value + static_cast<std::uint64_t>(std::int64_t{layout_.dict.managed_dict}));
    const auto word = memory_.read_pointer(slot);
    if (!word) return {};
    switch (layout_.dict.instance_dict) {
        case InstanceDict::kDictOffset: break;
        case InstanceDict::kValuesPointer: {
            const auto values = memory_.read_pointer(slot - 8);
            if (values && !values->is_null()) return split_items(*type, *values, most);
            break;
        }
        case InstanceDict::kTaggedPointer:
            if ((word->value & 1) != 0) return split_items(*type, *word + 1, most);
            break;
        case InstanceDict::kInlineValues: {
            if (!word->is_null()) break;
            if (!has_type_flag(instance, kInlineValuesFlag)) return {};
            const auto size = memory_.read_value<std::int64_t>(*type + layout_.object.type_basicsize.value());
            if (!size || *size <= 0 || *size > (1 << 20)) return {};
            return split_items(*type, instance + static_cast<std::uint64_t>(*size), most);
        }
    }
    return items(*word, most);
}

RemoteAddr DictReader::find(const std::vector<DictItem>& items, std::string_view name) const {
    // Heads of many keys in one read; one that fails ends the batch, and its key is asked alone.
    const std::size_t head = layout_.string.ascii_data.value() + name.size();
    std::vector<process::RemoteSegment> segments;
    std::vector<std::byte> bytes;
    for (std::size_t begin = 0; begin < items.size();) {
        const std::size_t count = std::min(kBatchKeys, items.size() - begin);
        segments.clear();
        for (std::size_t i = begin; i < begin + count; ++i) segments.push_back({items[i].key.value, head});
        bytes.resize(count * head);
        const std::size_t complete = memory_.read_segments(segments, bytes) / head;
        for (std::size_t i = 0; i < complete; ++i) {
            const std::byte* key = bytes.data() + i * head;
            if (load<std::uint64_t>(key, layout_.string.length) != name.size()) continue;
            if (std::memcmp(key + layout_.string.ascii_data.value(), name.data(), name.size()) != 0) continue;
            const auto text = read_text(memory_, layout_, items[begin + i].key, name.size());
            if (text && text->utf8 == name) return items[begin + i].value;
        }
        begin += complete;
        if (complete == count) continue;
        const auto text = read_text(memory_, layout_, items[begin].key, name.size());
        if (text && text->utf8 == name) return items[begin].value;
        ++begin;
    }
    return {};
}

}  // namespace lampyr::cpython

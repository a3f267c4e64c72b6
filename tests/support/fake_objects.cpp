// SPDX-License-Identifier: MIT
#include "support/fake_objects.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace lampyr::test {

using cpython::Layout;
using cpython::Offset;

namespace {

constexpr std::size_t kTypeSize = 1024;
constexpr unsigned kInlineValuesFlag = 2;
constexpr unsigned kManagedDictFlag = 4;
constexpr std::uint64_t kHeapType = 1U << 9;

std::uint64_t subclass_flag(const std::string& type, bool bytes27) {
    if (type == "int") return 1ULL << (bytes27 ? 23 : 24);
    if (type == "str") return 1ULL << (bytes27 ? 27 : 28);
    if (type == "bytes") return 1ULL << 27;
    if (type == "list") return 1ULL << 25;
    if (type == "tuple") return 1ULL << 26;
    if (type == "dict") return 1ULL << 29;
    if (type == "ValueError") return 1ULL << 30;
    if (type == "type") return 1ULL << 31;
    return 0;
}

std::u32string decode(std::string_view utf8) {
    std::u32string text;
    for (std::size_t i = 0; i < utf8.size();) {
        const auto lead = static_cast<std::uint8_t>(utf8[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        char32_t c = length == 1 ? lead : lead & (0xFFU >> (length + 1));
        for (std::size_t k = 1; k < length && i + k < utf8.size(); ++k)
            c = c << 6 | (static_cast<std::uint8_t>(utf8[i + k]) & 0x3FU);
        text.push_back(c);
        i += length;
    }
    return text;
}

std::uint32_t kind_of(std::u32string_view text) {
    const char32_t widest = text.empty() ? 0 : *std::max_element(text.begin(), text.end());
    return widest < 0x100 ? 1 : widest < 0x10000 ? 2 : 4;
}

/// A table that gives the first line to every instruction.
std::vector<std::uint8_t> flat_table(cpython::LineTable kind, std::uint32_t code_bytes) {
    std::vector<std::uint8_t> table;
    if (kind == cpython::LineTable::kLinetable310)
        for (std::uint32_t at = 0; at < code_bytes; at += 254)
            table.insert(table.end(), {static_cast<std::uint8_t>(std::min(254U, code_bytes - at)), 0});
    if (kind == cpython::LineTable::kLocations)
        for (std::uint32_t units = code_bytes / 2; units > 0; units -= std::min(units, 8U))
            table.insert(table.end(), {static_cast<std::uint8_t>(0x80 | 13 << 3 | (std::min(units, 8U) - 1)), 0});
    return table;
}

}  // namespace

FakeObjects::FakeObjects(const Layout& layout) : layout_(layout) {}

RemoteAddr FakeObjects::allocate(std::size_t size) {
    const RemoteAddr address(next_);
    memory_.map(address, size);
    next_ += (size + 15) / 16 * 16 + 64;
    return address;
}

RemoteAddr FakeObjects::type(const std::string& name) {
    if (const auto known = types_.find(name); known != types_.end()) return known->second;
    const RemoteAddr address = allocate(kTypeSize);
    const RemoteAddr text = allocate(name.size() + 1);
    memory_.put_bytes(text, name);
    put(address, layout_.object.type_name, text);
    put(address, layout_.object.type_flags, subclass_flag(name, layout_.string_kind == cpython::StringKind::kBytes27));
    types_[name] = address;
    put(address, layout_.object.type, type("type"));
    return address;
}

RemoteAddr FakeObjects::object_of(std::size_t size, RemoteAddr type_object) {
    const RemoteAddr address = allocate(size);
    if (layout_.object.type.value() >= 8) memory_.put<std::uint32_t>(address, 1);  // reference count
    put(address, layout_.object.type, type_object);
    return address;
}

RemoteAddr FakeObjects::object(std::size_t size, const std::string& type_name) {
    return object_of(size, type(type_name));
}

void FakeObjects::put_characters(RemoteAddr at, std::u32string_view text, std::uint32_t kind) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<std::uint32_t>(text[i]);
        if (kind == 1) memory_.put(at + i, static_cast<std::uint8_t>(c));
        if (kind == 2) memory_.put(at + i * 2, static_cast<std::uint16_t>(c));
        if (kind == 4) memory_.put(at + i * 4, c);
    }
}

RemoteAddr FakeObjects::string(std::string_view utf8) {
    if (layout_.string_kind == cpython::StringKind::kPep393) return string(decode(utf8));
    const std::uint32_t data = layout_.string.ascii_data.value();
    const RemoteAddr address = object(data + utf8.size() + 1, "str");
    put(address, layout_.string.length, std::uint64_t{utf8.size()});
    memory_.put_bytes(address + data, utf8);
    return address;
}

RemoteAddr FakeObjects::string(std::u32string_view text) {
    const auto& s = layout_.string;
    const std::uint32_t kind = kind_of(text);
    const bool ascii = std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
    const std::uint32_t data = (ascii ? s.ascii_data : s.compact_data).value();
    const RemoteAddr address = object(data + (text.size() + 1) * kind, "str");
    put(address, s.length, std::uint64_t{text.size()});
    put(address, s.state, 1U | kind << s.kind_shift | 1U << s.compact_bit | (ascii ? 1U : 0U) << s.ascii_bit);
    put_characters(address + data, text, kind);
    return address;
}

RemoteAddr FakeObjects::outside_string(std::u32string_view text) {
    const auto& s = layout_.string;
    const std::uint32_t kind = kind_of(text);
    const RemoteAddr block = allocate((text.size() + 1) * kind);
    const RemoteAddr address = object(s.data_pointer.value() + 8, "str");
    put(address, s.length, std::uint64_t{text.size()});
    put(address, s.state, kind << s.kind_shift);
    put(address, s.data_pointer, block);
    put_characters(block, text, kind);
    return address;
}

RemoteAddr FakeObjects::bytes(std::vector<std::uint8_t> data) {
    const RemoteAddr address = object(layout_.bytes.data.value() + data.size() + 1, "bytes");
    put(address, layout_.bytes.size, std::uint64_t{data.size()});
    memory_.put_bytes(address + layout_.bytes.data.value(), std::as_bytes(std::span(data)));
    return address;
}

RemoteAddr FakeObjects::integer(std::uint64_t value) {
    const auto& l = layout_.integer;
    if (l.plain_value.present()) {
        const RemoteAddr address = object(l.plain_value.value() + 8, "int");
        put(address, l.plain_value, value);
        return address;
    }
    constexpr std::uint64_t kMask = (1U << 30) - 1;
    std::vector<std::uint32_t> digits;
    for (std::uint64_t rest = value; rest != 0; rest >>= 30) digits.push_back(static_cast<std::uint32_t>(rest & kMask));
    const RemoteAddr address = object(l.digits.value() + std::max<std::size_t>(digits.size(), 1) * 4, "int");
    const std::uint64_t count = digits.size();
    put(address, l.tag, l.compact_tag ? count << 3 | (value == 0 ? 1U : 0U) : count);
    for (std::size_t i = 0; i < digits.size(); ++i) memory_.put(address + l.digits.value() + i * 4, digits[i]);
    return address;
}

RemoteAddr FakeObjects::table27(const Items& items) {
    const std::size_t slots = std::bit_ceil(std::max<std::size_t>(items.size() * 2, 8));
    const RemoteAddr table = allocate(slots * 24);
    for (std::size_t i = 0; i < items.size(); ++i) {
        const RemoteAddr entry = table + (slots - 1 - i * 2) * 24;  // spread, with free slots between
        memory_.put(entry, std::uint64_t{i});
        memory_.put(entry + 8, items[i].first);
        memory_.put(entry + 16, items[i].second);
    }
    const RemoteAddr address = object(std::max(layout_.dict.keys.value(), layout_.dict.mask.value()) + 8, "dict");
    put(address, layout_.dict.mask, std::uint64_t{slots - 1});
    put(address, layout_.dict.keys, table);
    return address;
}

RemoteAddr FakeObjects::keys(const Items& items, bool hashed, bool split) {
    const auto& d = layout_.dict;
    const std::size_t slots = std::bit_ceil(std::max<std::size_t>(items.size() * 3 / 2 + 1, 8));
    const std::size_t index_size = slots <= 0xFF ? 1 : slots <= 0xFFFF ? 2 : 4;
    const std::size_t entry_size = hashed ? 24 : 16;
    const RemoteAddr entries_at(d.keys_indices.value() + slots * index_size);
    const RemoteAddr address = allocate(entries_at.value + slots * 2 / 3 * entry_size);
    put(address, d.keys_nentries, std::uint64_t{items.size()});
    put(address, d.keys_size, std::uint64_t{slots});
    put(address, d.keys_log2_size, static_cast<std::uint8_t>(std::countr_zero(slots)));
    put(address, d.keys_log2_index_bytes, static_cast<std::uint8_t>(std::countr_zero(slots * index_size)));
    put(address, d.keys_kind, static_cast<std::uint8_t>(hashed ? 0 : split ? 2 : 1));
    for (std::size_t i = 0; i < items.size(); ++i) {
        const RemoteAddr entry = address + entries_at.value + (i + 1) * entry_size - 16;
        memory_.put(entry, items[i].first);
        if (!split) memory_.put(entry + 8, items[i].second);
    }
    return address;
}

std::uint32_t FakeObjects::values_start() const {
    return layout_.dict.values_array.present() ? layout_.dict.values_array.value() : 0;
}

RemoteAddr FakeObjects::values(const Items& items) {
    const RemoteAddr address = allocate(values_start() + items.size() * 8 + 8);
    for (std::size_t i = 0; i < items.size(); ++i) memory_.put(address + values_start() + i * 8, items[i].second);
    return address;
}

RemoteAddr FakeObjects::dict(const Items& items, DictShape shape) {
    const auto& d = layout_.dict;
    if (d.mask.present()) return table27(items);
    const bool has_kinds = d.keys_kind.present();
    const RemoteAddr address = object(std::max(d.keys.value(), d.values.value()) + 8, "dict");
    const bool split = shape == DictShape::kSplit;
    put(address, d.keys, keys(items, !has_kinds || shape == DictShape::kCombined, split));
    if (split) put(address, d.values, values(items));
    return address;
}

RemoteAddr FakeObjects::tuple(const std::vector<RemoteAddr>& items) {
    const std::uint32_t start = layout_.value.tuple_items.value();
    const RemoteAddr address = object(start + items.size() * 8, "tuple");
    put(address, layout_.bytes.size, std::uint64_t{items.size()});
    for (std::size_t i = 0; i < items.size(); ++i) memory_.put(address + start + i * 8, items[i]);
    return address;
}

RemoteAddr FakeObjects::list(const std::vector<RemoteAddr>& items) {
    const RemoteAddr address = object(layout_.value.list_items.value() + 8, "list");
    const RemoteAddr block = allocate(items.size() * 8 + 8);
    put(address, layout_.bytes.size, std::uint64_t{items.size()});
    put(address, layout_.value.list_items, block);
    for (std::size_t i = 0; i < items.size(); ++i) memory_.put(block + i * 8, items[i]);
    return address;
}

RemoteAddr FakeObjects::floating(double value) {
    const RemoteAddr address = object(layout_.value.float_value.value() + 8, "float");
    put(address, layout_.value.float_value, value);
    return address;
}

RemoteAddr FakeObjects::cell(RemoteAddr value) {
    const RemoteAddr address = object(layout_.value.cell_value.value() + 8, "cell");
    put(address, layout_.value.cell_value, value);
    return address;
}

RemoteAddr FakeObjects::set(const std::vector<RemoteAddr>& keys) {
    const auto& v = layout_.value;
    const std::size_t slots = std::bit_ceil(std::max<std::size_t>(keys.size() * 2 + 2, 8));
    const RemoteAddr table = allocate(slots * 16);
    const auto entry = [&](std::size_t slot, RemoteAddr key, std::uint64_t hash) {
        memory_.put(table + slot * 16 + v.set_entry_key.value(), key);
        memory_.put(table + slot * 16 + v.set_entry_hash.value(), hash);
    };
    for (std::size_t i = 0; i < keys.size(); ++i) entry(i * 2, keys[i], i);
    // Deleted: 2.7 keeps the hash, and a certain text.
    if (layout_.string_kind == cpython::StringKind::kBytes27)
        entry(1, string("<dummy key>"), 5);
    else
        entry(1, type("<dummy key>"), ~std::uint64_t{0});
    const RemoteAddr address = object(std::max(v.set_mask, v.set_table).value() + 8, "set");
    put(address, v.set_mask, std::uint64_t{slots - 1});
    put(address, v.set_table, table);
    return address;
}

RemoteAddr FakeObjects::none() { return object(layout_.object.type.value() + 8, "NoneType"); }

RemoteAddr FakeObjects::module(RemoteAddr module_dict) {
    const RemoteAddr address = object(layout_.object.module_dict.value() + 8, "module");
    put(address, layout_.object.module_dict, module_dict);
    return address;
}

RemoteAddr FakeObjects::instance(const std::vector<std::pair<std::string, RemoteAddr>>& attributes,
                                 InstanceShape shape) {
    Items items;
    for (const auto& [name, value] : attributes) items.emplace_back(string(name), value);
    const auto& d = layout_.dict;
    const RemoteAddr cls = allocate(kTypeSize);
    const std::uint64_t basic_size = layout_.object.type.value() + 24;
    put(cls, layout_.object.type, type("type"));
    const RemoteAddr name = allocate(8);
    memory_.put_bytes(name, std::string_view("Thing"));
    put(cls, layout_.object.type_name, name);
    put(cls, layout_.object.type_flags, kHeapType);
    put(cls, layout_.object.type_basicsize, basic_size);

    if (d.instance_dict == cpython::InstanceDict::kDictOffset) {
        const RemoteAddr address = object_of(basic_size, cls);
        const std::uint64_t offset = basic_size - 16;
        put(cls, layout_.object.type_dictoffset, offset);
        memory_.put(address + offset,
                    dict(items, shape == InstanceShape::kValues ? DictShape::kSplit : DictShape::kCombined));
        return address;
    }
    put(cls, layout_.object.type_flags,
        kHeapType | std::uint64_t{1} << kManagedDictFlag | std::uint64_t{1} << kInlineValuesFlag);
    put(cls, layout_.object.heap_cached_keys, keys(items, false, true));
    const std::uint64_t before = 48;  // the GC header and managed words stand before the object
    const std::uint64_t inline_bytes = values_start() + items.size() * 8;
    const RemoteAddr address = allocate(before + basic_size + inline_bytes) + before;
    put(address, layout_.object.type, cls);
    const RemoteAddr slot(address.value + static_cast<std::uint64_t>(std::int64_t{d.managed_dict}));
    if (shape == InstanceShape::kDict) {
        memory_.put(slot, dict(items, DictShape::kUnicode));
        return address;
    }
    switch (d.instance_dict) {
        case cpython::InstanceDict::kDictOffset: break;
        case cpython::InstanceDict::kValuesPointer: memory_.put(slot - 8, values(items)); break;
        case cpython::InstanceDict::kTaggedPointer: memory_.put(slot, values(items) - 1); break;
        case cpython::InstanceDict::kInlineValues:
            for (std::size_t i = 0; i < items.size(); ++i)
                memory_.put(address + basic_size + values_start() + i * 8, items[i].second);
            break;
    }
    return address;
}

std::uint32_t FakeObjects::frame_bytes(RemoteAddr address) const {
    const FakeCode& made = code_of(address);
    return layout_.frame.localsplus.value() + (made.locals + made.stack) * 8;
}

RemoteAddr FakeObjects::code(const FakeCode& request) {
    FakeCode made = request;
    if (made.bytecode.empty()) made.bytecode.resize(made.code_bytes);
    made.code_bytes = static_cast<std::uint32_t>(made.bytecode.size());
    if (made.table.empty()) made.table = flat_table(layout_.line_table, made.code_bytes);
    const auto& c = layout_.code;
    const bool inside = c.code_adaptive.present();
    const RemoteAddr address = object(inside ? c.code_adaptive.value() + made.code_bytes : c.size, "code");
    put(address, c.name, string(made.name));
    put(address, c.qualname, string(made.qualname.empty() ? made.name : made.qualname));
    put(address, c.filename, string(made.file));
    put(address, c.firstlineno, made.first_line);
    put(address, c.linetable, bytes(made.table));
    put(address, c.firsttraceable, made.first_traceable);
    put(address, c.nlocalsplus, made.locals);
    put(address, c.stacksize, made.stack);
    put(address, c.framesize, (layout_.frame.localsplus.value() / 8) + made.locals + made.stack);
    if (inside) {
        put(address, layout_.bytes.size, std::uint64_t{made.code_bytes / layout_.code_unit});
        memory_.put_bytes(address + c.code_adaptive.value(), std::as_bytes(std::span(made.bytecode)));
    } else {
        put(address, c.code_bytes, bytes(made.bytecode));
    }
    if (c.tlbc.present()) {
        const RemoteAddr array = allocate(16);
        memory_.put(array, std::uint64_t{1});
        memory_.put(array + 8, address + c.code_adaptive.value());
        put(address, c.tlbc, array);
    }
    codes_[address.value] = std::move(made);
    return address;
}

RemoteAddr FakeObjects::add_tlbc(RemoteAddr address, std::uint32_t index) {
    if (!layout_.code.tlbc.present()) throw std::logic_error("this layout has no per-thread bytecode");
    const RemoteAddr old(memory_.get<std::uint64_t>(address + layout_.code.tlbc.value()));
    const auto old_size = memory_.get<std::uint64_t>(old);
    const std::uint64_t size = std::max<std::uint64_t>(old_size, index + 1);
    const RemoteAddr array = allocate(8 + size * 8);
    memory_.put(array, size);
    for (std::uint64_t i = 0; i < old_size; ++i)
        memory_.put(array + 8 + i * 8, memory_.get<std::uint64_t>(old + 8 + i * 8));
    const FakeCode& made = code_of(address);
    const RemoteAddr copy = allocate(made.code_bytes);
    memory_.put_bytes(copy, std::as_bytes(std::span(made.bytecode)));
    memory_.put(array + 8 + std::uint64_t{index} * 8, copy);
    put(address, layout_.code.tlbc, array);
    return copy;
}

}  // namespace lampyr::test

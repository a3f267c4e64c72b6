// SPDX-License-Identifier: MIT
#include "cpython/value_text.hpp"

#include "base/utf8.hpp"
#include "cpython/py_string.hpp"
#include "cpython/scalar_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kMostObjects = 2000;      // looked at for one value
constexpr unsigned kDeepest = 16;               // whatever the limits say: this bounds our own stack
constexpr std::uint64_t kMostSetSlots = 4096;   // looked at for one set
constexpr std::uint64_t kMostSlots = 1U << 20;  // that any container may claim
constexpr std::uint64_t kMostGlobals = 4096;    // of a module, to find its name among
constexpr std::string_view kUnreadable = "<unreadable>";

}  // namespace

/// Writes one value. Recursion is bounded by the depth; objects that are being written end cycles.
class ValueText::Writer {
  public:
    explicit Writer(ValueText& owner)
        : memory_(owner.memory_),
          layout_(owner.layout_),
          limits_(owner.limits_),
          types_(owner.types_),
          slots_(owner.slots_),
          dicts_(owner.dicts_) {}

    void value(RemoteAddr object);
    [[nodiscard]] std::string take() &&;

  private:
    using Items = std::vector<RemoteAddr>;

    void add(std::string_view words) { text_ += words; }
    void add_if_read(const std::optional<std::string>& words) {
        text_ += words ? std::string_view(*words) : kUnreadable;
    }
    [[nodiscard]] bool full() const { return text_.size() > limits_.characters || objects_ >= kMostObjects; }
    [[nodiscard]] bool too_deep() const { return path_.size() > std::min(limits_.depth, kDeepest); }

    bool plain(RemoteAddr object, const TypeFacts& type);
    bool text(RemoteAddr object, const TypeFacts& type);
    bool container(RemoteAddr object, const TypeFacts& type);
    bool named(RemoteAddr object, const TypeFacts& type);
    void instance(RemoteAddr object, const TypeFacts& type);
    bool attribute(std::string_view name, RemoteAddr of, std::size_t& shown);

    void items(const std::optional<Items>& found, std::uint64_t total, std::string_view open, std::string_view close);
    void list(RemoteAddr object);
    void tuple(RemoteAddr object);
    void set(RemoteAddr object, const TypeFacts& type);
    void dict(RemoteAddr object);
    [[nodiscard]] std::optional<Items> read_items(RemoteAddr first, std::uint64_t count) const;
    [[nodiscard]] std::optional<std::uint64_t> size_of(RemoteAddr object) const;
    [[nodiscard]] bool is_dummy27(RemoteAddr key) const;
    [[nodiscard]] std::string name_at(RemoteAddr object, Offset field) const;

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    const ValueLimits& limits_;
    TypeReader& types_;
    MemberSlots& slots_;
    const DictReader& dicts_;
    std::string text_;
    std::vector<RemoteAddr> path_;  // the objects that this one is in
    std::size_t objects_ = 0;
};

std::string ValueText::Writer::take() && {
    if (text_.size() <= limits_.characters + 3) return std::move(text_);
    text_.resize(base::complete_utf8_prefix(std::string_view(text_).substr(0, limits_.characters)));
    return text_ + "...";
}

void ValueText::Writer::value(RemoteAddr object) {
    if (full()) return add("...");
    ++objects_;
    const TypeFacts* type = types_.type_of(object);
    if (type == nullptr) return add(kUnreadable);
    if (plain(object, *type) || text(object, *type)) return;
    const bool inside_itself = std::find(path_.begin(), path_.end(), object) != path_.end();
    path_.push_back(object);
    if (inside_itself || too_deep())
        add(type->has_flag(kListSubclass)    ? "[...]"
            : type->has_flag(kTupleSubclass) ? "(...)"
            : type->has_flag(kDictSubclass)  ? "{...}"
                                             : fmt::format("<{} at {:#x}>", type->name, object.value));
    else if (!named(object, *type) && !container(object, *type))
        instance(object, *type);
    path_.pop_back();
}

/// None, numbers and other things without anything in them.
bool ValueText::Writer::plain(RemoteAddr object, const TypeFacts& type) {
    const bool int27 = layout_.integer.plain_value.present() && type.has_flag(kIntSubclass27);
    if (type.is_builtin("NoneType")) {
        add("None");
    } else if (type.is_builtin("ellipsis")) {
        add("Ellipsis");
    } else if (type.is_builtin("NotImplementedType")) {
        add("NotImplemented");
    } else if (type.is_builtin("bool")) {
        const auto number = integer_text(memory_, layout_, object, int27);
        if (number)
            add(*number == "0" ? "False" : "True");
        else
            add(kUnreadable);
    } else if (const auto scalar =
                   type.is_heap() ? std::nullopt : numpy_scalar_text(memory_, layout_, object, type.name)) {
        add(fmt::format("{}({})", type.name, *scalar));
    } else if (int27 || type.has_flag(kLongSubclass)) {
        const auto number = integer_text(memory_, layout_, object, int27);
        if (type.is_heap())
            add(fmt::format("{}({})", type.name, number.value_or(std::string(kUnreadable))));
        else
            add_if_read(number);
    } else if (type.is_builtin("float")) {
        const auto number = memory_.read_value<double>(object + layout_.value.float_value.value());
        add_if_read(number ? std::optional(float_text(*number)) : std::nullopt);
    } else if (type.is_builtin("complex")) {
        add_if_read(complex_text(memory_, layout_, object));
    } else {
        return false;
    }
    return true;
}

bool ValueText::Writer::text(RemoteAddr object, const TypeFacts& type) {
    const bool bytes27 = layout_.string_kind == StringKind::kBytes27;
    const bool unicode = type.has_flag(kUnicodeSubclass);
    if (!unicode && !type.has_flag(kBytesSubclass)) return false;
    const auto shown = unicode ? unicode_text(memory_, layout_, object, limits_.characters)
                               : bytes_text(memory_, layout_, object, limits_.characters);
    if (type.is_heap()) add(type.name + "(");
    if (shown && unicode == bytes27) add(unicode ? "u" : "b");
    add_if_read(shown);
    if (type.is_heap()) add(")");
    return true;
}

/// Classes, functions and modules, by their names.
bool ValueText::Writer::named(RemoteAddr object, const TypeFacts& type) {
    if (type.has_flag(kTypeSubclass)) {
        const TypeFacts* itself = types_.facts(object);
        add(fmt::format("<class '{}'>", itself != nullptr ? std::string_view(itself->name) : kUnreadable));
    } else if (type.is_builtin("function")) {
        add(fmt::format("<function {}>", name_at(object, layout_.value.function_name)));
    } else if (type.is_builtin("module")) {
        const auto dict = memory_.read_pointer(object + layout_.object.module_dict.value());
        const RemoteAddr name = dict ? dicts_.find(dicts_.items(*dict, kMostGlobals), "__name__") : RemoteAddr();
        const auto words = read_text(memory_, layout_, name, 100);
        add(fmt::format("<module {}>", words ? std::string_view(words->utf8) : kUnreadable));
    } else {
        return false;
    }
    return true;
}

bool ValueText::Writer::container(RemoteAddr object, const TypeFacts& type) {
    const bool derived = type.is_heap() || type.name.find('.') != std::string::npos;
    if (type.is_builtin("set") || type.is_builtin("frozenset")) {
        set(object, type);
        return true;
    }
    const bool is_list = type.has_flag(kListSubclass);
    const bool is_tuple = type.has_flag(kTupleSubclass);
    const bool is_dict = type.has_flag(kDictSubclass);
    const bool is_exception = type.has_flag(kExceptionSubclass);
    if (!is_list && !is_tuple && !is_dict && !is_exception) return false;
    if (derived || is_exception) add(type.name);
    if (is_exception) {
        const auto arguments = memory_.read_pointer(object + layout_.value.exception_args.value());
        const TypeFacts* its = arguments ? types_.type_of(*arguments) : nullptr;
        if (its != nullptr && its->has_flag(kTupleSubclass)) {
            const auto size = size_of(*arguments);
            items(size ? read_items(*arguments + layout_.value.tuple_items.value(), *size) : std::nullopt,
                  size.value_or(0), "(", ")");
        } else {
            add("()");
        }
        return true;
    }
    if (derived) add("(");
    if (is_list) list(object);
    if (is_tuple) tuple(object);
    if (is_dict) dict(object);
    if (derived) add(")");
    return true;
}

void ValueText::Writer::instance(RemoteAddr object, const TypeFacts& type) {
    add(fmt::format("<{} at {:#x}", type.name, object.value));
    std::size_t shown = 0;
    bool room = type.is_heap() && path_.size() <= 2;
    if (room) {
        for (const MemberSlot& slot : slots_.of(type.address)) {
            const auto set = memory_.read_pointer(object + slot.offset);
            if (set && set->is_null()) continue;
            room = attribute(slot.name, set.value_or(RemoteAddr()), shown);
            if (!room) break;
        }
    }
    if (room) {
        for (const DictItem& item : dicts_.instance_items(object, limits_.items + 1)) {
            const auto name = read_text(memory_, layout_, item.key, 64);
            if (name && !attribute(name->utf8, item.value, shown)) break;
        }
    }
    add(">");
}

/// False: there is no room for it.
bool ValueText::Writer::attribute(std::string_view name, RemoteAddr of, std::size_t& shown) {
    add(shown == 0 ? ": " : ", ");
    if (full() || shown == limits_.items) {
        add("...");
        return false;
    }
    add(name);
    add("=");
    value(of);
    ++shown;
    return true;
}

void ValueText::Writer::items(const std::optional<Items>& found, std::uint64_t total, std::string_view open,
                              std::string_view close) {
    if (!found) return add(kUnreadable);
    add(open);
    std::size_t shown = 0;
    for (const RemoteAddr item : *found) {
        if (full()) break;
        if (shown++ != 0) add(", ");
        value(item);
    }
    if (shown < total) add(shown == 0 ? "..." : ", ...");
    add(close);
}

std::optional<std::uint64_t> ValueText::Writer::size_of(RemoteAddr object) const {
    const auto size = memory_.read_value<std::uint64_t>(object + layout_.bytes.size.value());
    return size && *size <= (1ULL << 40) ? size : std::nullopt;
}

std::optional<std::vector<RemoteAddr>> ValueText::Writer::read_items(RemoteAddr first, std::uint64_t count) const {
    std::vector<std::uint64_t> raw(static_cast<std::size_t>(std::min<std::uint64_t>(count, limits_.items)));
    if (!raw.empty() && !memory_.read(first, std::as_writable_bytes(std::span(raw)))) return std::nullopt;
    Items found;
    found.reserve(raw.size());
    for (const std::uint64_t word : raw) found.emplace_back(word);
    return found;
}

void ValueText::Writer::list(RemoteAddr object) {
    const auto size = size_of(object);
    const auto first = memory_.read_pointer(object + layout_.value.list_items.value());
    items(size && first ? read_items(*first, *size) : std::nullopt, size.value_or(0), "[", "]");
}

void ValueText::Writer::tuple(RemoteAddr object) {
    const auto size = size_of(object);
    items(size ? read_items(object + layout_.value.tuple_items.value(), *size) : std::nullopt, size.value_or(0), "(",
          size == 1 ? ",)" : ")");
}

/// What 2.7 has in the place of a deleted key.
bool ValueText::Writer::is_dummy27(RemoteAddr key) const {
    if (layout_.string_kind != StringKind::kBytes27) return false;
    const auto words = read_text(memory_, layout_, key, 100);
    return words && words->utf8 == "<dummy key>";
}

void ValueText::Writer::set(RemoteAddr object, const TypeFacts& type) {
    const ValueLayout& l = layout_.value;
    const auto mask = memory_.read_value<std::uint64_t>(object + l.set_mask.value());
    const auto table = memory_.read_pointer(object + l.set_table.value());
    if (!mask || *mask >= kMostSlots || !table || !table->is_plausible()) return add(kUnreadable);
    const std::uint64_t slots = std::min(*mask + 1, kMostSetSlots);
    std::vector<std::uint64_t> raw(static_cast<std::size_t>(slots) * 2);
    if (!memory_.read(*table, std::as_writable_bytes(std::span(raw)))) return add(kUnreadable);
    Items keys;
    std::uint64_t used = *mask + 1 > slots ? 1 : 0;  // there may be more than was looked at
    for (std::size_t i = 0; i < raw.size(); i += 2) {
        const RemoteAddr key(raw[i + l.set_entry_key.value() / 8]);
        if (key.is_null() || raw[i + l.set_entry_hash.value() / 8] == ~std::uint64_t{0} || is_dummy27(key)) continue;
        ++used;
        if (keys.size() < limits_.items) keys.push_back(key);
    }
    if (used == 0) return add(type.name + "()");
    const bool braces = type.name == "set";
    if (!braces) add(type.name + "(");
    items(keys, used, "{", "}");
    if (!braces) add(")");
}

void ValueText::Writer::dict(RemoteAddr object) {
    const auto found = dicts_.items(object, limits_.items + 1);
    add("{");
    std::size_t shown = 0;
    for (const DictItem& item : found) {
        if (shown != 0) add(", ");
        if (full() || shown == limits_.items) {
            add("...");
            break;
        }
        value(item.key);
        add(": ");
        value(item.value);
        ++shown;
    }
    add("}");
}

std::string ValueText::Writer::name_at(RemoteAddr object, Offset field) const {
    const auto name = memory_.read_pointer(object + field.value());
    const auto words = name ? read_text(memory_, layout_, *name, 100) : Decoded<Text>(DecodeError::kUnreadable);
    return words ? words->utf8 : std::string(kUnreadable);
}

std::string ValueText::of(RemoteAddr object) {
    Writer writer(*this);
    writer.value(object);
    return std::move(writer).take();
}

}  // namespace lampyr::cpython

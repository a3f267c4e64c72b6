// SPDX-License-Identifier: MIT
#include "cpython/scalar_text.hpp"

#include "cpython/py_string.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <span>
#include <type_traits>
#include <vector>

namespace lampyr::cpython {
namespace {

constexpr unsigned kDigitBits = 30;         // PyLongObject
constexpr std::uint64_t kMostDigits = 500;  // some 4,500 decimal digits
constexpr std::uint32_t kBillion = 1'000'000'000;
constexpr std::uint64_t kMaxLength = 1ULL << 40;

/// Base 2^30 to decimal; the most significant digit last, as the interpreter has them.
std::string decimal(std::vector<std::uint32_t> digits) {
    std::vector<std::uint32_t> billions;
    while (!digits.empty()) {
        std::uint64_t rest = 0;
        for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
            rest = rest << kDigitBits | *digit;
            *digit = static_cast<std::uint32_t>(rest / kBillion);
            rest %= kBillion;
        }
        billions.push_back(static_cast<std::uint32_t>(rest));
        while (!digits.empty() && digits.back() == 0) digits.pop_back();
    }
    if (billions.empty()) return "0";
    std::string text = fmt::format("{}", billions.back());
    for (auto part = std::next(billions.rbegin()); part != billions.rend(); ++part) text += fmt::format("{:09}", *part);
    return text;
}

void add_utf8(std::string& text, std::uint32_t c) {
    if (c < 0x80) {
        text += static_cast<char>(c);
        return;
    }
    const unsigned tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    constexpr unsigned kLead[] = {0, 0xC0, 0xE0, 0xF0};
    text += static_cast<char>(kLead[tail] | c >> (6 * tail));
    for (unsigned i = tail; i-- > 0;) text += static_cast<char>(0x80 | (c >> (6 * i) & 0x3F));
}

/// One character inside quotes as repr() writes it. What only a terminal must not see stays for the sink.
void add_character(std::string& text, std::uint32_t c, char quote) {
    if (c == '\\' || c == static_cast<std::uint32_t>(quote)) {
        text += '\\';
        text += static_cast<char>(c);
    } else if (c == '\n') {
        text += "\\n";
    } else if (c == '\r') {
        text += "\\r";
    } else if (c == '\t') {
        text += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
        text += fmt::format("\\x{:02x}", c);
    } else if (c >= 0xD800 && c <= 0xDFFF) {
        text += fmt::format("\\u{:04x}", c);
    } else if (c > 0x10FFFF) {
        text += fmt::format("\\U{:08x}", c);
    } else {
        add_utf8(text, c);
    }
}

template <typename Unit>
std::vector<std::uint32_t> widened(std::span<const std::byte> raw) {
    std::vector<std::uint32_t> units(raw.size() / sizeof(Unit));
    for (std::size_t i = 0; i < units.size(); ++i) {
        Unit unit{};
        std::memcpy(&unit, raw.data() + i * sizeof(Unit), sizeof unit);
        units[i] = unit;
    }
    return units;
}

std::string quoted(std::span<const std::uint32_t> units, std::uint64_t length, bool bytes) {
    const auto holds = [units](char c) {
        return std::find(units.begin(), units.end(), std::uint32_t(c)) != units.end();
    };
    const char quote = holds('\'') && !holds('"') ? '"' : '\'';
    std::string text(1, quote);
    for (const std::uint32_t unit : units) {
        if (bytes && unit >= 0x80)
            text += fmt::format("\\x{:02x}", unit);
        else
            add_character(text, unit, quote);
    }
    text += quote;
    if (units.size() < length) text += "...";
    return text;
}

std::optional<std::vector<std::uint32_t>> read_units(const process::RemoteMemory& memory, RemoteAddr data,
                                                     std::uint64_t count, unsigned unit_size) {
    std::vector<std::byte> raw(static_cast<std::size_t>(count) * unit_size);
    if (!raw.empty() && !memory.read(data, raw)) return std::nullopt;
    if (unit_size == 1) return widened<std::uint8_t>(raw);
    if (unit_size == 2) return widened<std::uint16_t>(raw);
    return widened<std::uint32_t>(raw);
}

/// 2.7 was built with units of two or of four bytes, and does not say. Read as four, two ASCII characters are far above
/// the last code point.
std::optional<std::string> unicode27_text(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object,
                                          std::size_t longest) {
    const auto length = memory.read_value<std::uint64_t>(object + layout.value.unicode27_length.value());
    const auto data = memory.read_pointer(object + layout.value.unicode27_data.value());
    if (!length || *length > kMaxLength || !data || !data->is_plausible()) return std::nullopt;
    const std::uint64_t shown = std::min<std::uint64_t>(*length, longest);
    auto units = read_units(memory, *data, shown, 4);
    const bool wide =
        units && std::all_of(units->begin(), units->end(), [](std::uint32_t unit) { return unit <= 0x10FFFF; });
    if (!wide) units = read_units(memory, *data, shown, 2);
    if (!units) return std::nullopt;
    return quoted(*units, *length, false);
}

template <typename Number>
std::optional<std::string> number_at(const process::RemoteMemory& memory, RemoteAddr at) {
    const auto value = memory.read_value<Number>(at);
    if (!value) return std::nullopt;
    if constexpr (std::is_same_v<Number, float>)
        return fmt::format("{}", *value);
    else if constexpr (std::is_floating_point_v<Number>)
        return float_text(*value);
    else if constexpr (std::is_signed_v<Number>)
        return fmt::format("{}", static_cast<std::int64_t>(*value));
    else
        return fmt::format("{}", static_cast<std::uint64_t>(*value));
}

/// As Python and numpy write it: 1+2j.
template <typename Part>
std::optional<std::string> complex_at(const process::RemoteMemory& memory, RemoteAddr at) {
    const auto real = memory.read_value<Part>(at), imaginary = memory.read_value<Part>(at + sizeof(Part));
    if (!real || !imaginary) return std::nullopt;
    return fmt::format("{}{:+}j", *real, *imaginary);
}

}  // namespace

std::optional<std::string> integer_text(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object,
                                        bool plain27) {
    const IntegerLayout& l = layout.integer;
    if (plain27) return number_at<std::int64_t>(memory, object + l.plain_value.value());
    const auto tag = memory.read_value<std::int64_t>(object + l.tag.value());
    if (!tag) return std::nullopt;
    const bool negative = l.compact_tag ? (*tag & 3) == 2 : *tag < 0;
    if (l.compact_tag && (*tag < 0 || (*tag & 3) == 3)) return std::nullopt;
    const auto size = l.compact_tag ? static_cast<std::uint64_t>(*tag) >> 3
                      : *tag < 0    ? 0 - static_cast<std::uint64_t>(*tag)
                                    : static_cast<std::uint64_t>(*tag);
    if (size > kMaxLength) return std::nullopt;
    const char* const suffix = l.plain_value.present() ? "L" : "";
    if (size > kMostDigits) return fmt::format("<int of about {} bits>", size * kDigitBits);
    auto digits = read_units(memory, object + l.digits.value(), size, 4);
    if (!digits) return std::nullopt;
    if (std::any_of(digits->begin(), digits->end(), [](std::uint32_t digit) { return digit >> kDigitBits != 0; }))
        return std::nullopt;
    while (!digits->empty() && digits->back() == 0) digits->pop_back();
    const bool zero = digits->empty();
    return fmt::format("{}{}{}", negative && !zero ? "-" : "", decimal(std::move(*digits)), suffix);
}

std::string float_text(double value) {
    std::string text = fmt::format("{}", value);
    if (std::isnan(value)) return "nan";
    const bool whole = text.find_first_not_of("-0123456789") == std::string::npos;
    return whole ? text + ".0" : text;
}

std::optional<std::string> complex_text(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object) {
    const RemoteAddr value = object + layout.value.float_value.value();  // PyComplexObject begins like PyFloatObject
    const auto real = memory.read_value<double>(value);
    const auto imaginary = memory.read_value<double>(value + sizeof(double));
    if (!real || !imaginary) return std::nullopt;
    if (*real == 0 && !std::signbit(*real)) return fmt::format("{}j", *imaginary);
    return fmt::format("({}{:+}j)", *real, *imaginary);
}

std::optional<std::string> unicode_text(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object,
                                        std::size_t longest) {
    if (layout.string_kind == StringKind::kBytes27) return unicode27_text(memory, layout, object, longest);
    const auto place = locate_text(memory, layout, object);
    if (!place) return std::nullopt;
    const auto units =
        read_units(memory, place->data, std::min<std::uint64_t>(place->length, longest), place->unit_size);
    if (!units) return std::nullopt;
    return quoted(*units, place->length, false);
}

std::optional<std::string> bytes_text(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object,
                                      std::size_t longest) {
    const auto length = memory.read_value<std::uint64_t>(object + layout.bytes.size.value());
    if (!length || *length > kMaxLength) return std::nullopt;
    const auto units =
        read_units(memory, object + layout.bytes.data.value(), std::min<std::uint64_t>(*length, longest), 1);
    if (!units) return std::nullopt;
    return quoted(*units, *length, true);
}

std::optional<std::string> numpy_scalar_text(const process::RemoteMemory& memory, const Layout& layout,
                                             RemoteAddr object, std::string_view type_name) {
    using Reader = std::optional<std::string> (*)(const process::RemoteMemory&, RemoteAddr);
    struct Kind {
        std::string_view name;
        Reader read;
    };
    static constexpr Kind kKinds[] = {
        {"numpy.float64", number_at<double>},        {"numpy.float32", number_at<float>},
        {"numpy.int64", number_at<std::int64_t>},    {"numpy.int32", number_at<std::int32_t>},
        {"numpy.int16", number_at<std::int16_t>},    {"numpy.int8", number_at<std::int8_t>},
        {"numpy.uint64", number_at<std::uint64_t>},  {"numpy.uint32", number_at<std::uint32_t>},
        {"numpy.uint16", number_at<std::uint16_t>},  {"numpy.uint8", number_at<std::uint8_t>},
        {"numpy.intc", number_at<std::int32_t>},     {"numpy.uintc", number_at<std::uint32_t>},
        {"numpy.complex64", complex_at<float>},      {"numpy.complex128", complex_at<double>},
        {"numpy.longlong", number_at<std::int64_t>}, {"numpy.ulonglong", number_at<std::uint64_t>},
    };
    if (!type_name.starts_with("numpy.")) return std::nullopt;
    const RemoteAddr value = object + layout.object.type.value() + 8;
    if (type_name == "numpy.bool_" || type_name == "numpy.bool") {
        const auto flag = memory.read_value<std::uint8_t>(value);
        if (!flag || *flag > 1) return std::nullopt;
        return std::string(*flag != 0 ? "True" : "False");
    }
    for (const Kind& kind : kKinds)
        if (kind.name == type_name) return kind.read(memory, value);
    return std::nullopt;
}

}  // namespace lampyr::cpython

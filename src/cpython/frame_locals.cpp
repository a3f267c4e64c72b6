// SPDX-License-Identifier: MIT
#include "cpython/frame_locals.hpp"

#include "cpython/py_string.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace lampyr::cpython {
namespace {

// co_flags, Include/code.h
constexpr std::uint32_t kVarArgs = 4;
constexpr std::uint32_t kVarKeywords = 8;
// co_localspluskinds, Include/internal/pycore_code.h
constexpr std::uint8_t kCellKind = 0x40;
constexpr std::uint8_t kFreeKind = 0x80;
// The tag of a small number in a _PyStackRef, Include/internal/pycore_stackref.h
constexpr std::uint64_t kNumberTag = 3;

constexpr std::size_t kMaxArguments = 1 << 16;
constexpr std::size_t kLongestName = 200;

bool is_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

std::optional<std::size_t> FrameLocals::argument_count(RemoteAddr code) const {
    const CodeLayout& c = layout_.code;
    const auto positional = memory_.read_value<std::uint32_t>(code + c.argcount.value());
    const auto keywords = c.kwonlyargcount.present()
                              ? memory_.read_value<std::uint32_t>(code + c.kwonlyargcount.value())
                              : std::optional<std::uint32_t>(0);
    const auto flags = memory_.read_value<std::uint32_t>(code + c.flags.value());
    if (!positional || !keywords || !flags || *positional > kMaxArguments || *keywords > kMaxArguments)
        return std::nullopt;
    return std::size_t{*positional} + *keywords + ((*flags & kVarArgs) != 0 ? 1 : 0) +
           ((*flags & kVarKeywords) != 0 ? 1 : 0);
}

/// The texts of a tuple of names; those that cannot be read are "?".
std::optional<std::vector<std::string>> FrameLocals::names(RemoteAddr tuple) const {
    if (!is_object(tuple)) return std::nullopt;
    const auto size = memory_.read_value<std::uint64_t>(tuple + layout_.bytes.size.value());
    if (!size) return std::nullopt;
    std::vector<std::uint64_t> items(static_cast<std::size_t>(std::min<std::uint64_t>(*size, kMaxLocals)));
    if (!items.empty() &&
        !memory_.read(tuple + layout_.value.tuple_items.value(), std::as_writable_bytes(std::span(items))))
        return std::nullopt;
    std::vector<std::string> found;
    found.reserve(items.size());
    for (const std::uint64_t item : items) {
        auto text = read_text(memory_, layout_, RemoteAddr(item), kLongestName);
        found.push_back(text ? std::move(text->utf8) : std::string("?"));
    }
    return found;
}

/// 3.11+: one tuple of names, and a byte for each that says what it is.
std::optional<FrameLocals::Variables> FrameLocals::variables_by_kind(RemoteAddr code, std::size_t arguments) const {
    const auto tuple = memory_.read_pointer(code + layout_.code.localsplusnames.value());
    const auto kinds_object = memory_.read_pointer(code + layout_.code.localspluskinds.value());
    if (!tuple || !kinds_object || !is_object(*kinds_object)) return std::nullopt;
    auto texts = names(*tuple);
    if (!texts) return std::nullopt;
    std::vector<std::uint8_t> kinds(texts->size());
    if (!kinds.empty() &&
        !memory_.read(*kinds_object + layout_.bytes.data.value(), std::as_writable_bytes(std::span(kinds))))
        return std::nullopt;
    Variables found;
    found.reserve(kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const LocalKind kind = (kinds[i] & kFreeKind) != 0 ? LocalKind::kFree
                               : i < arguments             ? LocalKind::kArgument
                                                           : LocalKind::kLocal;
        found.push_back({std::move((*texts)[i]), kind, (kinds[i] & (kCellKind | kFreeKind)) != 0});
    }
    return found;
}

/// Before: three tuples, whose variables stand one behind the other in the frame.
std::optional<FrameLocals::Variables> FrameLocals::variables_by_list(RemoteAddr code, std::size_t arguments) const {
    Variables found;
    for (const Offset field : {layout_.code.varnames, layout_.code.cellvars, layout_.code.freevars}) {
        const auto tuple = memory_.read_pointer(code + field.value());
        auto texts = tuple ? names(*tuple) : std::nullopt;
        if (!texts) return std::nullopt;
        const bool plain = field == layout_.code.varnames;
        for (std::string& text : *texts) {
            // An argument that an inner function uses has moved into its cell; its own slot is empty then.
            const auto argument = found.begin() + static_cast<std::ptrdiff_t>(std::min(arguments, found.size()));
            const bool moved = !plain && std::any_of(found.begin(), argument,
                                                     [&text](const Variable& other) { return other.name == text; });
            const LocalKind kind = field == layout_.code.freevars                 ? LocalKind::kFree
                                   : moved || (plain && found.size() < arguments) ? LocalKind::kArgument
                                                                                  : LocalKind::kLocal;
            found.push_back({std::move(text), kind, !plain});
        }
    }
    if (found.size() > kMaxLocals) found.resize(kMaxLocals);
    return found;
}

std::optional<FrameLocals::Variables> FrameLocals::variables(RemoteAddr code) const {
    const auto arguments = argument_count(code);
    if (!arguments) return std::nullopt;
    return layout_.code.localsplusnames.present() ? variables_by_kind(code, *arguments)
                                                  : variables_by_list(code, *arguments);
}

/// The frame's slots, when it still is the frame of that code. Code and slots are taken by one call.
std::optional<std::vector<std::uint64_t>> FrameLocals::slots(const RawFrame& frame, std::size_t count) const {
    std::vector<std::uint64_t> words(count + 2);
    const std::uint64_t code = frame.frame.value + layout_.frame.code.value();
    const std::array<process::RemoteSegment, 3> segments{
        {{code, 8}, {frame.frame.value + layout_.frame.localsplus.value(), count * 8}, {code, 8}}};
    const auto out = std::as_writable_bytes(std::span(words));
    if (memory_.read_segments(segments, out) != out.size()) return std::nullopt;
    if ((words.front() & ~layout_.code_tag_mask) != frame.code.value || words.front() != words.back())
        return std::nullopt;
    words.pop_back();
    words.erase(words.begin());
    return words;
}

/// The value in a cell object; null when it is empty. What is no cell (yet) is the value itself.
RemoteAddr FrameLocals::inside_cell(RemoteAddr object) {
    const TypeFacts* type = types_.type_of(object);
    if (type == nullptr || !type->is_builtin("cell")) return object;
    return memory_.read_pointer(object + layout_.value.cell_value.value()).value_or(RemoteAddr());
}

std::optional<std::vector<FrameLocal>> FrameLocals::read(const RawFrame& frame) {
    auto known = variables(frame.code);
    if (!known) return std::nullopt;
    const auto words = slots(frame, known->size());
    if (!words) return std::nullopt;
    std::vector<FrameLocal> found;
    for (std::size_t i = 0; i < known->size(); ++i) {
        Variable& variable = (*known)[i];
        const std::uint64_t word = (*words)[i];
        FrameLocal local{std::move(variable.name), variable.kind, RemoteAddr(word & ~layout_.code_tag_mask)};
        if (layout_.code_tag_mask != 0 && (word & layout_.code_tag_mask) == kNumberTag) {
            local.value = {};
            local.small_int = static_cast<std::int64_t>(word) >> 2;
        } else if (variable.in_cell && !local.value.is_null()) {
            local.value = inside_cell(local.value);
        }
        if (!local.value.is_null() || local.small_int) found.push_back(std::move(local));
    }
    return found;
}

}  // namespace lampyr::cpython

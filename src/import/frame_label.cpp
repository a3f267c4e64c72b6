// SPDX-License-Identifier: MIT
#include "import/frame_label.hpp"

#include <charconv>

namespace lampyr::importer {

template <typename Int>
std::optional<Int> whole_number(std::string_view text, int base) {
    Int value{};
    const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || failure != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}
template std::optional<std::int32_t> whole_number(std::string_view, int);
template std::optional<std::uint32_t> whole_number(std::string_view, int);
template std::optional<std::uint64_t> whole_number(std::string_view, int);

namespace {

/// A line as it is written: no zeros in front, not zero.
std::optional<std::uint32_t> line_number(std::string_view text) {
    if (text.empty() || text.front() == '0') return std::nullopt;
    return whole_number<std::uint32_t>(text);
}

/// Where the parenthesis opens that the last character closes.
std::size_t opening(std::string_view text) {
    std::size_t depth = 0;
    for (std::size_t i = text.size(); i-- > 0;) {
        if (text[i] == ')') ++depth;
        if (text[i] == '(' && --depth == 0) return i;
    }
    return std::string_view::npos;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

}  // namespace

FrameLabel split_label(std::string_view label) {
    if (!label.ends_with(')')) return {label};
    const std::size_t open = opening(label);
    if (open == std::string_view::npos || open < 2 || label[open - 1] != ' ') return {label};
    const std::string_view place = label.substr(open + 1, label.size() - open - 2);
    if (place.empty()) return {label};
    const std::string_view name = label.substr(0, open - 1);
    const std::size_t colon = place.rfind(':');
    if (colon != std::string_view::npos && colon > 0)
        if (const auto line = line_number(place.substr(colon + 1))) return {name, place.substr(0, colon), *line};
    return {name, place};
}

std::optional<FrameLabel> split_colons(std::string_view label) {
    const std::size_t last = label.rfind(':');
    if (last == std::string_view::npos || last == 0) return std::nullopt;
    const auto line = whole_number<std::uint32_t>(label.substr(last + 1));
    if (!line) return std::nullopt;
    const std::size_t middle = label.rfind(':', last - 1);
    if (middle == std::string_view::npos || middle + 1 == last) return std::nullopt;
    return FrameLabel{label.substr(middle + 1, last - middle - 1), label.substr(0, middle), *line};
}

std::optional<ThreadLabel> split_thread(std::string_view label) {
    if (take_prefix(label, "tid:")) {
        const auto ident = whole_number<std::uint64_t>(label);
        return ident ? std::optional(ThreadLabel{0, *ident}) : std::nullopt;
    }
    if (take_prefix(label, "thread (")) {
        const std::size_t close = label.find(')');
        if (close == std::string_view::npos) return std::nullopt;
        std::string_view number = label.substr(0, close);
        std::string_view name = label.substr(close + 1);
        if (!name.empty() && !take_prefix(name, ": ")) return std::nullopt;
        if (take_prefix(number, "0x")) {
            const auto ident = whole_number<std::uint64_t>(number, 16);
            return ident ? std::optional(ThreadLabel{0, *ident, name}) : std::nullopt;
        }
        const auto tid = whole_number<std::int32_t>(number);
        return tid && *tid > 0 ? std::optional(ThreadLabel{*tid, 0, name}) : std::nullopt;
    }
    if (!take_prefix(label, "T")) return std::nullopt;
    const std::string_view number = label.substr(label.rfind(':') + 1);  // behind the interpreter, if it is there
    if (const auto tid = whole_number<std::int32_t>(number); tid && *tid > 0) return ThreadLabel{*tid, 0};
    auto ident = whole_number<std::uint64_t>(number);
    if (!ident) ident = whole_number<std::uint64_t>(number.starts_with("0x") ? number.substr(2) : number, 16);
    return ident ? std::optional(ThreadLabel{0, *ident}) : std::nullopt;
}

std::optional<ProcessLabel> split_process(std::string_view label) {
    if (take_prefix(label, "process ")) {
        const std::size_t colon = label.find(":\"");
        if (colon == std::string_view::npos || !label.ends_with('"') || label.size() < colon + 3) return std::nullopt;
        const auto pid = whole_number<std::int32_t>(label.substr(0, colon));
        if (!pid || *pid < 0) return std::nullopt;
        return ProcessLabel{*pid, label.substr(colon + 2, label.size() - colon - 3)};
    }
    if (!take_prefix(label, "P")) return std::nullopt;
    const auto pid = whole_number<std::int32_t>(label);
    return pid && *pid >= 0 ? std::optional(ProcessLabel{*pid}) : std::nullopt;
}

}  // namespace lampyr::importer

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lampyr::importer {

/// A frame's text taken apart; the views are into it. What cannot be told is all in `name`.
struct FrameLabel {
    std::string_view name;
    std::string_view file{};
    std::uint32_t line = 0;
};

/// `name (file:line)` or `name (file)`; the inverse of profile::location_label wherever that can be.
[[nodiscard]] FrameLabel split_label(std::string_view label);
/// `file:name:line`, as Austin and others write it.
[[nodiscard]] std::optional<FrameLabel> split_colons(std::string_view label);

/// A thread or process at the root of a folded stack.
struct ThreadLabel {
    std::int32_t tid = 0;
    std::uint64_t ident = 0;
    std::string_view name{};
};
/// `thread (TID): name`, `thread (0xIDENT)`: lampyr and py-spy. `tid:N`: CPython's sampler. `T0:1f`, `T42`: Austin.
[[nodiscard]] std::optional<ThreadLabel> split_thread(std::string_view label);
struct ProcessLabel {
    std::int32_t pid = 0;
    std::string_view command_line{};
};
/// `process PID:"command line"`: lampyr and py-spy. `P42`: Austin.
[[nodiscard]] std::optional<ProcessLabel> split_process(std::string_view label);

/// All of the text as a number.
template <typename Int>
[[nodiscard]] std::optional<Int> whole_number(std::string_view text, int base = 10);

}  // namespace lampyr::importer

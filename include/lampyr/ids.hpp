// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace lampyr {

/// A number that means one thing. `Tag` keeps a frame index from being used as a stack index.
template <typename Tag, typename Int>
struct Id {
    using value_type = Int;
    Int value{};

    constexpr Id() = default;
    constexpr explicit Id(Int v) : value(v) {}
    friend constexpr auto operator<=>(Id, Id) = default;
};

/// Process id as this process's pid namespace sees it.
using Pid = Id<struct PidTag, std::int32_t>;
/// Kernel thread id (gettid) as this process's pid namespace sees it.
using Tid = Id<struct TidTag, std::int32_t>;

/// Row numbers of a profile's tables.
using StringId = Id<struct StringTag, std::uint32_t>;
using FunctionId = Id<struct FunctionTag, std::uint32_t>;
using FrameId = Id<struct FrameTag, std::uint32_t>;
using StackId = Id<struct StackTag, std::uint32_t>;
using SampleId = Id<struct SampleTag, std::uint32_t>;
using ThreadId = Id<struct ThreadTag, std::uint32_t>;
using ProcessId = Id<struct ProcessTag, std::uint32_t>;

/// The stack without frames: parent of every outermost frame.
inline constexpr StackId kEmptyStack{std::numeric_limits<std::uint32_t>::max()};

}  // namespace lampyr

template <typename Tag, typename Int>
struct std::hash<lampyr::Id<Tag, Int>> {
    std::size_t operator()(lampyr::Id<Tag, Int> id) const noexcept { return std::hash<Int>{}(id.value); }
};

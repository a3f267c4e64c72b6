// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/type_facts.hpp"
#include "process/remote_memory.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lampyr::cpython {

enum class LocalKind : std::uint8_t {
    kArgument,
    kLocal,
    kFree,  ///< of an enclosing function
};

/// A bound variable of a frame: names, and where its value is. Variables in cells are followed.
struct FrameLocal {
    std::string name;
    LocalKind kind = LocalKind::kLocal;
    RemoteAddr value;
    std::optional<std::int64_t> small_int{};  ///< a number kept in the slot itself (3.14+); `value` is null then
    friend bool operator==(const FrameLocal&, const FrameLocal&) = default;
};

/// More variables of one frame than this are not shown.
inline constexpr std::size_t kMaxLocals = 1000;

/// Reads which variables a frame has and where their values are. Not for the sampling path: allocates, several reads.
class FrameLocals {
  public:
    /// All must outlive it.
    FrameLocals(const process::RemoteMemory& memory, const Layout& layout, TypeReader& types)
        : memory_(memory), layout_(layout), types_(types) {}

    /// In the order of the frame: arguments first. Nothing when the frame is not that of `frame.code` any more, or something
    /// cannot be read. Code of modules and classes has none: its variables are in dicts.
    [[nodiscard]] std::optional<std::vector<FrameLocal>> read(const RawFrame& frame);

  private:
    struct Variable {
        std::string name;
        LocalKind kind = LocalKind::kLocal;
        bool in_cell = false;
    };
    using Variables = std::vector<Variable>;

    [[nodiscard]] std::optional<Variables> variables(RemoteAddr code) const;
    [[nodiscard]] std::optional<Variables> variables_by_kind(RemoteAddr code, std::size_t arguments) const;
    [[nodiscard]] std::optional<Variables> variables_by_list(RemoteAddr code, std::size_t arguments) const;
    [[nodiscard]] std::optional<std::vector<std::string>> names(RemoteAddr tuple) const;
    [[nodiscard]] std::optional<std::size_t> argument_count(RemoteAddr code) const;
    [[nodiscard]] std::optional<std::vector<std::uint64_t>> slots(const RawFrame& frame, std::size_t count) const;
    [[nodiscard]] RemoteAddr inside_cell(RemoteAddr object);

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    TypeReader& types_;
};

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "support/fake_memory.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lampyr::test {

/// A code object to make. `bytecode` empty: `code_bytes` zero bytes.
struct FakeCode {
    std::string name = "f";
    std::string file = "a.py";
    std::uint32_t first_line = 1;
    std::vector<std::uint8_t> table{};  ///< co_lnotab / co_linetable as this layout encodes it; empty: one line for all
    std::uint32_t code_bytes = 64;
    std::vector<std::uint8_t> bytecode{};
    std::uint32_t first_traceable = 0;  ///< 2-byte units (3.11+)
    std::uint32_t locals = 2;           ///< nlocalsplus (3.11+)
    std::uint32_t stack = 4;            ///< stacksize (3.11+)
    std::string qualname{};             ///< empty: as `name`
};

/// How the keys and values of a dict are stored.
enum class DictShape : std::uint8_t {
    kCombined,  ///< general keys, each with its hash (2.7: the hash table)
    kUnicode,   ///< keys are all text, no hashes stored (3.11+; before, as kCombined)
    kSplit,     ///< keys shared, values in a block of their own (3.6+; 2.7: as kCombined)
};
/// Where an instance keeps its attributes.
enum class InstanceShape : std::uint8_t {
    kDict,    ///< in a dict object
    kValues,  ///< in values without a dict object (3.11+; before, a split dict)
};

/// Writes Python objects of any layout into fake memory, byte for byte where and how that interpreter keeps them. Each
/// object is a region of exactly its size, so reading past its end fails.
class FakeObjects {
  public:
    using Items = std::vector<std::pair<RemoteAddr, RemoteAddr>>;

    explicit FakeObjects(const cpython::Layout& layout);

    [[nodiscard]] FakeMemory& memory() { return memory_; }
    [[nodiscard]] const FakeMemory& memory() const { return memory_; }
    [[nodiscard]] const cpython::Layout& layout() const { return layout_; }

    /// Zeroed memory, 16-byte aligned, apart from every other region.
    RemoteAddr allocate(std::size_t size);
    /// A static type object of this name, one each; flags as the built-in type of that name has them.
    RemoteAddr type(const std::string& name);

    /// Text from UTF-8, in the narrowest kind that holds it (2.7: the bytes themselves).
    RemoteAddr string(std::string_view utf8);
    /// Any code points, lone surrogates included. 3.x only.
    RemoteAddr string(std::u32string_view code_points);
    /// Characters in a block of their own, as for a str subclass (2.7: as `string`).
    RemoteAddr outside_string(std::u32string_view code_points);
    RemoteAddr bytes(std::vector<std::uint8_t> data);
    RemoteAddr integer(std::uint64_t value);
    RemoteAddr dict(const Items& items, DictShape shape = DictShape::kCombined);
    RemoteAddr tuple(const std::vector<RemoteAddr>& items);
    RemoteAddr list(const std::vector<RemoteAddr>& items);
    RemoteAddr floating(double value);
    RemoteAddr cell(RemoteAddr value);
    /// With one deleted entry in its table.
    RemoteAddr set(const std::vector<RemoteAddr>& keys);
    RemoteAddr none();
    RemoteAddr module(RemoteAddr dict);
    /// Of a class named Thing.
    RemoteAddr instance(const std::vector<std::pair<std::string, RemoteAddr>>& attributes,
                        InstanceShape shape = InstanceShape::kDict);

    RemoteAddr code(const FakeCode& code);
    /// A further copy of a code object's bytecode, as free-threaded 3.14+ makes one a thread. Returns where it is; frames
    /// with this tlbc index have their instructions there.
    RemoteAddr add_tlbc(RemoteAddr code, std::uint32_t index);
    [[nodiscard]] const FakeCode& code_of(RemoteAddr address) const { return codes_.at(address.value); }
    /// Bytes a frame of the code takes on the data stack (3.11+).
    [[nodiscard]] std::uint32_t frame_bytes(RemoteAddr code) const;

    template <typename T>
    void put(RemoteAddr object, cpython::Offset offset, const T& value) {
        if (offset.present()) memory_.put(object + offset.value(), value);
    }

  private:
    RemoteAddr object(std::size_t size, const std::string& type_name);
    RemoteAddr object_of(std::size_t size, RemoteAddr type);
    void put_characters(RemoteAddr at, std::u32string_view text, std::uint32_t kind);
    RemoteAddr keys(const Items& items, bool hashed, bool split);
    RemoteAddr values(const Items& items);
    RemoteAddr table27(const Items& items);
    [[nodiscard]] std::uint32_t values_start() const;

    const cpython::Layout& layout_;
    FakeMemory memory_;
    std::uint64_t next_ = 0x7f00'0000'0000;
    std::map<std::string, RemoteAddr> types_;
    std::map<std::uint64_t, FakeCode> codes_;
};

}  // namespace lampyr::test

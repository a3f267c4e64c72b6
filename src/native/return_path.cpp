// SPDX-License-Identifier: MIT
#include "native/return_path.hpp"

#include <array>
#include <cstring>

namespace lampyr::native {
namespace {

using process::ThreadRegisters;

constexpr std::size_t kFramePointer = 6;

/// Registers in the order in which instructions number them, by the numbers of unwind tables.
constexpr std::array<std::uint8_t, 16> kByInstruction{0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

class Reader {
  public:
    explicit Reader(std::span<const std::byte> code) : code_(code) {}

    std::optional<UnwindRule> run() {
        for (;;) {
            if (take({0xc3}) || take({0xf3, 0xc3})) return finish();
            if (!step()) return std::nullopt;
        }
    }

  private:
    bool take(std::initializer_list<unsigned> bytes) {
        if (bytes.size() > code_.size()) return false;
        std::size_t at = 0;
        for (const unsigned byte : bytes)
            if (std::to_integer<unsigned>(code_[at++]) != byte) return false;
        code_ = code_.subspan(bytes.size());
        return true;
    }
    template <typename Number>
    std::optional<std::int32_t> number() {
        Number value{};
        if (code_.size() < sizeof value) return std::nullopt;
        std::memcpy(&value, code_.data(), sizeof value);
        code_ = code_.subspan(sizeof value);
        return value;
    }

    /// One instruction; false: another than is understood.
    bool step() {
        if (take({0x48, 0x83, 0xc4})) return give_back(number<std::int8_t>());  // add $…, %rsp
        if (take({0x48, 0x81, 0xc4})) return give_back(number<std::int32_t>());
        if (take({0xc9})) {                  // leave: mov %rbp, %rsp; pop %rbp
            if (offset_ != 0) return false;  // what was popped before is told from another register
            rule_.frame_register = kFramePointer;
            return pop(kFramePointer);
        }
        const bool high = take({0x41});
        if (code_.empty()) return false;
        const auto byte = std::to_integer<unsigned>(code_.front());
        if (byte < 0x58 || byte > 0x5f) return false;
        code_ = code_.subspan(1);
        const std::uint8_t popped = kByInstruction[byte - 0x58 + (high ? 8 : 0)];
        return popped != ThreadRegisters::kStackPointer && pop(popped);
    }
    bool give_back(std::optional<std::int32_t> bytes) {
        constexpr std::int32_t kMost = 1 << 20;
        if (!bytes || *bytes < 0 || *bytes > kMost || offset_ > kMost) return false;
        offset_ += *bytes;
        return true;
    }
    bool pop(std::size_t popped) {
        rule_.places[popped] = {UnwindRule::Kind::kAtOffset, offset_};
        offset_ += 8;
        return true;
    }
    /// Places so far are told from where the stack pointer was; rules tell them from the frame's address.
    UnwindRule finish() {
        const std::int32_t frame = offset_ + 8;
        for (UnwindRule::Place& place : rule_.places)
            if (place.kind == UnwindRule::Kind::kAtOffset) place.offset -= frame;
        rule_.places[ThreadRegisters::kReturnAddress] = {UnwindRule::Kind::kAtOffset, -8};
        rule_.places[ThreadRegisters::kStackPointer] = {UnwindRule::Kind::kValue, 0};
        rule_.frame_offset = frame;
        return std::move(rule_);
    }

    std::span<const std::byte> code_;
    UnwindRule rule_;
    std::int32_t offset_ = 0;
};

}  // namespace

std::optional<UnwindRule> read_return_path(std::span<const std::byte> code) { return Reader(code).run(); }

}  // namespace lampyr::native

// SPDX-License-Identifier: MIT
#include "cpython/coroutine_chain.hpp"

#include "cpython/frame_fields.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace lampyr::cpython {
namespace {

/// Bytes of a coroutine object that are looked at: up to the slots of its frame.
constexpr std::size_t kMostHeadBytes = 512;
constexpr std::uint64_t kMostSlotBytes = 1U << 20;
/// Objects between two coroutines that only lead to the next.
constexpr int kMostWrappers = 4;

bool is_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

CoroutineReader::Kind CoroutineReader::kind_of(RemoteAddr object) const {
    const TypeFacts* type = types_.type_of(object);
    if (type == nullptr) return Kind::kOther;
    for (const char* name : {"coroutine", "generator", "async_generator"})
        if (type->is_builtin(name)) return Kind::kCoroutine;
    for (const char* name : {"coroutine_wrapper", "async_generator_asend", "async_generator_athrow", "anext_awaitable"})
        if (type->is_builtin(name)) return Kind::kWrapper;
    return type->name == "_asyncio.FutureIter" ? Kind::kFutureIterator : Kind::kOther;
}

bool CoroutineReader::awaits(std::int8_t state, std::uint64_t instruction) const {
    const auto& states = asyncio_.awaiting_states;
    if (std::find(states.begin(), states.end(), state) == states.end()) return false;
    if (asyncio_.await_rule == AwaitRule::kFrameState) return true;
    const auto argument = memory_.read_value<std::uint8_t>(RemoteAddr(instruction + layout_.code_unit + 1));
    return argument && (*argument & 3) >= 2;
}

/// Where the value stack of the suspended frame holds what it awaits; null when that cannot be.
RemoteAddr CoroutineReader::awaited_slot(RemoteAddr frame, const std::byte* bytes) const {
    const RemoteAddr slots = frame + layout_.frame.localsplus.value();
    RemoteAddr end = slots;
    if (layout_.frame.stacktop.present()) {
        const auto count = load<std::int32_t>(bytes, layout_.frame.stacktop);
        if (count > 0) end = slots + std::uint64_t{8} * static_cast<std::uint32_t>(count);
    } else {
        end = load_pointer(bytes, layout_.frame.stackpointer);
    }
    const std::uint64_t below = std::uint64_t{8} * asyncio_.awaited_words;
    if (!end.is_aligned() || end < slots + below || end - slots > kMostSlotBytes) return {};
    return end - below;
}

bool CoroutineReader::read(RemoteAddr coroutine, Suspended& out) const {
    const GeneratorLayout& generator = layout_.generator;
    const std::size_t size = std::size_t{generator.iframe.value()} + layout_.frame.size;
    std::array<std::byte, kMostHeadBytes> head;
    if (size > head.size() || generator.frame_state.value() >= size ||
        !memory_.read(coroutine, std::span(head).first(size)))
        return false;
    const std::byte* bytes = head.data() + generator.iframe.value();
    const FrameFields fields = decode_frame(layout_, bytes);
    if (!is_object(fields.code)) return false;
    out.frame = {.frame = frame_of(coroutine),
                 .code = fields.code,
                 .instruction = fields.instruction,
                 .tlbc_index = fields.tlbc_index,
                 .generator = true};
    out.awaited = {};
    if (!awaits(load<std::int8_t>(head.data(), generator.frame_state), fields.instruction)) return true;
    const RemoteAddr slot = awaited_slot(out.frame.frame, bytes);
    const auto word = slot.is_null() ? std::nullopt : memory_.read_value<std::uint64_t>(slot);
    if (word) out.awaited = RemoteAddr(*word & ~layout_.code_tag_mask);
    return true;
}

CoroutineChain CoroutineReader::follow(RemoteAddr coroutine) const {
    CoroutineChain chain;
    RemoteAddr object = coroutine;
    for (int wrappers = 0; is_object(object);) {
        const Kind kind = kind_of(object);
        if (kind == Kind::kOther) break;
        if (kind == Kind::kCoroutine) {
            Suspended suspended;
            if (!read(object, suspended)) break;
            if (chain.frames.size() == kMostCoroutines) {
                chain.cut = true;
                break;
            }
            chain.frames.push_back(suspended.frame);
            object = suspended.awaited;
            wrappers = 0;
            continue;
        }
        object = memory_.read_pointer(object + asyncio_.wrapped.value()).value_or(RemoteAddr());
        if (kind == Kind::kFutureIterator || ++wrappers > kMostWrappers) break;
    }
    chain.awaited = object;
    return chain;
}

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#include "cpython/runtime_check.hpp"

#include <array>
#include <cstring>
#include <string_view>

namespace lampyr::cpython {
namespace {

constexpr int kAttempts = 5;
constexpr int kMaxInterpreters = 256;
constexpr int kMaxThreads = 64;
constexpr int kMaxFrames = 16;

std::optional<RemoteAddr> read_object_pointer(const process::RemoteMemory& memory, RemoteAddr address) {
    const auto pointer = memory.read_pointer(address);
    if (!pointer || !pointer->is_plausible() || !pointer->is_aligned()) return std::nullopt;
    return pointer;
}

bool is_exact_type(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object,
                   std::string_view name) {
    const auto type = read_object_pointer(memory, object + layout.object.type.value());
    if (!type) return false;
    const auto text = memory.read_pointer(*type + layout.object.type_name.value());
    if (!text || !text->is_plausible()) return false;
    std::array<char, 16> bytes{};
    const auto wanted = std::span(bytes).first(name.size() + 1);
    return memory.read(*text, std::as_writable_bytes(wanted)) && name == bytes.data();
}

RuntimeCheck check_once(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr runtime) {
    auto interpreter = memory.read_pointer(interpreters_head_address(layout, runtime));
    if (!interpreter) return RuntimeCheck::kMismatch;
    if (interpreter->is_null()) return RuntimeCheck::kNotInitialised;
    // The newest interpreter comes first and may be half made; any one that is complete proves the layout.
    RuntimeCheck result = RuntimeCheck::kMismatch;
    for (int i = 0; i < kMaxInterpreters && interpreter && !interpreter->is_null(); ++i) {
        if (!interpreter->is_plausible() || !interpreter->is_aligned()) return RuntimeCheck::kMismatch;
        const RuntimeCheck check = check_interpreter(memory, layout, *interpreter);
        if (check != RuntimeCheck::kNotInitialised) return check;
        result = check;
        interpreter = memory.read_pointer(*interpreter + layout.interpreter.next.value());
    }
    return result;
}

/// Nothing: no frame; else whether a code object was met before anything that is neither code nor a shim.
std::optional<bool> check_thread_frames(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr thread) {
    auto frame = memory.read_pointer(thread + layout.thread.frame.value());
    if (frame && layout.frame.current_in_cframe.present())
        frame = memory.read_pointer(*frame + layout.frame.current_in_cframe.value());
    for (int i = 0; i < kMaxFrames; ++i) {
        if (!frame) return false;
        if (frame->is_null()) return std::nullopt;
        const auto reference = memory.read_value<std::uint64_t>(*frame + layout.frame.code.value());
        if (!reference) return false;
        const RemoteAddr code(*reference & ~layout.code_tag_mask);
        if (is_exact_type(memory, layout, code, "code")) {
            const auto name = read_object_pointer(memory, code + layout.code.name.value());
            return name && is_exact_type(memory, layout, *name, "str");
        }
        if (!code.is_null() && !is_exact_type(memory, layout, code, "NoneType")) return false;
        frame = memory.read_pointer(*frame + layout.frame.previous.value());
    }
    return std::nullopt;
}

}  // namespace

RemoteAddr interpreters_head_address(const Layout& layout, RemoteAddr runtime) {
    const Offset head = layout.runtime.interpreters_head;
    return head.present() ? runtime + head.value() : runtime;
}

RuntimeCheck check_interpreter(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr interpreter) {
    const auto thread = memory.read_pointer(interpreter + layout.interpreter.threads_head.value());
    if (!thread) return RuntimeCheck::kMismatch;
    if (thread->is_null()) return RuntimeCheck::kNotInitialised;
    if (!thread->is_plausible() || !thread->is_aligned()) return RuntimeCheck::kMismatch;
    const auto owner = memory.read_pointer(*thread + layout.thread.interp.value());
    if (!owner || *owner != interpreter) return RuntimeCheck::kMismatch;
    const auto modules = memory.read_pointer(interpreter + layout.interpreter.modules.value());
    if (!modules) return RuntimeCheck::kMismatch;
    if (modules->is_null()) return RuntimeCheck::kNotInitialised;
    if (!modules->is_plausible() || !modules->is_aligned()) return RuntimeCheck::kMismatch;
    return is_exact_type(memory, layout, *modules, "dict") ? RuntimeCheck::kGood : RuntimeCheck::kMismatch;
}

RuntimeCheck check_runtime(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr runtime) {
    RuntimeCheck result = RuntimeCheck::kMismatch;
    for (int i = 0; i < kAttempts && result == RuntimeCheck::kMismatch; ++i)
        result = check_once(memory, layout, runtime);
    return result;
}

std::optional<bool> check_frames(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr runtime) {
    std::optional<bool> result;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto interpreter = memory.read_pointer(interpreters_head_address(layout, runtime));
        if (!interpreter) return false;
        auto thread = memory.read_pointer(*interpreter + layout.interpreter.threads_head.value());
        for (int i = 0; i < kMaxThreads && thread && !thread->is_null(); ++i) {
            const auto checked = check_thread_frames(memory, layout, *thread);
            if (checked == true) return true;
            if (checked) result = checked;
            thread = memory.read_pointer(*thread + layout.thread.next.value());
        }
    }
    return result;
}

}  // namespace lampyr::cpython

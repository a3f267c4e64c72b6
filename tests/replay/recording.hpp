// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/debug_offsets.hpp"
#include "cpython/layout_table.hpp"
#include "cpython/stack_reader.hpp"
#include "process/recorded_memory.hpp"

#include <charconv>
#include <memory>
#include <string>
#include <string_view>

namespace lampyr::test {

inline RemoteAddr address_fact(const process::RecordedMemory& memory, std::string_view name) {
    const std::string_view text = memory.fact(name).value_or("0x0").substr(2);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return RemoteAddr(value);
}

/// "3.13.0", "3.13.5t".
inline cpython::Version parse_version(std::string_view text) {
    cpython::Version version;
    version.free_threaded = text.ends_with('t');
    const char* end = text.data() + text.size();
    auto next = std::from_chars(text.data(), end, version.major);
    next = std::from_chars(next.ptr + 1, end, version.minor);
    std::from_chars(next.ptr + 1, end, version.micro);
    return version;
}

/// A process of tests/replay/recordings and how it is read.
struct Recorded {
    std::unique_ptr<process::RecordedMemory> memory;
    cpython::RuntimeAnchor anchor;
    cpython::Layout layout;
};

/// `name` without folder and ending, such as "cpython-3.13".
inline Result<Recorded> load_recording(const std::string& name) {
    auto memory = process::RecordedMemory::load(std::string(RECORDINGS) + "/" + name + ".recording");
    if (!memory) return memory.error();
    const cpython::RuntimeAnchor anchor{address_fact(**memory, "runtime"), address_fact(**memory, "current_thread")};
    const cpython::Layout* table = cpython::find_layout(parse_version((*memory)->fact("version").value_or("0.0.0")));
    if (table == nullptr) return Error{ErrorCode::kUnsupportedVersion, "no layout for the recording " + name, ""};
    Recorded recorded{std::move(*memory), anchor, *table};
    if (const auto published = cpython::read_debug_offsets(*recorded.memory, anchor.runtime))
        recorded.layout = published->layout;
    return recorded;
}

}  // namespace lampyr::test

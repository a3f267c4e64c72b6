// SPDX-License-Identifier: MIT
#include "cpython/running_task.hpp"

#include "cpython/frame_fields.hpp"

#include <algorithm>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kEntryBytes = 24;  // hash, key, value: the keys are no texts (Include/internal/pycore_dict.h)
constexpr std::uint8_t kGeneralKeys = 0;

bool is_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

}  // namespace

/// Each turn of a task puts it into the dict and takes it out again, so its entries wander through a small table.
std::span<const RemoteAddr> RunningTasks::read(RemoteAddr dict) {
    const DictLayout& d = layout_.dict;
    if (!is_object(dict)) return {};
    const auto keys = memory_.read_pointer(dict + d.keys.value());
    if (!keys || !is_object(*keys)) return {};
    std::array<std::byte, 64 + 64 + kMost * kEntryBytes> bytes;
    const std::size_t got = memory_.read_prefix(*keys, bytes);
    const std::size_t head = d.keys_indices.value();
    if (got < head || load<std::uint8_t>(bytes.data(), d.keys_kind) != kGeneralKeys) return {};
    const auto log2_bytes = load<std::uint8_t>(bytes.data(), d.keys_log2_index_bytes);
    const auto entries = load<std::uint64_t>(bytes.data(), d.keys_nentries);
    if (log2_bytes > 6) return {};  // more event loops than anybody has
    const std::size_t begin = head + (std::size_t{1} << log2_bytes);
    std::size_t found = 0;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(entries, kMost); ++i) {
        const std::size_t at = begin + static_cast<std::size_t>(i) * kEntryBytes;
        if (at + kEntryBytes > got) break;
        const RemoteAddr task = load_pointer(bytes.data() + at, Offset(16));
        if (is_object(task)) tasks_[found++] = task;
    }
    return std::span(tasks_).first(found);
}

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#include "cpython/frame_position.hpp"

#include "cpython/code_object.hpp"

#include <cstdint>
#include <limits>
#include <vector>

namespace lampyr::cpython {

std::optional<Position> frame_position(const process::RemoteMemory& memory, const Layout& layout,
                                       const RawFrame& frame) {
    if (layout.line_table != LineTable::kLocations) return std::nullopt;
    const auto units = memory.read_value<std::uint64_t>(frame.code + layout.bytes.size.value());
    const auto first_line = memory.read_value<std::uint32_t>(frame.code + layout.code.firstlineno.value());
    const auto table = memory.read_pointer(frame.code + layout.code.linetable.value());
    if (!units || !first_line || !table || !table->is_plausible() || !table->is_aligned()) return std::nullopt;
    if (*units > std::numeric_limits<std::uint32_t>::max() / layout.code_unit) return std::nullopt;
    const auto code_bytes = static_cast<std::uint32_t>(*units * layout.code_unit);
    const auto offset = frame.tlbc_index != 0
                            ? tlbc_offset(memory, layout, frame.code, code_bytes, frame.tlbc_index, frame.instruction)
                            : instruction_offset(layout, frame.code, code_bytes, frame.instruction);
    const auto size = memory.read_value<std::uint64_t>(*table + layout.bytes.size.value());
    if (!offset || !size || *size > kMaxLineTableBytes) return std::nullopt;
    std::vector<std::byte> bytes(static_cast<std::size_t>(*size));
    if (bytes.empty() || !memory.read(*table + layout.bytes.data.value(), bytes)) return std::nullopt;
    return position_at(layout.line_table, bytes, *first_line, *offset);
}

}  // namespace lampyr::cpython

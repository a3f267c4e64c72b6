// SPDX-License-Identifier: MIT
#include "cpython/stack_text.hpp"

#include "cpython/code_object.hpp"
#include "cpython/thread_names.hpp"

#include <fmt/format.h>

#include <iterator>
#include <map>

namespace lampyr::cpython {

namespace {

std::string frame_text(const process::RemoteMemory& memory, const Layout& layout, const RawFrame& frame) {
    const auto code = read_code_object(memory, layout, frame.code);
    if (!code) return fmt::format("  ({})\n", to_string(code.error()));
    const auto offset =
        frame.tlbc_index != 0
            ? tlbc_offset(memory, layout, frame.code, code->code_bytes, frame.tlbc_index, frame.instruction)
            : instruction_offset(layout, frame.code, code->code_bytes, frame.instruction);
    return fmt::format("  {} ({}:{})\n", code->name, code->file, offset ? code->lines.line(*offset) : code->first_line);
}

}  // namespace

std::string stacks_as_text(const process::RemoteMemory& memory, const Layout& layout, RuntimeAnchor anchor) {
    StackReader reader(memory, layout, anchor);
    if (reader.sweep() != StackReader::Outcome::kOk) return "no interpreter\n";
    std::map<std::uint64_t, std::string> names;
    for (const RemoteAddr interpreter : reader.interpreters())
        for (auto& [ident, name] : read_thread_names(memory, layout, interpreter))
            names.emplace(ident, std::move(name));
    std::string text;
    for (const RawStack* stack : reader.stacks()) {
        const auto name = names.find(stack->ident);
        fmt::format_to(std::back_inserter(text), "thread {:#x}{}{}\n", stack->ident, stack->holds_gil ? " gil" : "",
                       name == names.end() ? "" : fmt::format(" \"{}\"", name->second));
        for (const RawFrame& frame : stack->frames) text += frame_text(memory, layout, frame);
    }
    return text;
}

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/debug_offsets.hpp"
#include "cpython/layouts/published_fields.hpp"
#include "support/fake_memory.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lampyr::test {

/// "thread_state.next" and so on, in the order the version publishes them.
inline std::vector<std::string> published_names(cpython::Version version) {
    std::vector<std::string> names;
    for (const auto& item : cpython::layouts::published_fields(version)) {
        std::string field;
        for (const char c : std::string(item.fields) + ' ') {
            if (c != ' ') {
                field += c;
                continue;
            }
            names.push_back(std::string(item.name) + '.' + field);
            field.clear();
        }
    }
    return names;
}

/// What an interpreter with this layout publishes. Structs are as large as their last field that we know, and some.
inline std::map<std::string, std::uint64_t> published_numbers(const cpython::Layout& l) {
    constexpr std::uint64_t kGil = 7000, kGc = 6000;
    const auto or_zero = [](cpython::Offset offset) { return offset.present() ? std::uint64_t{offset.value()} : 0; };
    return {
        {"runtime_state.size", 400'000},
        {"runtime_state.finalizing", l.runtime.finalizing.value()},
        {"runtime_state.interpreters_head", l.runtime.interpreters_head.value()},
        {"interpreter_state.size", 300'000},
        {"interpreter_state.id", l.interpreter.id.value()},
        {"interpreter_state.next", l.interpreter.next.value()},
        {"interpreter_state.threads_head", l.interpreter.threads_head.value()},
        {"interpreter_state.imports_modules", l.interpreter.modules.value()},
        {"interpreter_state.ceval_gil", l.interpreter.ceval_gil.value()},
        {"interpreter_state.gc", kGc},
        {"gc.size", 2000},
        {"gc.collecting", l.interpreter.gc_collecting.value() - kGc},
        {"gc.frame", l.interpreter.gc_frame.present() ? l.interpreter.gc_frame.value() - kGc : 0},
        {"interpreter_state.gil_runtime_state", kGil},
        {"interpreter_state.gil_runtime_state_enabled", 0},
        {"interpreter_state.gil_runtime_state_locked", kGil + l.gil.locked.value()},
        {"interpreter_state.gil_runtime_state_holder", kGil + l.gil.last_holder.value()},
        {"interpreter_state.code_object_generation", or_zero(l.interpreter.code_object_generation)},
        {"interpreter_state.tlbc_generation", or_zero(l.interpreter.tlbc_generation)},
        {"thread_state.size", l.thread.size + 40},
        {"thread_state.next", l.thread.next.value()},
        {"thread_state.interp", l.thread.interp.value()},
        {"thread_state.current_frame", l.thread.frame.value()},
        {"thread_state.base_frame", or_zero(l.thread.base_frame)},
        {"thread_state.thread_id", l.thread.thread_id.value()},
        {"thread_state.native_thread_id", l.thread.native_thread_id.value()},
        {"thread_state.datastack_chunk", l.thread.datastack_chunk.value()},
        {"thread_state.status", l.thread.status.value()},
        {"thread_state.current_exception", l.exception.raised.value()},
        {"interpreter_frame.size", l.frame.localsplus.value() + 8},
        {"interpreter_frame.previous", l.frame.previous.value()},
        {"interpreter_frame.executable", l.frame.code.value()},
        {"interpreter_frame.instr_ptr", l.frame.instruction.value()},
        {"interpreter_frame.localsplus", l.frame.localsplus.value()},
        {"interpreter_frame.owner", l.frame.owner.value()},
        {"interpreter_frame.stackpointer", or_zero(l.frame.stackpointer)},
        {"interpreter_frame.tlbc_index", or_zero(l.frame.tlbc_index)},
        {"code_object.size", l.code.code_adaptive.value() + 8},
        {"code_object.filename", l.code.filename.value()},
        {"code_object.name", l.code.name.value()},
        {"code_object.qualname", l.code.qualname.value()},
        {"code_object.linetable", l.code.linetable.value()},
        {"code_object.firstlineno", l.code.firstlineno.value()},
        {"code_object.co_code_adaptive", l.code.code_adaptive.value()},
        {"code_object.co_tlbc", or_zero(l.code.tlbc)},
        {"code_object.argcount", l.code.argcount.value()},
        {"code_object.localsplusnames", l.code.localsplusnames.value()},
        {"code_object.localspluskinds", l.code.localspluskinds.value()},
        {"pyobject.size", l.object.type.value() + 8},
        {"pyobject.ob_type", l.object.type.value()},
        {"type_object.size", 416},
        {"type_object.tp_name", l.object.type_name.value()},
        {"type_object.tp_flags", l.object.type_flags.value()},
        {"type_object.tp_basicsize", l.object.type_basicsize.value()},
        {"type_object.tp_dictoffset", l.object.type_dictoffset.value()},
        {"heap_type_object.size", 1000},
        {"heap_type_object.ht_cached_keys", l.object.heap_cached_keys.value()},
        {"tuple_object.size", 64},
        {"tuple_object.ob_item", l.value.tuple_items.value()},
        {"list_object.size", 64},
        {"list_object.ob_item", l.value.list_items.value()},
        {"set_object.size", 256},
        {"set_object.table", l.value.set_table.value()},
        {"set_object.mask", l.value.set_mask.value()},
        {"float_object.size", 64},
        {"float_object.ob_fval", l.value.float_value.value()},
        {"dict_object.size", 100},
        {"dict_object.ma_keys", l.dict.keys.value()},
        {"dict_object.ma_values", l.dict.values.value()},
        {"long_object.size", 64},
        {"long_object.lv_tag", l.integer.tag.value()},
        {"long_object.ob_digit", l.integer.digits.value()},
        {"bytes_object.size", 64},
        {"bytes_object.ob_size", l.bytes.size.value()},
        {"bytes_object.ob_sval", l.bytes.data.value()},
        {"unicode_object.size", l.string.data_pointer.value() + 8},
        {"unicode_object.state", l.string.state.value()},
        {"unicode_object.length", l.string.length.value()},
        {"unicode_object.asciiobject_size", l.string.ascii_data.value()},
        {"unicode_object.compactunicodeobject_size", l.string.compact_data.value()},
        {"gen_object.size", 200},
        {"gen_object.gi_iframe", l.generator.iframe.value()},
        {"gen_object.gi_frame_state", l.generator.frame_state.value()},
    };
}

inline std::uint64_t hex_of(const cpython::Version& v) {
    return std::uint64_t{v.major} << 24 | std::uint64_t{v.minor} << 16 | std::uint64_t{v.micro} << 8 | 0xF0;
}

/// What an interpreter writes at the start of its runtime. Numbers that no layout holds are 8.
inline void put_published_offsets(FakeMemory& memory, RemoteAddr runtime, const cpython::Layout& layout,
                                  std::uint64_t hex, const std::map<std::string, std::uint64_t>& numbers) {
    memory.put_bytes(runtime, cpython::kDebugCookie);
    memory.put(runtime + 8, hex);
    memory.put(runtime + 16, std::uint64_t{layout.version.free_threaded});
    RemoteAddr at = runtime + 24;
    for (const std::string& name : published_names(layout.version)) {
        const auto found = numbers.find(name);
        memory.put(at, found != numbers.end() ? found->second : std::uint64_t{8});
        at = at + 8;
    }
}

}  // namespace lampyr::test

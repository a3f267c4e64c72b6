// SPDX-License-Identifier: MIT
// Written by tools/layoutgen from the interpreter's debug information; do not edit.
#include "cpython/layout_table.hpp"

namespace lampyr::cpython::layouts {

const Layout kCp27 = {
    .version = {.major = 2, .minor = 7, .micro = 18, .free_threaded = false},
    .current_frame = CurrentFrame::kHeapFrame,
    .instruction_pointer = InstructionPointer::kByteIndex,
    .line_table = LineTable::kLnotabUnsigned,
    .shim_rule = ShimRule::kNone,
    .gil_rule = GilRule::kCurrentThreadSymbol,
    .string_kind = StringKind::kBytes27,
    .code_tag_mask = 0,
    .code_unit = 1,
    .runtime =
        {
            .interpreters_head = kAbsent,
            .finalizing = kAbsent,
            .tstate_current = kAbsent,
            .gc_collecting = kAbsent,
        },
    .interpreter =
        {
            .next = Offset(0),
            .threads_head = Offset(8),
            .id = kAbsent,
            .modules = Offset(16),
            .ceval_gil = kAbsent,
            .gc_collecting = kAbsent,
            .gc_frame = kAbsent,
            .code_object_generation = kAbsent,
            .tlbc_generation = kAbsent,
        },
    .gil =
        {
            .locked = kAbsent,
            .last_holder = kAbsent,
            .enabled = kAbsent,
        },
    .thread =
        {
            .next = Offset(0),
            .interp = Offset(8),
            .frame = Offset(16),
            .thread_id = Offset(144),
            .native_thread_id = kAbsent,
            .status = kAbsent,
            .state = kAbsent,
            .datastack_chunk = kAbsent,
            .datastack_top = kAbsent,
            .base_frame = kAbsent,
            .size = 152,
        },
    .frame =
        {
            .current_in_cframe = kAbsent,
            .previous = Offset(24),
            .code = Offset(32),
            .function = kAbsent,
            .instruction = Offset(120),
            .owner = kAbsent,
            .is_entry = kAbsent,
            .generator = kAbsent,
            .state = kAbsent,
            .stacktop = kAbsent,
            .stackpointer = kAbsent,
            .globals = Offset(48),
            .localsplus = Offset(376),
            .tlbc_index = kAbsent,
            .size = 128,
        },
    .code =
        {
            .filename = Offset(80),
            .name = Offset(88),
            .qualname = kAbsent,
            .firstlineno = Offset(96),
            .linetable = Offset(104),
            .code_bytes = Offset(32),
            .code_adaptive = kAbsent,
            .firsttraceable = kAbsent,
            .framesize = kAbsent,
            .nlocalsplus = kAbsent,
            .stacksize = kAbsent,
            .tlbc = kAbsent,
            .argcount = Offset(16),
            .kwonlyargcount = kAbsent,
            .flags = Offset(28),
            .varnames = Offset(56),
            .cellvars = Offset(72),
            .freevars = Offset(64),
            .localsplusnames = kAbsent,
            .localspluskinds = kAbsent,
            .size = 112,
        },
    .function =
        {
            .code = Offset(16),
            .version = kAbsent,
            .call_cache = 0,
        },
    .object =
        {
            .type = Offset(8),
            .type_name = Offset(24),
            .type_flags = Offset(168),
            .type_base = Offset(256),
            .type_dictoffset = Offset(288),
            .type_basicsize = Offset(32),
            .heap_cached_keys = kAbsent,
            .module_dict = Offset(16),
        },
    .string =
        {
            .length = Offset(16),
            .state = kAbsent,
            .ascii_data = Offset(36),
            .compact_data = kAbsent,
            .data_pointer = kAbsent,
            .kind_shift = 0,
            .compact_bit = 0,
            .ascii_bit = 0,
        },
    .bytes =
        {
            .size = Offset(16),
            .data = Offset(36),
        },
    .integer =
        {
            .tag = Offset(16),
            .digits = Offset(24),
            .plain_value = Offset(16),
            .compact_tag = false,
        },
    .dict =
        {
            .keys = Offset(40),
            .values = kAbsent,
            .mask = Offset(32),
            .keys_log2_size = kAbsent,
            .keys_size = kAbsent,
            .keys_log2_index_bytes = kAbsent,
            .keys_kind = kAbsent,
            .keys_nentries = kAbsent,
            .keys_indices = kAbsent,
            .values_array = kAbsent,
            .instance_dict = InstanceDict::kDictOffset,
            .managed_dict = 0,
        },
    .generator =
        {
            .iframe = kAbsent,
            .frame_state = kAbsent,
        },
    .exception =
        {
            .raised_type = Offset(72),
            .raised = Offset(80),
            .handled_type = Offset(96),
            .handled = Offset(104),
            .items = kAbsent,
            .item_value = kAbsent,
            .item_previous = kAbsent,
        },
    .value =
        {
            .list_items = Offset(24),
            .tuple_items = Offset(24),
            .float_value = Offset(16),
            .cell_value = Offset(16),
            .set_mask = Offset(32),
            .set_table = Offset(40),
            .set_entry_key = Offset(8),
            .set_entry_hash = Offset(0),
            .function_name = Offset(56),
            .exception_args = Offset(24),
            .unicode27_length = Offset(16),
            .unicode27_data = Offset(24),
        },
};

}  // namespace lampyr::cpython::layouts

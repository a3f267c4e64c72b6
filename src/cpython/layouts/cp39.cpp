// SPDX-License-Identifier: MIT
// Written by tools/layoutgen from the interpreter's debug information; do not edit.
#include "cpython/layout_table.hpp"

namespace lampyr::cpython::layouts {

const Layout kCp39 = {
    .version = {.major = 3, .minor = 9, .micro = 18, .free_threaded = false},
    .current_frame = CurrentFrame::kHeapFrame,
    .instruction_pointer = InstructionPointer::kByteIndex,
    .line_table = LineTable::kLnotabSigned,
    .shim_rule = ShimRule::kNone,
    .gil_rule = GilRule::kRuntimeCurrent,
    .string_kind = StringKind::kPep393,
    .code_tag_mask = 0,
    .code_unit = 2,
    .runtime =
        {
            .interpreters_head = Offset(32),
            .finalizing = Offset(16),
            .tstate_current = Offset(568),
            .gc_collecting = kAbsent,
        },
    .interpreter =
        {
            .next = Offset(0),
            .threads_head = Offset(8),
            .id = Offset(24),
            .modules = Offset(856),
            .ceval_gil = kAbsent,
            .gc_collecting = Offset(816),
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
            .next = Offset(8),
            .interp = Offset(16),
            .frame = Offset(24),
            .thread_id = Offset(176),
            .native_thread_id = kAbsent,
            .status = kAbsent,
            .state = kAbsent,
            .datastack_chunk = kAbsent,
            .datastack_top = kAbsent,
            .base_frame = kAbsent,
            .size = 184,
        },
    .frame =
        {
            .current_in_cframe = kAbsent,
            .previous = Offset(24),
            .code = Offset(32),
            .function = kAbsent,
            .instruction = Offset(104),
            .owner = kAbsent,
            .is_entry = kAbsent,
            .generator = Offset(96),
            .state = Offset(116),
            .stacktop = kAbsent,
            .stackpointer = kAbsent,
            .globals = Offset(48),
            .localsplus = Offset(360),
            .tlbc_index = kAbsent,
            .size = 120,
        },
    .code =
        {
            .filename = Offset(104),
            .name = Offset(112),
            .qualname = kAbsent,
            .firstlineno = Offset(40),
            .linetable = Offset(120),
            .code_bytes = Offset(48),
            .code_adaptive = kAbsent,
            .firsttraceable = kAbsent,
            .framesize = kAbsent,
            .nlocalsplus = kAbsent,
            .stacksize = kAbsent,
            .tlbc = kAbsent,
            .argcount = Offset(16),
            .kwonlyargcount = Offset(24),
            .flags = Offset(36),
            .varnames = Offset(72),
            .cellvars = Offset(88),
            .freevars = Offset(80),
            .localsplusnames = kAbsent,
            .localspluskinds = kAbsent,
            .size = 128,
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
            .heap_cached_keys = Offset(864),
            .module_dict = Offset(16),
        },
    .string =
        {
            .length = Offset(16),
            .state = Offset(32),
            .ascii_data = Offset(48),
            .compact_data = Offset(72),
            .data_pointer = Offset(72),
            .kind_shift = 2,
            .compact_bit = 5,
            .ascii_bit = 6,
        },
    .bytes =
        {
            .size = Offset(16),
            .data = Offset(32),
        },
    .integer =
        {
            .tag = Offset(16),
            .digits = Offset(24),
            .plain_value = kAbsent,
            .compact_tag = false,
        },
    .dict =
        {
            .keys = Offset(32),
            .values = Offset(40),
            .mask = kAbsent,
            .keys_log2_size = kAbsent,
            .keys_size = Offset(8),
            .keys_log2_index_bytes = kAbsent,
            .keys_kind = kAbsent,
            .keys_nentries = Offset(32),
            .keys_indices = Offset(40),
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
            .raised_type = Offset(88),
            .raised = Offset(96),
            .handled_type = kAbsent,
            .handled = kAbsent,
            .items = Offset(144),
            .item_value = Offset(8),
            .item_previous = Offset(24),
        },
    .value =
        {
            .list_items = Offset(24),
            .tuple_items = Offset(24),
            .float_value = Offset(16),
            .cell_value = Offset(16),
            .set_mask = Offset(32),
            .set_table = Offset(40),
            .set_entry_key = Offset(0),
            .set_entry_hash = Offset(8),
            .function_name = Offset(104),
            .exception_args = Offset(24),
            .unicode27_length = kAbsent,
            .unicode27_data = kAbsent,
        },
};

}  // namespace lampyr::cpython::layouts

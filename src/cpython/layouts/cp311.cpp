// SPDX-License-Identifier: MIT
// Written by tools/layoutgen from the interpreter's debug information; do not edit.
#include "cpython/layout_table.hpp"

namespace lampyr::cpython::layouts {

const Layout kCp311 = {
    .version = {.major = 3, .minor = 11, .micro = 7, .free_threaded = false},
    .current_frame = CurrentFrame::kCFrame,
    .instruction_pointer = InstructionPointer::kAddress,
    .line_table = LineTable::kLocations,
    .shim_rule = ShimRule::kNone,
    .gil_rule = GilRule::kRuntimeCurrent,
    .string_kind = StringKind::kPep393,
    .code_tag_mask = 0,
    .code_unit = 2,
    .runtime =
        {
            .interpreters_head = Offset(40),
            .finalizing = Offset(24),
            .tstate_current = Offset(576),
            .gc_collecting = kAbsent,
        },
    .interpreter =
        {
            .next = Offset(0),
            .threads_head = Offset(16),
            .id = Offset(48),
            .modules = Offset(888),
            .ceval_gil = kAbsent,
            .gc_collecting = Offset(848),
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
            .frame = Offset(56),
            .thread_id = Offset(152),
            .native_thread_id = Offset(160),
            .status = kAbsent,
            .state = kAbsent,
            .datastack_chunk = Offset(296),
            .datastack_top = Offset(304),
            .base_frame = kAbsent,
            .size = 312,
        },
    .frame =
        {
            .current_in_cframe = Offset(8),
            .previous = Offset(48),
            .code = Offset(32),
            .function = Offset(0),
            .instruction = Offset(56),
            .owner = Offset(69),
            .is_entry = Offset(68),
            .generator = kAbsent,
            .state = kAbsent,
            .stacktop = Offset(64),
            .stackpointer = kAbsent,
            .globals = Offset(8),
            .localsplus = Offset(72),
            .tlbc_index = kAbsent,
            .size = 72,
        },
    .code =
        {
            .filename = Offset(112),
            .name = Offset(120),
            .qualname = Offset(128),
            .firstlineno = Offset(72),
            .linetable = Offset(136),
            .code_bytes = kAbsent,
            .code_adaptive = Offset(184),
            .firsttraceable = Offset(168),
            .framesize = kAbsent,
            .nlocalsplus = Offset(76),
            .stacksize = Offset(68),
            .tlbc = kAbsent,
            .argcount = Offset(56),
            .kwonlyargcount = Offset(64),
            .flags = Offset(48),
            .varnames = kAbsent,
            .cellvars = kAbsent,
            .freevars = kAbsent,
            .localsplusnames = Offset(96),
            .localspluskinds = Offset(104),
            .size = 176,
        },
    .function =
        {
            .code = Offset(48),
            .version = Offset(128),
            .call_cache = -4,
        },
    .object =
        {
            .type = Offset(8),
            .type_name = Offset(24),
            .type_flags = Offset(168),
            .type_base = Offset(256),
            .type_dictoffset = Offset(288),
            .type_basicsize = Offset(32),
            .heap_cached_keys = Offset(872),
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
            .keys_log2_size = Offset(8),
            .keys_size = kAbsent,
            .keys_log2_index_bytes = Offset(9),
            .keys_kind = Offset(10),
            .keys_nentries = Offset(24),
            .keys_indices = Offset(32),
            .values_array = Offset(0),
            .instance_dict = InstanceDict::kValuesPointer,
            .managed_dict = -24,
        },
    .generator =
        {
            .iframe = Offset(80),
            .frame_state = Offset(75),
        },
    .exception =
        {
            .raised_type = Offset(96),
            .raised = Offset(104),
            .handled_type = kAbsent,
            .handled = kAbsent,
            .items = Offset(120),
            .item_value = Offset(0),
            .item_previous = Offset(8),
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
            .function_name = Offset(40),
            .exception_args = Offset(24),
            .unicode27_length = kAbsent,
            .unicode27_data = kAbsent,
        },
};

}  // namespace lampyr::cpython::layouts

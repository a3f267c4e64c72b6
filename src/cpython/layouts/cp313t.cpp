// SPDX-License-Identifier: MIT
// Written by tools/layoutgen from the interpreter's debug information; do not edit.
#include "cpython/layout_table.hpp"

namespace lampyr::cpython::layouts {

const Layout kCp313t = {
    .version = {.major = 3, .minor = 13, .micro = 0, .free_threaded = true},
    .current_frame = CurrentFrame::kDirect,
    .instruction_pointer = InstructionPointer::kAddress,
    .line_table = LineTable::kLocations,
    .shim_rule = ShimRule::kOwnerFrom3,
    .gil_rule = GilRule::kInterpreterGil,
    .string_kind = StringKind::kPep393,
    .code_tag_mask = 0,
    .code_unit = 2,
    .runtime =
        {
            .interpreters_head = Offset(632),
            .finalizing = Offset(608),
            .tstate_current = kAbsent,
            .gc_collecting = kAbsent,
        },
    .interpreter =
        {
            .next = Offset(7264),
            .threads_head = Offset(7344),
            .id = Offset(7272),
            .modules = Offset(7664),
            .ceval_gil = Offset(16),
            .gc_collecting = Offset(7600),
            .gc_frame = kAbsent,
            .code_object_generation = kAbsent,
            .tlbc_generation = kAbsent,
        },
    .gil =
        {
            .locked = Offset(24),
            .last_holder = Offset(16),
            .enabled = Offset(0),
        },
    .thread =
        {
            .next = Offset(8),
            .interp = Offset(16),
            .frame = Offset(72),
            .thread_id = Offset(152),
            .native_thread_id = Offset(160),
            .status = Offset(32),
            .state = Offset(40),
            .datastack_chunk = Offset(232),
            .datastack_top = Offset(240),
            .base_frame = kAbsent,
            .size = 248,
        },
    .frame =
        {
            .current_in_cframe = kAbsent,
            .previous = Offset(8),
            .code = Offset(0),
            .function = Offset(16),
            .instruction = Offset(56),
            .owner = Offset(70),
            .is_entry = kAbsent,
            .generator = kAbsent,
            .state = kAbsent,
            .stacktop = Offset(64),
            .stackpointer = kAbsent,
            .globals = Offset(24),
            .localsplus = Offset(72),
            .tlbc_index = kAbsent,
            .size = 72,
        },
    .code =
        {
            .filename = Offset(128),
            .name = Offset(136),
            .qualname = Offset(144),
            .firstlineno = Offset(84),
            .linetable = Offset(152),
            .code_bytes = kAbsent,
            .code_adaptive = Offset(216),
            .firsttraceable = Offset(200),
            .framesize = Offset(92),
            .nlocalsplus = Offset(88),
            .stacksize = Offset(80),
            .tlbc = kAbsent,
            .argcount = Offset(68),
            .kwonlyargcount = Offset(76),
            .flags = Offset(64),
            .varnames = kAbsent,
            .cellvars = kAbsent,
            .freevars = kAbsent,
            .localsplusnames = Offset(112),
            .localspluskinds = Offset(120),
            .size = 208,
        },
    .function =
        {
            .code = Offset(64),
            .version = Offset(152),
            .call_cache = 4,
        },
    .object =
        {
            .type = Offset(24),
            .type_name = Offset(40),
            .type_flags = Offset(184),
            .type_base = Offset(272),
            .type_dictoffset = Offset(304),
            .type_basicsize = Offset(48),
            .heap_cached_keys = Offset(896),
            .module_dict = Offset(32),
        },
    .string =
        {
            .length = Offset(32),
            .state = Offset(48),
            .ascii_data = Offset(56),
            .compact_data = Offset(72),
            .data_pointer = Offset(72),
            .kind_shift = 2,
            .compact_bit = 5,
            .ascii_bit = 6,
        },
    .bytes =
        {
            .size = Offset(32),
            .data = Offset(48),
        },
    .integer =
        {
            .tag = Offset(32),
            .digits = Offset(40),
            .plain_value = kAbsent,
            .compact_tag = true,
        },
    .dict =
        {
            .keys = Offset(48),
            .values = Offset(56),
            .mask = kAbsent,
            .keys_log2_size = Offset(8),
            .keys_size = kAbsent,
            .keys_log2_index_bytes = Offset(9),
            .keys_kind = Offset(10),
            .keys_nentries = Offset(24),
            .keys_indices = Offset(32),
            .values_array = Offset(8),
            .instance_dict = InstanceDict::kInlineValues,
            .managed_dict = -8,
        },
    .generator =
        {
            .iframe = Offset(88),
            .frame_state = Offset(83),
        },
    .exception =
        {
            .raised_type = kAbsent,
            .raised = Offset(112),
            .handled_type = kAbsent,
            .handled = kAbsent,
            .items = Offset(120),
            .item_value = Offset(0),
            .item_previous = Offset(8),
        },
    .value =
        {
            .list_items = Offset(40),
            .tuple_items = Offset(40),
            .float_value = Offset(32),
            .cell_value = Offset(32),
            .set_mask = Offset(48),
            .set_table = Offset(56),
            .set_entry_key = Offset(0),
            .set_entry_hash = Offset(8),
            .function_name = Offset(56),
            .exception_args = Offset(40),
            .unicode27_length = kAbsent,
            .unicode27_data = kAbsent,
        },
};

}  // namespace lampyr::cpython::layouts

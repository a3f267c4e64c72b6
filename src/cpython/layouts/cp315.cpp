// SPDX-License-Identifier: MIT
// Written by tools/layoutgen from the interpreter's debug information; do not edit.
#include "cpython/layout_table.hpp"

namespace lampyr::cpython::layouts {

const Layout kCp315 = {
    .version = {.major = 3, .minor = 15, .micro = 2, .free_threaded = false},
    .current_frame = CurrentFrame::kDirect,
    .instruction_pointer = InstructionPointer::kAddress,
    .line_table = LineTable::kLocations,
    .shim_rule = ShimRule::kOwnerFrom3,
    .gil_rule = GilRule::kInterpreterGil,
    .string_kind = StringKind::kPep393,
    .code_tag_mask = 3,
    .code_unit = 2,
    .runtime =
        {
            .interpreters_head = Offset(936),
            .finalizing = Offset(912),
            .tstate_current = kAbsent,
            .gc_collecting = kAbsent,
        },
    .interpreter =
        {
            .next = Offset(7264),
            .threads_head = Offset(7336),
            .id = Offset(7272),
            .modules = Offset(7592),
            .ceval_gil = Offset(16),
            .gc_collecting = Offset(7512),
            .gc_frame = Offset(7520),
            .code_object_generation = Offset(7944),
            .tlbc_generation = kAbsent,
        },
    .gil =
        {
            .locked = Offset(16),
            .last_holder = Offset(8),
            .enabled = kAbsent,
        },
    .thread =
        {
            .next = Offset(8),
            .interp = Offset(16),
            .frame = Offset(72),
            .thread_id = Offset(176),
            .native_thread_id = Offset(184),
            .status = Offset(32),
            .state = Offset(48),
            .datastack_chunk = Offset(256),
            .datastack_top = Offset(264),
            .base_frame = Offset(80),
            .size = 272,
        },
    .frame =
        {
            .current_in_cframe = kAbsent,
            .previous = Offset(8),
            .code = Offset(0),
            .function = Offset(16),
            .instruction = Offset(56),
            .owner = Offset(74),
            .is_entry = kAbsent,
            .generator = kAbsent,
            .state = kAbsent,
            .stacktop = kAbsent,
            .stackpointer = Offset(64),
            .globals = Offset(24),
            .localsplus = Offset(80),
            .tlbc_index = kAbsent,
            .size = 80,
        },
    .code =
        {
            .filename = Offset(112),
            .name = Offset(120),
            .qualname = Offset(128),
            .firstlineno = Offset(68),
            .linetable = Offset(136),
            .code_bytes = kAbsent,
            .code_adaptive = Offset(208),
            .firsttraceable = Offset(192),
            .framesize = Offset(76),
            .nlocalsplus = Offset(72),
            .stacksize = Offset(64),
            .tlbc = kAbsent,
            .argcount = Offset(52),
            .kwonlyargcount = Offset(60),
            .flags = Offset(48),
            .varnames = kAbsent,
            .cellvars = kAbsent,
            .freevars = kAbsent,
            .localsplusnames = Offset(96),
            .localspluskinds = Offset(104),
            .size = 200,
        },
    .function =
        {
            .code = Offset(48),
            .version = Offset(144),
            .call_cache = 4,
        },
    .object =
        {
            .type = Offset(8),
            .type_name = Offset(24),
            .type_flags = Offset(168),
            .type_base = Offset(256),
            .type_dictoffset = Offset(288),
            .type_basicsize = Offset(32),
            .heap_cached_keys = Offset(888),
            .module_dict = Offset(16),
        },
    .string =
        {
            .length = Offset(16),
            .state = Offset(32),
            .ascii_data = Offset(40),
            .compact_data = Offset(56),
            .data_pointer = Offset(56),
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
            .compact_tag = true,
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
            .values_array = Offset(8),
            .instance_dict = InstanceDict::kInlineValues,
            .managed_dict = -24,
        },
    .generator =
        {
            .iframe = Offset(72),
            .frame_state = Offset(67),
        },
    .exception =
        {
            .raised_type = kAbsent,
            .raised = Offset(136),
            .handled_type = kAbsent,
            .handled = kAbsent,
            .items = Offset(144),
            .item_value = Offset(0),
            .item_previous = Offset(8),
        },
    .value =
        {
            .list_items = Offset(24),
            .tuple_items = Offset(32),
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

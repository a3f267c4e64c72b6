// SPDX-License-Identifier: MIT
// Written by tools/layoutgen from the interpreter's debug information; do not edit.
#include "cpython/layout_table.hpp"

namespace lampyr::cpython::layouts {

const Layout kCp312 = {
    .version = {.major = 3, .minor = 12, .micro = 1, .free_threaded = false},
    .current_frame = CurrentFrame::kCFrame,
    .instruction_pointer = InstructionPointer::kAddress,
    .line_table = LineTable::kLocations,
    .shim_rule = ShimRule::kOwnerFrom3,
    .gil_rule = GilRule::kInterpreterGil,
    .string_kind = StringKind::kPep393,
    .code_tag_mask = 0,
    .code_unit = 2,
    .runtime =
        {
            .interpreters_head = Offset(40),
            .finalizing = Offset(24),
            .tstate_current = kAbsent,
            .gc_collecting = kAbsent,
        },
    .interpreter =
        {
            .next = Offset(0),
            .threads_head = Offset(72),
            .id = Offset(8),
            .modules = Offset(944),
            .ceval_gil = Offset(384),
            .gc_collecting = Offset(312),
            .gc_frame = kAbsent,
            .code_object_generation = kAbsent,
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
            .frame = Offset(56),
            .thread_id = Offset(136),
            .native_thread_id = Offset(144),
            .status = Offset(24),
            .state = kAbsent,
            .datastack_chunk = Offset(232),
            .datastack_top = Offset(240),
            .base_frame = kAbsent,
            .size = 248,
        },
    .frame =
        {
            .current_in_cframe = Offset(0),
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
            .filename = Offset(112),
            .name = Offset(120),
            .qualname = Offset(128),
            .firstlineno = Offset(68),
            .linetable = Offset(136),
            .code_bytes = kAbsent,
            .code_adaptive = Offset(192),
            .firsttraceable = Offset(176),
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
            .size = 184,
        },
    .function =
        {
            .code = Offset(48),
            .version = Offset(136),
            .call_cache = -2,
        },
    .object =
        {
            .type = Offset(8),
            .type_name = Offset(24),
            .type_flags = Offset(168),
            .type_base = Offset(256),
            .type_dictoffset = Offset(288),
            .type_basicsize = Offset(32),
            .heap_cached_keys = Offset(880),
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
            .values_array = Offset(0),
            .instance_dict = InstanceDict::kTaggedPointer,
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
            .raised = Offset(96),
            .handled_type = kAbsent,
            .handled = kAbsent,
            .items = Offset(104),
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

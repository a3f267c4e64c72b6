// SPDX-License-Identifier: MIT
#include "layout_fields.hpp"

namespace lampyr::layoutgen {
namespace {

#define LAMPYR_FIELD(section, name, sources)                                                                       \
    {                                                                                                              \
#section, #name, [](cpython::Layout & layout) -> cpython::Offset& { return layout.section.name; }, sources \
    }
constexpr LayoutField kFields[] = {
    LAMPYR_FIELD(runtime, interpreters_head, "_PyRuntimeState:interpreters.head pyruntimestate:interpreters.head"),
    LAMPYR_FIELD(runtime, finalizing,
                 "_PyRuntimeState:_finalizing _PyRuntimeState:finalizing"
                 " pyruntimestate:_finalizing pyruntimestate:finalizing"),
    LAMPYR_FIELD(runtime, tstate_current,
                 "_PyRuntimeState:gilstate.tstate_current pyruntimestate:gilstate.tstate_current"),
    LAMPYR_FIELD(runtime, gc_collecting, "_PyRuntimeState:gc.collecting pyruntimestate:gc.collecting"),
    LAMPYR_FIELD(interpreter, next, "_is:next"),
    LAMPYR_FIELD(interpreter, threads_head, "_is:threads.head _is:tstate_head"),
    LAMPYR_FIELD(interpreter, id, "_is:id"),
    LAMPYR_FIELD(interpreter, modules, "_is:imports.modules _is:modules"),
    LAMPYR_FIELD(interpreter, ceval_gil, "_is:ceval.gil"),
    LAMPYR_FIELD(interpreter, gc_collecting, "_is:gc.collecting"),
    LAMPYR_FIELD(interpreter, code_object_generation, "_is:_code_object_generation"),
    LAMPYR_FIELD(interpreter, tlbc_generation, "_is:tlbc_indices.tlbc_generation"),
    LAMPYR_FIELD(gil, locked, "_gil_runtime_state:locked"),
    LAMPYR_FIELD(gil, last_holder, "_gil_runtime_state:last_holder"),
    LAMPYR_FIELD(gil, enabled, "_gil_runtime_state:enabled"),
    LAMPYR_FIELD(thread, next, "_ts:next"),
    LAMPYR_FIELD(thread, interp, "_ts:interp"),
    LAMPYR_FIELD(thread, frame, ""),
    LAMPYR_FIELD(thread, thread_id, "_ts:thread_id"),
    LAMPYR_FIELD(thread, native_thread_id, "_ts:native_thread_id"),
    LAMPYR_FIELD(thread, status, "_ts:_status"),
    LAMPYR_FIELD(thread, state, "_ts:state"),
    LAMPYR_FIELD(thread, datastack_chunk, "_ts:datastack_chunk"),
    LAMPYR_FIELD(thread, datastack_top, "_ts:datastack_top"),
    LAMPYR_FIELD(thread, base_frame, "_ts:base_frame"),
    LAMPYR_FIELD(frame, current_in_cframe, "_PyCFrame:current_frame"),
    LAMPYR_FIELD(frame, previous, "_PyInterpreterFrame:previous _frame:f_back"),
    LAMPYR_FIELD(frame, code, "_PyInterpreterFrame:f_executable _PyInterpreterFrame:f_code _frame:f_code"),
    LAMPYR_FIELD(frame, function, "_PyInterpreterFrame:f_funcobj _PyInterpreterFrame:f_func"),
    LAMPYR_FIELD(frame, instruction, "_PyInterpreterFrame:instr_ptr _PyInterpreterFrame:prev_instr _frame:f_lasti"),
    LAMPYR_FIELD(frame, owner, "_PyInterpreterFrame:owner"),
    LAMPYR_FIELD(frame, is_entry, "_PyInterpreterFrame:is_entry"),
    LAMPYR_FIELD(frame, state, ""),
    LAMPYR_FIELD(frame, stacktop, "_PyInterpreterFrame:stacktop"),
    LAMPYR_FIELD(frame, stackpointer, "_PyInterpreterFrame:stackpointer"),
    LAMPYR_FIELD(frame, globals, "_PyInterpreterFrame:f_globals _frame:f_globals"),
    LAMPYR_FIELD(frame, localsplus, "_PyInterpreterFrame:localsplus _frame:f_localsplus"),
    LAMPYR_FIELD(frame, tlbc_index, "_PyInterpreterFrame:tlbc_index"),
    LAMPYR_FIELD(code, filename, "PyCodeObject:co_filename"),
    LAMPYR_FIELD(code, name, "PyCodeObject:co_name"),
    LAMPYR_FIELD(code, qualname, "PyCodeObject:co_qualname"),
    LAMPYR_FIELD(code, firstlineno, "PyCodeObject:co_firstlineno"),
    LAMPYR_FIELD(code, linetable, "PyCodeObject:co_linetable PyCodeObject:co_lnotab"),
    LAMPYR_FIELD(code, code_bytes, "PyCodeObject:co_code"),
    LAMPYR_FIELD(code, code_adaptive, "PyCodeObject:co_code_adaptive"),
    LAMPYR_FIELD(code, firsttraceable, "PyCodeObject:_co_firsttraceable"),
    LAMPYR_FIELD(code, framesize, "PyCodeObject:co_framesize"),
    LAMPYR_FIELD(code, nlocalsplus, "PyCodeObject:co_nlocalsplus"),
    LAMPYR_FIELD(code, stacksize, ""),
    LAMPYR_FIELD(code, tlbc, "PyCodeObject:co_tlbc"),
    LAMPYR_FIELD(function, code, "PyFunctionObject:func_code"),
    LAMPYR_FIELD(function, version, "PyFunctionObject:func_version"),
    LAMPYR_FIELD(object, type, "_object:ob_type"),
    LAMPYR_FIELD(object, type_name, "_typeobject:tp_name"),
    LAMPYR_FIELD(object, type_flags, "_typeobject:tp_flags"),
    LAMPYR_FIELD(object, type_dictoffset, "_typeobject:tp_dictoffset"),
    LAMPYR_FIELD(object, type_basicsize, "_typeobject:tp_basicsize"),
    LAMPYR_FIELD(object, heap_cached_keys, "_heaptypeobject:ht_cached_keys"),
    LAMPYR_FIELD(object, module_dict, "PyModuleObject:md_dict"),
    LAMPYR_FIELD(string, length, "PyStringObject:ob_size PyASCIIObject:length"),
    LAMPYR_FIELD(string, state, "PyASCIIObject:state"),
    LAMPYR_FIELD(string, ascii_data, "PyStringObject:ob_sval sizeof:PyASCIIObject"),
    LAMPYR_FIELD(string, compact_data, "sizeof:PyCompactUnicodeObject"),
    LAMPYR_FIELD(string, data_pointer, ""),
    LAMPYR_FIELD(bytes, size, "PyStringObject:ob_size PyBytesObject:ob_base.ob_size"),
    LAMPYR_FIELD(bytes, data, "PyStringObject:ob_sval PyBytesObject:ob_sval"),
    LAMPYR_FIELD(integer, tag, "_longobject:long_value.lv_tag _longobject:ob_base.ob_size _longobject:ob_size"),
    LAMPYR_FIELD(integer, digits, "_longobject:long_value.ob_digit _longobject:ob_digit"),
    LAMPYR_FIELD(integer, plain_value, "PyIntObject:ob_ival"),
    LAMPYR_FIELD(dict, keys, "PyDictObject:ma_keys PyDictObject:ma_table _dictobject:ma_table"),
    LAMPYR_FIELD(dict, values, "PyDictObject:ma_values"),
    LAMPYR_FIELD(dict, mask, "PyDictObject:ma_mask _dictobject:ma_mask"),
    LAMPYR_FIELD(dict, keys_log2_size, "_dictkeysobject:dk_log2_size"),
    LAMPYR_FIELD(dict, keys_size, "_dictkeysobject:dk_size"),
    LAMPYR_FIELD(dict, keys_log2_index_bytes, "_dictkeysobject:dk_log2_index_bytes"),
    LAMPYR_FIELD(dict, keys_kind, "_dictkeysobject:dk_kind"),
    LAMPYR_FIELD(dict, keys_nentries, "_dictkeysobject:dk_nentries"),
    LAMPYR_FIELD(dict, keys_indices, "_dictkeysobject:dk_indices"),
    LAMPYR_FIELD(dict, values_array, "_dictvalues:values"),
    LAMPYR_FIELD(generator, iframe, "PyGenObject:gi_iframe"),
    LAMPYR_FIELD(generator, frame_state, "PyGenObject:gi_frame_state"),
};
#undef LAMPYR_FIELD

}  // namespace

std::span<const LayoutField> layout_fields() { return kFields; }

}  // namespace lampyr::layoutgen

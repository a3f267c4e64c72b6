// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace lampyr::cpython {

/// Byte offset of a field in one of the interpreter's structs. Has no default: a table that forgets a field does not compile.
class Offset {
  public:
    constexpr explicit Offset(std::uint32_t bytes) : bytes_(bytes) {}
    [[nodiscard]] constexpr bool present() const { return bytes_ != kNone; }
    /// Only meaningful when present(); an absent offset is far outside any struct, so a mistake fails a bounds check.
    [[nodiscard]] constexpr std::uint32_t value() const { return bytes_; }
    friend constexpr auto operator<=>(Offset, Offset) = default;

    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  private:
    std::uint32_t bytes_;
};
/// The field does not exist in this version.
inline constexpr Offset kAbsent{Offset::kNone};

/// major.minor.micro of an interpreter plus what changes its layout.
struct Version {
    std::uint8_t major = 0;
    std::uint8_t minor = 0;
    std::uint8_t micro = 0;
    bool free_threaded = false;
    friend constexpr auto operator<=>(Version, Version) = default;
};

/// How a thread's innermost frame is found.
enum class CurrentFrame : std::uint8_t {
    kHeapFrame,  ///< tstate->frame, a PyFrameObject (2.7, 3.6–3.10)
    kCFrame,     ///< tstate->cframe->current_frame, an _PyInterpreterFrame (3.11, 3.12)
    kDirect,     ///< tstate->current_frame (3.13+)
};
/// What says where in its code a frame is.
enum class InstructionPointer : std::uint8_t {
    kByteIndex,  ///< f_lasti counts bytes (2.7, 3.6–3.9)
    kUnitIndex,  ///< f_lasti counts 2-byte units (3.10)
    kAddress,    ///< prev_instr / instr_ptr, an address in the code's bytecode (3.11+)
};
/// Encoding of co_lnotab / co_linetable.
enum class LineTable : std::uint8_t {
    kLnotabUnsigned,  ///< 2.7: line deltas 0..255
    kLnotabSigned,    ///< 3.6–3.9: line deltas -128..127
    kLinetable310,    ///< 3.10: (length, signed delta), -128 = no line
    kLocations,       ///< 3.11+: location table with columns
};
/// How a frame that is no Python code (entry shim, C-stack frame, base frame) is recognised.
enum class ShimRule : std::uint8_t {
    kNone,        ///< there are none (≤ 3.11)
    kOwnerFrom3,  ///< owner ≥ 3 (3.12+)
};
/// What says which thread holds the GIL.
enum class GilRule : std::uint8_t {
    kCurrentThreadSymbol,  ///< _PyThreadState_Current (2.7, 3.6)
    kRuntimeCurrent,       ///< _PyRuntime.gilstate.tstate_current (3.7–3.11)
    kInterpreterGil,       ///< interp->ceval.gil->{locked,last_holder} (3.12+)
};
/// Text objects.
enum class StringKind : std::uint8_t {
    kBytes27,  ///< PyStringObject (2.7)
    kPep393,   ///< PEP 393 unicode; state bits as `string_state_*` say (3.6+)
};

/// Where an instance keeps its attributes, for looking up thread names.
enum class InstanceDict : std::uint8_t {
    kDictOffset,     ///< a dict pointer at tp_dictoffset (2.7, 3.6–3.10)
    kValuesPointer,  ///< managed: PyDictValues* one word below the dict pointer at `managed_dict` (3.11)
    kTaggedPointer,  ///< managed: one word at `managed_dict`; low bit set: PyDictValues* − 1, else dict (3.12)
    kInlineValues,   ///< managed: dict pointer at `managed_dict`; when null, values at tp_basicsize (3.13+)
};

struct RuntimeLayout {
    Offset
        interpreters_head;  ///< _PyRuntime.interpreters.head; absent: the anchor itself is the head pointer (2.7, 3.6)
    Offset finalizing;
    Offset tstate_current;  ///< GilRule::kRuntimeCurrent
    Offset gc_collecting;   ///< int (3.7, 3.8); later in the interpreter
};
struct InterpreterLayout {
    Offset next;
    Offset threads_head;
    Offset id;
    Offset modules;    ///< sys.modules dict
    Offset ceval_gil;  ///< pointer to the GIL struct (3.12+)
    Offset gc_collecting;
    Offset gc_frame;                ///< 3.15+: the frame that a collection began in
    Offset code_object_generation;  ///< 3.14+: grows whenever a code object is freed
    Offset tlbc_generation;         ///< 3.14t+
};
struct GilLayout {
    Offset locked;       ///< int
    Offset last_holder;  ///< PyThreadState*
    Offset enabled;      ///< free-threaded builds: int, 0 = no GIL
};
struct ThreadLayout {
    Offset next;
    Offset interp;
    Offset frame;             ///< heap frame, cframe pointer or current frame, as `CurrentFrame` says
    Offset thread_id;         ///< pthread_self
    Offset native_thread_id;  ///< gettid in the target's pid namespace (3.11+)
    Offset status;            ///< _status bit field (3.12+)
    Offset state;             ///< attached / detached (3.13+)
    Offset datastack_chunk;   ///< 3.11+
    Offset datastack_top;     ///< 3.11+
    Offset base_frame;        ///< 3.15+: pointer to the sentinel frame that ends every stack
    std::uint32_t size;       ///< bytes from the start that hold every field above
};
struct FrameLayout {
    Offset current_in_cframe;  ///< _PyCFrame.current_frame (CurrentFrame::kCFrame)
    Offset previous;           ///< f_back / previous
    Offset code;               ///< f_code / f_executable
    Offset function;           ///< f_func / f_funcobj (3.11+)
    Offset instruction;        ///< f_lasti (int) / prev_instr / instr_ptr
    Offset owner;              ///< char (3.11+)
    Offset is_entry;           ///< bool (3.11)
    Offset generator;          ///< f_gen (3.6–3.10): null unless the frame is a generator's
    Offset state;              ///< f_executing (char, 3.6–3.9) / f_state (char, 3.10)
    Offset stacktop;           ///< int (3.11–3.13): -1 while the frame itself executes
    Offset stackpointer;       ///< pointer (3.14+): null while the frame itself executes
    Offset globals;
    Offset localsplus;   ///< where a frame's own slots begin; 3.11+: its value / 8 is the "specials" size
    Offset tlbc_index;   ///< int (3.14t+)
    std::uint32_t size;  ///< bytes from the start that hold every field above (not the slots)
};
struct CodeLayout {
    Offset filename;
    Offset name;
    Offset qualname;        ///< 3.11+
    Offset firstlineno;     ///< int
    Offset linetable;       ///< co_lnotab / co_linetable, a bytes object
    Offset code_bytes;      ///< co_code object (≤ 3.10)
    Offset code_adaptive;   ///< bytecode inside the code object (3.11+)
    Offset firsttraceable;  ///< int, 2-byte units (3.11+)
    Offset framesize;       ///< int, words a frame of this code takes on the data stack (3.12+)
    Offset nlocalsplus;     ///< int (3.11+)
    Offset stacksize;       ///< int (3.11+); 3.11's frame size is nlocalsplus + stacksize + specials
    Offset tlbc;            ///< pointer to per-thread bytecode (3.14t+)
    // For reading variables; not among what is read of every frame's code, so not within `size`.
    Offset argcount;        ///< int, positional arguments
    Offset kwonlyargcount;  ///< int (3.x)
    Offset flags;           ///< int
    Offset varnames;        ///< tuples of names (≤ 3.10)
    Offset cellvars;
    Offset freevars;
    Offset localsplusnames;  ///< tuple of all names (3.11+)
    Offset localspluskinds;  ///< bytes, what each is (3.11+)
    std::uint32_t size;      ///< bytes from the start that hold every field above
};
/// What a call that CPython has specialised says about the function it calls (CALL_PY_EXACT_ARGS, Python/specialize.c).
struct FunctionLayout {
    Offset code;
    Offset version;           ///< 32 bits, another for each function; 0: none (3.11+)
    std::int32_t call_cache;  ///< from the instruction of a frame that waits to the version of who it called
};
struct ObjectLayout {
    Offset type;        ///< ob_type
    Offset type_name;   ///< PyTypeObject.tp_name (char*)
    Offset type_flags;  ///< tp_flags
    Offset type_base;   ///< tp_base
    Offset type_dictoffset;
    Offset type_basicsize;
    Offset heap_cached_keys;  ///< PyHeapTypeObject.ht_cached_keys (3.6+)
    Offset module_dict;       ///< PyModuleObject.md_dict
};
/// int objects, for dict keys that are thread identifiers.
struct IntegerLayout {
    Offset tag;          ///< lv_tag (3.12+: digits << 3, low two bits sign) or ob_size (≤ 3.11, negative: negative)
    Offset digits;       ///< 30-bit digits, 4 bytes each, least significant first
    Offset plain_value;  ///< 2.7 only: PyIntObject.ob_ival
    bool compact_tag;    ///< tag is lv_tag
};
struct StringLayout {
    Offset length;
    Offset state;         ///< 32-bit word of bit fields
    Offset ascii_data;    ///< compact ASCII text
    Offset compact_data;  ///< other compact text
    Offset data_pointer;  ///< not compact
    std::uint8_t kind_shift;
    std::uint8_t compact_bit;
    std::uint8_t ascii_bit;
};
/// dict and list internals, for looking up thread names only.
struct DictLayout {
    Offset keys;                   ///< PyDictObject.ma_keys (2.7: ma_table)
    Offset values;                 ///< PyDictObject.ma_values (2.7: absent)
    Offset mask;                   ///< PyDictObject.ma_mask (2.7 only)
    Offset keys_log2_size;         ///< PyDictKeysObject.dk_log2_size (3.11+, a byte)
    Offset keys_size;              ///< PyDictKeysObject.dk_size (3.6–3.10, Py_ssize_t)
    Offset keys_log2_index_bytes;  ///< PyDictKeysObject.dk_log2_index_bytes (3.11+, a byte)
    Offset keys_kind;              ///< PyDictKeysObject.dk_kind (3.11+, a byte; 0 general entries have a hash)
    Offset keys_nentries;          ///< Py_ssize_t
    Offset keys_indices;           ///< where the index table starts; entries follow it
    Offset values_array;           ///< PyDictValues.values (3.11+)
    InstanceDict instance_dict;
    std::int32_t managed_dict;  ///< bytes from the instance's start (negative); 0 when not managed
};
struct BytesLayout {
    Offset size;
    Offset data;
};
struct GeneratorLayout {
    Offset iframe;
    Offset frame_state;
};

/// Exceptions of a thread state: the one that is on its way, and those that are being handled.
struct ExceptionLayout {
    Offset raised_type;    ///< in the thread state; ≤ 3.11
    Offset raised;         ///< in the thread state; up to 3.11 it may still be what the exception is to be made of
    Offset handled_type;   ///< in the thread state; ≤ 3.6
    Offset handled;        ///< in the thread state; ≤ 3.6
    Offset items;          ///< in the thread state: pointer to the innermost _PyErr_StackItem (3.7+)
    Offset item_value;     ///< in an item
    Offset item_previous;  ///< in an item: the next outer one
};

/// Objects whose contents are shown as values of variables.
struct ValueLayout {
    Offset list_items;      ///< pointer to the items
    Offset tuple_items;     ///< the items themselves
    Offset float_value;     ///< double
    Offset cell_value;      ///< object, null when empty
    Offset set_mask;        ///< slots − 1
    Offset set_table;       ///< pointer to the entries
    Offset set_entry_key;   ///< in an entry of two words
    Offset set_entry_hash;  ///< −1: deleted (3.x)
    Offset function_name;
    Offset exception_args;    ///< tuple (2.7: may be null)
    Offset unicode27_length;  ///< PyUnicodeObject of 2.7
    Offset unicode27_data;
};

/// Everything lampyr knows of one CPython minor version as data. Built from a table (`layouts/`), and on 3.13+ completed
/// by the `_Py_DebugOffsets` the process publishes. Decoding branches on the enums, never on a version number.
struct Layout {
    Version version;
    CurrentFrame current_frame;
    InstructionPointer instruction_pointer;
    LineTable line_table;
    ShimRule shim_rule;
    GilRule gil_rule;
    StringKind string_kind;
    std::uint64_t code_tag_mask;  ///< low bits of a frame's code reference that are a tag (0 or 3)
    std::uint32_t code_unit;      ///< bytes per bytecode unit: 1 (2.7) or 2
    RuntimeLayout runtime;
    InterpreterLayout interpreter;
    GilLayout gil;
    ThreadLayout thread;
    FrameLayout frame;
    CodeLayout code;
    FunctionLayout function;
    ObjectLayout object;
    StringLayout string;
    BytesLayout bytes;
    IntegerLayout integer;
    DictLayout dict;
    GeneratorLayout generator;
    ExceptionLayout exception;
    ValueLayout value;
};

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#include "cpython/debug_offsets.hpp"

#include "cpython/layout_table.hpp"
#include "cpython/layouts/published_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lampyr::cpython {
namespace {

constexpr std::uint64_t kHeaderWords = 3;  // cookie, version, free_threaded
constexpr std::size_t kMaxWords = 512;

/// A published number that we use: where it goes, the bytes read there, and whether only free-threaded builds have it
/// (others publish 0, which would be a valid offset).
struct Target {
    std::string_view name;
    Offset& (*field)(Layout&);
    std::uint32_t width;
    bool free_threaded_only = false;
};

#define LAMPYR_FIELD(member) [](Layout& layout) -> Offset& { return layout.member; }
constexpr Target kTargets[] = {
    {"runtime_state.finalizing", LAMPYR_FIELD(runtime.finalizing), 8},
    {"runtime_state.interpreters_head", LAMPYR_FIELD(runtime.interpreters_head), 8},
    {"interpreter_state.id", LAMPYR_FIELD(interpreter.id), 8},
    {"interpreter_state.next", LAMPYR_FIELD(interpreter.next), 8},
    {"interpreter_state.threads_head", LAMPYR_FIELD(interpreter.threads_head), 8},
    {"interpreter_state.imports_modules", LAMPYR_FIELD(interpreter.modules), 8},
    {"interpreter_state.ceval_gil", LAMPYR_FIELD(interpreter.ceval_gil), 8},
    {"interpreter_state.code_object_generation", LAMPYR_FIELD(interpreter.code_object_generation), 8},
    {"interpreter_state.tlbc_generation", LAMPYR_FIELD(interpreter.tlbc_generation), 4, true},
    {"thread_state.next", LAMPYR_FIELD(thread.next), 8},
    {"thread_state.interp", LAMPYR_FIELD(thread.interp), 8},
    {"thread_state.current_frame", LAMPYR_FIELD(thread.frame), 8},
    {"thread_state.base_frame", LAMPYR_FIELD(thread.base_frame), 8},
    {"thread_state.thread_id", LAMPYR_FIELD(thread.thread_id), 8},
    {"thread_state.native_thread_id", LAMPYR_FIELD(thread.native_thread_id), 8},
    {"thread_state.datastack_chunk", LAMPYR_FIELD(thread.datastack_chunk), 16},  // datastack_top follows it
    {"thread_state.status", LAMPYR_FIELD(thread.status), 4},
    {"thread_state.current_exception", LAMPYR_FIELD(exception.raised), 8},
    {"interpreter_frame.previous", LAMPYR_FIELD(frame.previous), 8},
    {"interpreter_frame.executable", LAMPYR_FIELD(frame.code), 8},
    {"interpreter_frame.instr_ptr", LAMPYR_FIELD(frame.instruction), 8},
    {"interpreter_frame.localsplus", LAMPYR_FIELD(frame.localsplus), 0},
    {"interpreter_frame.owner", LAMPYR_FIELD(frame.owner), 1},
    {"interpreter_frame.stackpointer", LAMPYR_FIELD(frame.stackpointer), 8},
    {"interpreter_frame.tlbc_index", LAMPYR_FIELD(frame.tlbc_index), 4, true},
    {"code_object.filename", LAMPYR_FIELD(code.filename), 8},
    {"code_object.name", LAMPYR_FIELD(code.name), 8},
    {"code_object.qualname", LAMPYR_FIELD(code.qualname), 8},
    {"code_object.linetable", LAMPYR_FIELD(code.linetable), 8},
    {"code_object.firstlineno", LAMPYR_FIELD(code.firstlineno), 4},
    {"code_object.co_code_adaptive", LAMPYR_FIELD(code.code_adaptive), 0},
    {"code_object.co_tlbc", LAMPYR_FIELD(code.tlbc), 8, true},
    {"code_object.argcount", LAMPYR_FIELD(code.argcount), 4},
    {"code_object.localsplusnames", LAMPYR_FIELD(code.localsplusnames), 8},
    {"code_object.localspluskinds", LAMPYR_FIELD(code.localspluskinds), 8},
    {"pyobject.ob_type", LAMPYR_FIELD(object.type), 8},
    {"type_object.tp_name", LAMPYR_FIELD(object.type_name), 8},
    {"type_object.tp_flags", LAMPYR_FIELD(object.type_flags), 8},
    {"type_object.tp_basicsize", LAMPYR_FIELD(object.type_basicsize), 8},
    {"type_object.tp_dictoffset", LAMPYR_FIELD(object.type_dictoffset), 8},
    {"heap_type_object.ht_cached_keys", LAMPYR_FIELD(object.heap_cached_keys), 8},
    {"tuple_object.ob_item", LAMPYR_FIELD(value.tuple_items), 0},
    {"list_object.ob_item", LAMPYR_FIELD(value.list_items), 8},
    {"set_object.table", LAMPYR_FIELD(value.set_table), 8},
    {"set_object.mask", LAMPYR_FIELD(value.set_mask), 8},
    {"float_object.ob_fval", LAMPYR_FIELD(value.float_value), 8},
    {"dict_object.ma_keys", LAMPYR_FIELD(dict.keys), 8},
    {"dict_object.ma_values", LAMPYR_FIELD(dict.values), 8},
    {"long_object.lv_tag", LAMPYR_FIELD(integer.tag), 8},
    {"long_object.ob_digit", LAMPYR_FIELD(integer.digits), 4},
    {"bytes_object.ob_size", LAMPYR_FIELD(bytes.size), 8},
    {"bytes_object.ob_sval", LAMPYR_FIELD(bytes.data), 0},
    {"unicode_object.state", LAMPYR_FIELD(string.state), 4},
    {"unicode_object.length", LAMPYR_FIELD(string.length), 8},
    {"unicode_object.asciiobject_size", LAMPYR_FIELD(string.ascii_data), 0},
    {"unicode_object.compactunicodeobject_size", LAMPYR_FIELD(string.compact_data), 8},
    {"gen_object.gi_iframe", LAMPYR_FIELD(generator.iframe), 0},
    {"gen_object.gi_frame_state", LAMPYR_FIELD(generator.frame_state), 1},
};
#undef LAMPYR_FIELD

/// Structs that are read whole or walked by offset; what we allow them to be. All others: 4 KiB.
std::uint64_t size_cap(std::string_view name) {
    if (name == "runtime_state" || name == "interpreter_state") return 16U << 20;
    if (name == "thread_state" || name == "gc") return 64U << 10;
    return 4096;
}

using Numbers = std::unordered_map<std::string, std::uint64_t>;

Error corrupt(std::string_view name, std::uint64_t value) {
    return {
        ErrorCode::kCorrupt, fmt::format("the interpreter publishes {} for {}, which cannot be", value, name), {}, 0};
}

std::vector<std::string> field_names(std::span<const layouts::PublishedStruct> structs) {
    std::vector<std::string> names;
    for (const auto& item : structs) {
        std::string_view rest = item.fields;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(' '), rest.size());
            names.push_back(fmt::format("{}.{}", item.name, rest.substr(0, end)));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return names;
}

Result<Numbers> read_numbers(const process::RemoteMemory& memory, RemoteAddr runtime,
                             std::span<const layouts::PublishedStruct> structs) {
    const auto names = field_names(structs);
    std::array<std::uint64_t, kMaxWords> words{};
    if (names.size() > words.size()) return Error{ErrorCode::kInternal, "offset table too long", {}, 0};
    const auto wanted = std::span(words).first(names.size());
    if (!memory.read(runtime + kHeaderWords * 8, std::as_writable_bytes(wanted)))
        return Error{ErrorCode::kCorrupt, "the interpreter's published offsets cannot be read", {}, 0};
    Numbers numbers;
    for (std::size_t i = 0; i < names.size(); ++i) numbers.emplace(names[i], wanted[i]);
    return numbers;
}

std::uint32_t alignment(std::uint32_t width) { return width >= 8 ? 8 : std::max(width, 1U); }

/// `value` as an offset whose `width` bytes lie inside a struct of `size` bytes.
std::optional<Offset> checked(std::uint64_t value, std::uint32_t width, std::uint64_t size) {
    if (value > size || width > size - value || value % alignment(width) != 0) return std::nullopt;
    return Offset(static_cast<std::uint32_t>(value));
}

Result<void> fill_fields(Layout& layout, const Numbers& numbers) {
    for (const Target& target : kTargets) {
        const auto found = numbers.find(std::string(target.name));
        if (found == numbers.end()) continue;  // not published by this version: the table's value stays
        if (target.free_threaded_only && !layout.version.free_threaded) continue;
        const std::string_view owner = target.name.substr(0, target.name.find('.'));
        const auto offset = checked(found->second, target.width, numbers.at(fmt::format("{}.size", owner)));
        if (!offset) return corrupt(target.name, found->second);
        target.field(layout) = *offset;
    }
    return {};
}

/// Numbers that are a sum or a difference of published ones.
Result<void> fill_derived(Layout& layout, const Numbers& numbers) {
    const std::uint64_t interpreter_size = numbers.at("interpreter_state.size");
    const std::uint64_t gc = numbers.at("interpreter_state.gc");
    const std::uint64_t collecting = numbers.at("gc.collecting");
    if (gc > interpreter_size || collecting > numbers.at("gc.size")) return corrupt("gc.collecting", collecting);
    const auto gc_collecting = checked(gc + collecting, 4, interpreter_size);
    if (!gc_collecting) return corrupt("gc.collecting", collecting);
    layout.interpreter.gc_collecting = *gc_collecting;
    if (const auto frame = numbers.find("gc.frame"); frame != numbers.end()) {
        const auto gc_frame = checked(gc + frame->second, 8, interpreter_size);
        if (!gc_frame || frame->second > numbers.at("gc.size")) return corrupt("gc.frame", frame->second);
        layout.interpreter.gc_frame = *gc_frame;
    }

    // Locked and holder are offsets in the interpreter's own GIL storage; the GIL in use may be another interpreter's.
    const std::uint64_t gil = numbers.at("interpreter_state.gil_runtime_state");
    const auto relative = [&](std::string_view name, std::uint32_t width) -> std::optional<Offset> {
        const std::uint64_t value = numbers.at(std::string(name));
        return value < gil ? std::nullopt : checked(value - gil, width, 4096);
    };
    const auto locked = relative("interpreter_state.gil_runtime_state_locked", 4);
    const auto holder = relative("interpreter_state.gil_runtime_state_holder", 8);
    if (!locked || !holder) return corrupt("interpreter_state.gil_runtime_state", gil);
    layout.gil.locked = *locked;
    layout.gil.last_holder = *holder;
    if (layout.version.free_threaded) {
        const auto enabled = checked(numbers.at("interpreter_state.gil_runtime_state_enabled"), 4, 4096);
        if (!enabled) return corrupt("interpreter_state.gil_runtime_state_enabled", gil);
        layout.gil.enabled = *enabled;
    }
    layout.thread.datastack_top = Offset(layout.thread.datastack_chunk.value() + 8);
    layout.string.data_pointer = layout.string.compact_data;  // PyUnicodeObject.data follows the compact struct
    return {};
}

std::uint32_t end_of(std::initializer_list<std::pair<Offset, std::uint32_t>> fields) {
    std::uint32_t end = 0;
    for (const auto& [offset, width] : fields)
        if (offset.present()) end = std::max(end, offset.value() + width);
    return (end + 7) / 8 * 8;
}

/// Offsets the interpreter does not publish must fit in its structs too.
Result<void> check_sizes(const Layout& layout, const Numbers& numbers) {
    if (layout.thread.size > numbers.at("thread_state.size")) return corrupt("thread_state.size", layout.thread.size);
    if (layout.frame.size > layout.frame.localsplus.value())
        return corrupt("interpreter_frame.localsplus", layout.frame.size);
    if (layout.code.size > layout.code.code_adaptive.value())
        return corrupt("code_object.co_code_adaptive", layout.code.size);
    return {};
}

std::string note_for(const ProbedVersion& header, const Layout& base) {
    if (header.version.major != base.version.major || header.version.minor != base.version.minor)
        return fmt::format("Python {} is newer than this lampyr knows; its published offsets are used", header.text());
    if (header.release_level != 0xF)
        return fmt::format("Python {} is not a final release; its layout may differ from what is known", header.text());
    return {};
}

}  // namespace

void update_sizes(Layout& layout) {
    const ThreadLayout& t = layout.thread;
    layout.thread.size = end_of({{t.next, 8},
                                 {t.interp, 8},
                                 {t.frame, 8},
                                 {t.thread_id, 8},
                                 {t.native_thread_id, 8},
                                 {t.status, 4},
                                 {t.state, 4},
                                 {t.datastack_chunk, 8},
                                 {t.datastack_top, 8},
                                 {t.base_frame, 8}});
    const FrameLayout& f = layout.frame;
    layout.frame.size = end_of({{f.previous, 8},
                                {f.code, 8},
                                {f.instruction, 8},
                                {f.owner, 1},
                                {f.is_entry, 1},
                                {f.state, 1},
                                {f.stacktop, 4},
                                {f.stackpointer, 8},
                                {f.globals, 8},
                                {f.tlbc_index, 4}});
    const CodeLayout& c = layout.code;
    layout.code.size = end_of({{c.filename, 8},
                               {c.name, 8},
                               {c.qualname, 8},
                               {c.firstlineno, 4},
                               {c.linetable, 8},
                               {c.code_bytes, 8},
                               {c.firsttraceable, 4},
                               {c.framesize, 4},
                               {c.nlocalsplus, 4},
                               {c.stacksize, 4},
                               {c.tlbc, 8}});
}

std::optional<ProbedVersion> read_debug_header(const process::RemoteMemory& memory, RemoteAddr runtime) {
    std::array<std::uint64_t, kHeaderWords> words{};
    if (!memory.read(runtime, std::as_writable_bytes(std::span(words)))) return std::nullopt;
    if (std::memcmp(words.data(), kDebugCookie, kDebugCookieSize) != 0) return std::nullopt;
    const auto version = version_from_hex(words[1], words[2] == 1);
    if (!version || words[2] > 1 || layouts::published_fields(version->version).empty()) return std::nullopt;
    return version;
}

Result<PublishedLayout> read_debug_offsets(const process::RemoteMemory& memory, RemoteAddr runtime) {
    const auto header = read_debug_header(memory, runtime);
    if (!header)
        return Error{ErrorCode::kUnsupportedVersion, "the interpreter publishes no offsets we can read", {}, 0};
    const Layout* known = find_layout(header->version);
    const Layout& base = known != nullptr ? *known : newest_layout(header->version.free_threaded);
    const auto structs = layouts::published_fields(header->version);
    auto numbers = read_numbers(memory, runtime, structs);
    if (!numbers) return numbers.error();
    for (const auto& item : structs) {
        const auto size = numbers->find(fmt::format("{}.size", item.name));
        if (size != numbers->end() && (size->second == 0 || size->second > size_cap(item.name)))
            return corrupt(size->first, size->second);
    }
    PublishedLayout result{base, *header, note_for(*header, base)};
    result.layout.version = header->version;
    if (auto filled = fill_fields(result.layout, *numbers); !filled) return filled.error();
    if (auto derived = fill_derived(result.layout, *numbers); !derived) return derived.error();
    update_sizes(result.layout);
    if (auto sizes = check_sizes(result.layout, *numbers); !sizes) return sizes.error();
    return result;
}

}  // namespace lampyr::cpython

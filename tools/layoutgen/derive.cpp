// SPDX-License-Identifier: MIT
#include "derive.hpp"

#include "cpython/debug_offsets.hpp"
#include "cpython/layout_table.hpp"
#include "layout_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::layoutgen {
namespace {

using cpython::kAbsent;
using cpython::Layout;
using cpython::Offset;

constexpr std::string_view kRequired[] = {"_ts", "_is", "PyCodeObject", "_typeobject", "PyDictObject"};
constexpr std::string_view kExtra[] = {"_PyStackRef", "PyDictOrValues", "PyUnicodeObject"};

Offset to_offset(std::uint64_t value) { return Offset(static_cast<std::uint32_t>(value)); }

Offset lookup(const DwarfTypes& types, std::string_view sources) {
    while (!sources.empty()) {
        const auto end = std::min(sources.find(' '), sources.size());
        const std::string_view source = sources.substr(0, end);
        const auto colon = source.find(':');
        const std::string_view type = source.substr(0, colon);
        const std::string_view path = source.substr(colon + 1);
        if (type == "sizeof") {
            if (const auto size = types.size_of(path)) return to_offset(*size);
        } else if (const auto member = types.find(type, path)) {
            return to_offset(member->offset);
        }
        sources.remove_prefix(std::min(end + 1, sources.size()));
    }
    return kAbsent;
}

bool has_member(const DwarfTypes& types, std::string_view type, std::string_view path) {
    return types.find(type, path).has_value();
}

/// What the members that exist say about how things are done.
struct Traits {
    bool interpreter_frames;  ///< 3.11+
    bool cframe;              ///< 3.11, 3.12
    bool bytes_strings;       ///< 2.7
    bool own_gil;             ///< 3.12+
    bool current_in_runtime;  ///< 3.7–3.11
    bool line_pairs_310;
    bool free_threaded;
};

Traits traits_of(const DwarfTypes& types) {
    const bool frames = types.has("_PyInterpreterFrame");
    return {.interpreter_frames = frames,
            .cframe = has_member(types, "_PyCFrame", "current_frame"),
            .bytes_strings = types.has("PyStringObject"),
            .own_gil = has_member(types, "_is", "ceval.gil"),
            .current_in_runtime = lookup(types,
                                         "_PyRuntimeState:gilstate.tstate_current "
                                         "pyruntimestate:gilstate.tstate_current")
                                      .present(),
            .line_pairs_310 = !frames && has_member(types, "PyCodeObject", "co_linetable"),
            .free_threaded = has_member(types, "_object", "ob_tid")};
}

void derive_enums(const DwarfTypes& types, const Traits& traits, Layout& layout) {
    using namespace cpython;
    const bool frames = traits.interpreter_frames;
    layout.current_frame = !frames         ? CurrentFrame::kHeapFrame
                           : traits.cframe ? CurrentFrame::kCFrame
                                           : CurrentFrame::kDirect;
    layout.instruction_pointer = frames                  ? InstructionPointer::kAddress
                                 : traits.line_pairs_310 ? InstructionPointer::kUnitIndex
                                                         : InstructionPointer::kByteIndex;
    layout.line_table = frames                  ? LineTable::kLocations
                        : traits.line_pairs_310 ? LineTable::kLinetable310
                        : traits.bytes_strings  ? LineTable::kLnotabUnsigned
                                                : LineTable::kLnotabSigned;
    const bool shims = frames && !has_member(types, "_PyInterpreterFrame", "is_entry");
    layout.shim_rule = shims ? ShimRule::kOwnerFrom3 : ShimRule::kNone;
    layout.gil_rule = traits.own_gil              ? GilRule::kInterpreterGil
                      : traits.current_in_runtime ? GilRule::kRuntimeCurrent
                                                  : GilRule::kCurrentThreadSymbol;
    layout.string_kind = traits.bytes_strings ? StringKind::kBytes27 : StringKind::kPep393;
    // A frame's code is a plain pointer until it becomes a _PyStackRef, whose two low bits are tags.
    const auto executable = types.find("_PyInterpreterFrame", "f_executable");
    layout.code_tag_mask = executable && executable->is_aggregate ? 3 : 0;
    layout.code_unit = traits.bytes_strings ? 1 : 2;
}

void derive_dict(const DwarfTypes& types, const Traits& traits, Layout& layout) {
    using cpython::InstanceDict;
    layout.dict.instance_dict = has_member(types, "_dictvalues", "valid") ? InstanceDict::kInlineValues
                                : types.has("PyDictOrValues")             ? InstanceDict::kTaggedPointer
                                : types.has("_dictvalues")                ? InstanceDict::kValuesPointer
                                                                          : InstanceDict::kDictOffset;
    const bool managed = layout.dict.instance_dict != InstanceDict::kDictOffset;
    // MANAGED_DICT_OFFSET (pycore_object.h): before the GC header, which free-threaded builds do not have.
    layout.dict.managed_dict = !managed ? 0 : traits.free_threaded ? -8 : -24;
}

/// Fields whose member is right only together with others.
void derive_conditional(const DwarfTypes& types, const Traits& traits, Layout& layout) {
    layout.thread.frame = !traits.interpreter_frames ? lookup(types, "_ts:frame")
                          : traits.cframe            ? lookup(types, "_ts:cframe")
                                                     : lookup(types, "_ts:current_frame");
    layout.frame.state = traits.interpreter_frames ? kAbsent : lookup(types, "_frame:f_executing _frame:f_state");
    layout.code.stacksize = traits.interpreter_frames ? lookup(types, "PyCodeObject:co_stacksize") : kAbsent;
    layout.string.data_pointer = traits.bytes_strings ? kAbsent : lookup(types, "PyUnicodeObject:data");
    // Behind the cache of its call stands a frame that waits in 3.11 and 3.12 (prev_instr), later at the call itself. The cache
    // begins with a counter (_PyCallCache, Include/internal/pycore_code.h).
    const bool entry_flag = has_member(types, "_PyInterpreterFrame", "is_entry");
    layout.function.call_cache = !traits.interpreter_frames ? 0 : entry_flag ? -4 : traits.cframe ? -2 : 4;
    if (!traits.own_gil) layout.gil = {.locked = kAbsent, .last_holder = kAbsent, .enabled = kAbsent};
    layout.integer.compact_tag = has_member(types, "_longobject", "long_value.lv_tag");
    layout.value.unicode27_length = traits.bytes_strings ? lookup(types, "PyUnicodeObject:length") : kAbsent;
    layout.value.unicode27_data = traits.bytes_strings ? lookup(types, "PyUnicodeObject:str") : kAbsent;
    const auto bit = [&types](std::string_view name) -> std::uint8_t {
        const auto state = types.find("PyASCIIObject", "state");
        const auto field = types.find("PyASCIIObject", fmt::format("state.{}", name));
        return state && field ? static_cast<std::uint8_t>(field->bit_offset - state->bit_offset) : std::uint8_t{0};
    };
    layout.string.kind_shift = bit("kind");
    layout.string.compact_bit = bit("compact");
    layout.string.ascii_bit = bit("ascii");
}

std::string offset_text(Offset offset) {
    return offset.present() ? fmt::format("Offset({})", offset.value()) : std::string("kAbsent");
}
std::string value_text(Offset offset) {
    return offset.present() ? std::to_string(offset.value()) : std::string("absent");
}

/// Everything that is no Offset: section ("" for Layout itself), name and text as source.
struct Scalar {
    std::string_view section;
    std::string_view name;
    std::string text;
};

std::string_view name_of(cpython::CurrentFrame value) {
    constexpr std::string_view kNames[] = {"kHeapFrame", "kCFrame", "kDirect"};
    return kNames[static_cast<std::size_t>(value)];
}
std::string_view name_of(cpython::InstructionPointer value) {
    constexpr std::string_view kNames[] = {"kByteIndex", "kUnitIndex", "kAddress"};
    return kNames[static_cast<std::size_t>(value)];
}
std::string_view name_of(cpython::LineTable value) {
    constexpr std::string_view kNames[] = {"kLnotabUnsigned", "kLnotabSigned", "kLinetable310", "kLocations"};
    return kNames[static_cast<std::size_t>(value)];
}
std::string_view name_of(cpython::ShimRule value) {
    return value == cpython::ShimRule::kNone ? "kNone" : "kOwnerFrom3";
}
std::string_view name_of(cpython::GilRule value) {
    constexpr std::string_view kNames[] = {"kCurrentThreadSymbol", "kRuntimeCurrent", "kInterpreterGil"};
    return kNames[static_cast<std::size_t>(value)];
}
std::string_view name_of(cpython::StringKind value) {
    return value == cpython::StringKind::kBytes27 ? "kBytes27" : "kPep393";
}
std::string_view name_of(cpython::InstanceDict value) {
    constexpr std::string_view kNames[] = {"kDictOffset", "kValuesPointer", "kTaggedPointer", "kInlineValues"};
    return kNames[static_cast<std::size_t>(value)];
}

std::vector<Scalar> scalars(const Layout& layout) {
    return {
        {"", "current_frame", fmt::format("CurrentFrame::{}", name_of(layout.current_frame))},
        {"", "instruction_pointer", fmt::format("InstructionPointer::{}", name_of(layout.instruction_pointer))},
        {"", "line_table", fmt::format("LineTable::{}", name_of(layout.line_table))},
        {"", "shim_rule", fmt::format("ShimRule::{}", name_of(layout.shim_rule))},
        {"", "gil_rule", fmt::format("GilRule::{}", name_of(layout.gil_rule))},
        {"", "string_kind", fmt::format("StringKind::{}", name_of(layout.string_kind))},
        {"", "code_tag_mask", fmt::format("{}", layout.code_tag_mask)},
        {"", "code_unit", fmt::format("{}", layout.code_unit)},
        {"thread", "size", fmt::format("{}", layout.thread.size)},
        {"frame", "size", fmt::format("{}", layout.frame.size)},
        {"code", "size", fmt::format("{}", layout.code.size)},
        {"function", "call_cache", fmt::format("{}", layout.function.call_cache)},
        {"string", "kind_shift", fmt::format("{}", layout.string.kind_shift)},
        {"string", "compact_bit", fmt::format("{}", layout.string.compact_bit)},
        {"string", "ascii_bit", fmt::format("{}", layout.string.ascii_bit)},
        {"integer", "compact_tag", layout.integer.compact_tag ? "true" : "false"},
        {"dict", "instance_dict", fmt::format("InstanceDict::{}", name_of(layout.dict.instance_dict))},
        {"dict", "managed_dict", fmt::format("{}", layout.dict.managed_dict)},
    };
}

std::string dotted(std::string_view section, std::string_view name) {
    return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
}

void add_name(std::vector<std::string_view>& names, std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

std::vector<std::string_view> needed_types() {
    std::vector<std::string_view> names(std::begin(kRequired), std::end(kRequired));
    names.insert(names.end(), std::begin(kExtra), std::end(kExtra));
    for (const LayoutField& field : layout_fields()) {
        std::string_view rest = field.sources;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(' '), rest.size());
            const std::string_view source = rest.substr(0, end);
            const auto colon = source.find(':');
            add_name(names, source.starts_with("sizeof:") ? source.substr(colon + 1) : source.substr(0, colon));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return names;
}

Result<Layout> derive(const DwarfTypes& types, cpython::Version version) {
    for (const std::string_view name : kRequired)
        if (!types.has(name))
            return Error{ErrorCode::kCorrupt,
                         fmt::format("struct {} is not described; no interpreter's debug information", name),
                         {},
                         0};
    Layout layout = cpython::newest_layout(false);  // every member is set below
    layout.version = version;
    for (const LayoutField& field : layout_fields()) field.at(layout) = lookup(types, field.sources);
    const Traits traits = traits_of(types);
    derive_enums(types, traits, layout);
    derive_dict(types, traits, layout);
    derive_conditional(types, traits, layout);
    layout.version.free_threaded = traits.free_threaded;
    cpython::update_sizes(layout);
    return layout;
}

std::string to_source(Layout layout) {
    const cpython::Version& v = layout.version;
    const char* suffix = v.free_threaded ? "t" : "";
    std::string text = fmt::format(
        "// SPDX-License-Identifier: MIT\n// Written by tools/layoutgen from the interpreter's debug information; do "
        "not edit.\n"
        "#include \"cpython/layout_table.hpp\"\n\nnamespace lampyr::cpython::layouts {{\n\n"
        "const Layout kCp{}{}{} = {{\n"
        "    .version = {{.major = {}, .minor = {}, .micro = {}, .free_threaded = {}}},\n",
        v.major, v.minor, suffix, v.major, v.minor, v.micro, v.free_threaded);
    const auto rest = scalars(layout);
    const auto add_scalars = [&](std::string_view section, std::string_view indent) {
        for (const Scalar& scalar : rest)
            if (scalar.section == section) text += fmt::format("{}.{} = {},\n", indent, scalar.name, scalar.text);
    };
    add_scalars("", "    ");
    const auto fields = layout_fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const LayoutField& field = fields[i];
        if (i == 0 || fields[i - 1].section != field.section)
            text += fmt::format("    .{} =\n        {{\n", field.section);
        text += fmt::format("            .{} = {},\n", field.name, offset_text(field.at(layout)));
        if (i + 1 != fields.size() && fields[i + 1].section == field.section) continue;
        add_scalars(field.section, "            ");
        text += "        },\n";
    }
    return text + "};\n\n}  // namespace lampyr::cpython::layouts\n";
}

std::vector<std::string> differences(Layout table, Layout derived) {
    std::vector<std::string> lines;
    const auto compare = [&lines](const std::string& name, const std::string& ours, const std::string& theirs) {
        if (ours != theirs) lines.push_back(fmt::format("{}: table {}, interpreter {}", name, ours, theirs));
    };
    for (const LayoutField& field : layout_fields())
        compare(dotted(field.section, field.name), value_text(field.at(table)), value_text(field.at(derived)));
    const auto ours = scalars(table), theirs = scalars(derived);
    for (std::size_t i = 0; i < ours.size(); ++i)
        compare(dotted(ours[i].section, ours[i].name), ours[i].text, theirs[i].text);
    return lines;
}

}  // namespace lampyr::layoutgen

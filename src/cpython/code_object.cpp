// SPDX-License-Identifier: MIT
#include "cpython/code_object.hpp"

#include "cpython/frame_fields.hpp"
#include "cpython/py_string.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace lampyr::cpython {
namespace {

/// Far above what a compiler makes (a million statements have some 20 MB); bounds what a hostile size can make us allocate.
constexpr std::uint64_t kMaxCodeBytes = 64ULL << 20;
constexpr std::uint64_t kMaxFrameWords = 1ULL << 24;
constexpr std::uint64_t kMaxTlbcEntries = 1ULL << 16;

using Header = std::array<std::byte, 512>;

/// The fields of a code object, taken out of its bytes and checked one by one.
struct Fields {
    RemoteAddr type;
    RemoteAddr name;
    RemoteAddr file;
    RemoteAddr line_table;
    RemoteAddr bytecode;  // where the instructions are
    std::uint32_t first_line = 0;
    std::uint32_t code_bytes = 0;
};

struct Bytes {
    RemoteAddr data;
    std::uint64_t size = 0;
};

Decoded<Bytes> locate_bytes(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr object) {
    if (!object.is_plausible() || !object.is_aligned()) return DecodeError::kBadPointer;
    const auto size = memory.read_value<std::int64_t>(object + layout.bytes.size.value());
    if (!size) return DecodeError::kUnreadable;
    if (*size < 0) return DecodeError::kBadSize;
    return Bytes{object + layout.bytes.data.value(), static_cast<std::uint64_t>(*size)};
}

Decoded<Fields> read_fields(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr code,
                            Header& header) {
    if (!code.is_plausible() || !code.is_aligned()) return DecodeError::kBadPointer;
    if (layout.code.size > header.size()) return DecodeError::kBadSize;
    if (!memory.read(code, std::span(header).first(layout.code.size))) return DecodeError::kUnreadable;
    const std::byte* bytes = header.data();
    Fields f;
    f.type = load_pointer(bytes, layout.object.type);
    f.name = load_pointer(bytes, layout.code.name);
    if (layout.code.qualname.present()) {
        const RemoteAddr qualified = load_pointer(bytes, layout.code.qualname);
        if (!qualified.is_null()) f.name = qualified;
    }
    f.file = load_pointer(bytes, layout.code.filename);
    f.line_table = load_pointer(bytes, layout.code.linetable);
    f.first_line = load<std::uint32_t>(bytes, layout.code.firstlineno);

    std::uint64_t code_bytes = 0;
    if (layout.code.code_adaptive.present()) {
        const auto units = load<std::uint64_t>(bytes, layout.bytes.size);
        if (units > kMaxCodeBytes) return DecodeError::kBadSize;
        code_bytes = units * layout.code_unit;
        f.bytecode = code + layout.code.code_adaptive.value();
    } else {
        const auto object = locate_bytes(memory, layout, load_pointer(bytes, layout.code.code_bytes));
        if (!object) return object.error();
        code_bytes = object->size;
        f.bytecode = object->data;
    }
    if (code_bytes > kMaxCodeBytes) return DecodeError::kBadSize;
    if (code_bytes != 0 && !memory.read_value<std::byte>(f.bytecode + (code_bytes - 1))) return DecodeError::kBadSize;
    f.code_bytes = static_cast<std::uint32_t>(code_bytes);
    return f;
}

std::uint32_t frame_size(const Layout& layout, const std::byte* bytes) {
    const CodeLayout& c = layout.code;
    const auto field = [&](Offset offset) { return std::int64_t{load<std::int32_t>(bytes, offset)}; };
    std::int64_t words = 0;
    if (c.framesize.present()) {
        words = field(c.framesize);
    } else if (c.nlocalsplus.present() && c.stacksize.present()) {
        words = field(c.nlocalsplus) + field(c.stacksize) + layout.frame.localsplus.value() / 8;
    }
    if (words <= 0 || words > static_cast<std::int64_t>(kMaxFrameWords)) return 0;
    return static_cast<std::uint32_t>(words * 8);
}

std::uint32_t first_traceable(const Layout& layout, const std::byte* bytes, std::uint32_t code_bytes) {
    if (!layout.code.firsttraceable.present()) return 0;
    const auto units = std::int64_t{load<std::int32_t>(bytes, layout.code.firsttraceable)};
    const std::int64_t offset = units * layout.code_unit;
    // A code object without RESUME (a shim) counts its whole code as not traceable.
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(offset, 0, code_bytes));
}

/// `place` is where the table object's bytes are.
DecodeError read_lines(const process::RemoteMemory& memory, const Layout& layout, const Bytes& place,
                       const Fields& fields, LineIndex& lines) {
    std::vector<std::byte> table(static_cast<std::size_t>(std::min<std::uint64_t>(place.size, kMaxLineTableBytes)));
    if (!table.empty() && !memory.read(place.data, table)) return DecodeError::kUnreadable;
    lines = LineIndex(layout.line_table, table, fields.first_line, fields.code_bytes);
    return DecodeError::kOk;
}

std::vector<std::byte> read_bytecode(const process::RemoteMemory& memory, const Fields& fields) {
    std::vector<std::byte> bytecode(std::min<std::size_t>(fields.code_bytes, kMaxBytecodeBytes));
    if (!bytecode.empty() && !memory.read(fields.bytecode, bytecode)) bytecode.clear();
    return bytecode;
}

using Proof = std::array<std::byte, CodeIdentity::kMaxProofBytes>;

bool read_proof(const process::RemoteMemory& memory, const CodeIdentity& identity, Proof& bytes) {
    const auto out = std::span(bytes).first(identity.proof_bytes());
    return memory.read_segments(identity.proof_segments(), out) == out.size();
}

}  // namespace

Decoded<CodeObject> read_code_object(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr code,
                                     RemoteAddr code_type) {
    Header header;
    const auto fields = read_fields(memory, layout, code, header);
    if (!fields) return fields.error();
    const bool right_type =
        code_type.is_null() ? is_code_type(memory, layout, fields->type) : fields->type == code_type;
    if (!right_type) return DecodeError::kWrongType;

    const auto name_place = locate_text(memory, layout, fields->name);
    if (!name_place) return name_place.error();
    const auto file_place = locate_text(memory, layout, fields->file);
    if (!file_place) return file_place.error();
    const auto table_place = locate_bytes(memory, layout, fields->line_table);

    // The proof is read before and after everything else: what lies between belongs to one and the same object.
    CodeObject object;
    Proof proof;
    const Bytes table = table_place ? *table_place : Bytes{};
    object.lines_error = table_place.error();
    const auto describe = [&](bool with_table) {
        object.identity = CodeIdentity::describe(layout, code, *name_place, fields->name, *file_place, fields->file,
                                                 with_table ? fields->line_table : RemoteAddr{},
                                                 static_cast<std::size_t>(table.size));
        return read_proof(memory, object.identity, proof);
    };
    if (!table_place || !describe(true)) {
        if (!describe(false)) return DecodeError::kUnreadable;
        if (table_place) object.lines_error = DecodeError::kUnreadable;
    }
    object.identity.accept(proof);

    auto name = read_text(memory, layout, fields->name);
    if (!name) return name.error();
    auto file = read_text(memory, layout, fields->file);
    if (!file) return file.error();
    object.name = std::move(name->utf8);
    object.file = std::move(file->utf8);
    object.type = fields->type;
    object.first_line = static_cast<std::uint32_t>(std::max(static_cast<std::int32_t>(fields->first_line), 0));
    object.code_bytes = fields->code_bytes;
    object.first_traceable = first_traceable(layout, header.data(), fields->code_bytes);
    object.frame_size_bytes = frame_size(layout, header.data());
    if (object.lines_error == DecodeError::kOk)
        object.lines_error = read_lines(memory, layout, table, *fields, object.lines);
    object.bytecode = read_bytecode(memory, *fields);

    Header again;
    const auto fields_again = read_fields(memory, layout, code, again);
    if (!fields_again || !read_proof(memory, object.identity, proof)) return DecodeError::kUnreadable;
    const bool same = fields_again->name == fields->name && fields_again->file == fields->file &&
                      fields_again->line_table == fields->line_table && fields_again->bytecode == fields->bytecode &&
                      fields_again->code_bytes == fields->code_bytes && fields_again->first_line == fields->first_line;
    if (!same || !object.identity.still_same(proof)) return DecodeError::kChanged;
    return object;
}

bool is_code_type(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr type) {
    if (!type.is_plausible() || !type.is_aligned()) return false;
    const auto name = memory.read_pointer(type + layout.object.type_name.value());
    if (!name || !name->is_plausible()) return false;
    constexpr std::string_view kName("code\0", 5);
    std::array<char, kName.size()> text{};
    return memory.read(*name, std::as_writable_bytes(std::span(text))) &&
           std::string_view(text.data(), text.size()) == kName;
}

std::optional<std::uint32_t> instruction_offset(const Layout& layout, RemoteAddr code, std::uint32_t code_bytes,
                                                std::uint64_t instruction) {
    std::uint64_t offset = instruction;  // a negative f_lasti is far outside
    if (layout.instruction_pointer == InstructionPointer::kUnitIndex) {
        if (offset >= kMaxCodeBytes) return std::nullopt;
        offset *= layout.code_unit;
    } else if (layout.instruction_pointer == InstructionPointer::kAddress) {
        offset = instruction - (code.value + layout.code.code_adaptive.value());
    }
    if (offset >= code_bytes || offset % layout.code_unit != 0) return std::nullopt;
    return static_cast<std::uint32_t>(offset);
}

std::optional<RemoteAddr> bytecode_base(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr code,
                                        std::uint32_t tlbc_index) {
    if (!layout.code.code_adaptive.present()) return std::nullopt;
    if (tlbc_index == 0 || !layout.code.tlbc.present()) return code + layout.code.code_adaptive.value();
    const auto array = memory.read_pointer(code + layout.code.tlbc.value());
    if (!array || !array->is_plausible() || !array->is_aligned()) return std::nullopt;
    // _PyCodeArray {Py_ssize_t size; char *entries[]} (Include/internal/pycore_code.h)
    const auto size = memory.read_value<std::uint64_t>(*array);
    if (!size || *size > kMaxTlbcEntries || tlbc_index >= *size) return std::nullopt;
    const auto base = memory.read_pointer(*array + 8 + std::uint64_t{tlbc_index} * 8);
    if (!base || !base->is_plausible()) return std::nullopt;
    return base;
}

std::optional<std::uint32_t> tlbc_offset(const process::RemoteMemory& memory, const Layout& layout, RemoteAddr code,
                                         std::uint32_t code_bytes, std::uint32_t tlbc_index,
                                         std::uint64_t instruction) {
    const auto base = bytecode_base(memory, layout, code, tlbc_index);
    if (!base || instruction < base->value) return std::nullopt;
    const std::uint64_t offset = instruction - base->value;
    if (offset >= code_bytes || offset % layout.code_unit != 0) return std::nullopt;
    return static_cast<std::uint32_t>(offset);
}

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#include "cpython/debug_offsets.hpp"

#include "cpython/layout_table.hpp"
#include "cpython/layouts/published_fields.hpp"
#include "support/fake_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace lampyr::cpython {
namespace {

constexpr RemoteAddr kRuntime{0x7f0000001000};

std::vector<std::string> names_of(Version version) {
    std::vector<std::string> names;
    for (const auto& item : layouts::published_fields(version)) {
        std::string field;
        for (const char c : std::string(item.fields) + ' ') {
            if (c != ' ') {
                field += c;
                continue;
            }
            names.push_back(std::string(item.name) + '.' + field);
            field.clear();
        }
    }
    return names;
}

/// What an interpreter with this layout publishes. Structs are as large as their last field that we know, and some.
std::map<std::string, std::uint64_t> numbers_of(const Layout& l) {
    constexpr std::uint64_t kGil = 7000, kGc = 6000;
    const auto or_zero = [](Offset offset) { return offset.present() ? std::uint64_t{offset.value()} : 0; };
    return {
        {"runtime_state.size", 400'000}, {"runtime_state.finalizing", l.runtime.finalizing.value()},
        {"runtime_state.interpreters_head", l.runtime.interpreters_head.value()},
        {"interpreter_state.size", 300'000}, {"interpreter_state.id", l.interpreter.id.value()},
        {"interpreter_state.next", l.interpreter.next.value()},
        {"interpreter_state.threads_head", l.interpreter.threads_head.value()},
        {"interpreter_state.imports_modules", l.interpreter.modules.value()},
        {"interpreter_state.ceval_gil", l.interpreter.ceval_gil.value()},
        {"interpreter_state.gc", kGc}, {"gc.size", 2000}, {"gc.collecting", l.interpreter.gc_collecting.value() - kGc},
        {"interpreter_state.gil_runtime_state", kGil},
        {"interpreter_state.gil_runtime_state_enabled", 0},
        {"interpreter_state.gil_runtime_state_locked", kGil + l.gil.locked.value()},
        {"interpreter_state.gil_runtime_state_holder", kGil + l.gil.last_holder.value()},
        {"interpreter_state.code_object_generation", or_zero(l.interpreter.code_object_generation)},
        {"interpreter_state.tlbc_generation", or_zero(l.interpreter.tlbc_generation)},
        {"thread_state.size", l.thread.size + 40}, {"thread_state.next", l.thread.next.value()},
        {"thread_state.interp", l.thread.interp.value()}, {"thread_state.current_frame", l.thread.frame.value()},
        {"thread_state.base_frame", or_zero(l.thread.base_frame)},
        {"thread_state.thread_id", l.thread.thread_id.value()},
        {"thread_state.native_thread_id", l.thread.native_thread_id.value()},
        {"thread_state.datastack_chunk", l.thread.datastack_chunk.value()},
        {"thread_state.status", l.thread.status.value()},
        {"interpreter_frame.size", l.frame.localsplus.value() + 8},
        {"interpreter_frame.previous", l.frame.previous.value()}, {"interpreter_frame.executable", l.frame.code.value()},
        {"interpreter_frame.instr_ptr", l.frame.instruction.value()},
        {"interpreter_frame.localsplus", l.frame.localsplus.value()}, {"interpreter_frame.owner", l.frame.owner.value()},
        {"interpreter_frame.stackpointer", or_zero(l.frame.stackpointer)},
        {"interpreter_frame.tlbc_index", or_zero(l.frame.tlbc_index)},
        {"code_object.size", l.code.code_adaptive.value() + 8}, {"code_object.filename", l.code.filename.value()},
        {"code_object.name", l.code.name.value()}, {"code_object.qualname", l.code.qualname.value()},
        {"code_object.linetable", l.code.linetable.value()}, {"code_object.firstlineno", l.code.firstlineno.value()},
        {"code_object.co_code_adaptive", l.code.code_adaptive.value()}, {"code_object.co_tlbc", or_zero(l.code.tlbc)},
        {"pyobject.size", l.object.type.value() + 8}, {"pyobject.ob_type", l.object.type.value()},
        {"type_object.size", 416}, {"type_object.tp_name", l.object.type_name.value()},
        {"type_object.tp_flags", l.object.type_flags.value()},
        {"type_object.tp_basicsize", l.object.type_basicsize.value()},
        {"type_object.tp_dictoffset", l.object.type_dictoffset.value()},
        {"heap_type_object.size", 1000}, {"heap_type_object.ht_cached_keys", l.object.heap_cached_keys.value()},
        {"dict_object.size", 100}, {"dict_object.ma_keys", l.dict.keys.value()},
        {"dict_object.ma_values", l.dict.values.value()},
        {"long_object.size", 64}, {"long_object.lv_tag", l.integer.tag.value()},
        {"long_object.ob_digit", l.integer.digits.value()},
        {"bytes_object.size", 64}, {"bytes_object.ob_size", l.bytes.size.value()},
        {"bytes_object.ob_sval", l.bytes.data.value()},
        {"unicode_object.size", l.string.data_pointer.value() + 8}, {"unicode_object.state", l.string.state.value()},
        {"unicode_object.length", l.string.length.value()},
        {"unicode_object.asciiobject_size", l.string.ascii_data.value()},
        {"unicode_object.compactunicodeobject_size", l.string.compact_data.value()},
        {"gen_object.size", 200}, {"gen_object.gi_iframe", l.generator.iframe.value()},
        {"gen_object.gi_frame_state", l.generator.frame_state.value()},
    };
}

/// A runtime in fake memory that publishes the numbers; numbers that no layout holds are 8.
struct Published {
    explicit Published(const Layout& layout, std::uint64_t hex, const std::string& changed = {}, std::uint64_t value = 0) {
        auto numbers = numbers_of(layout);
        if (!changed.empty()) numbers[changed] = value;
        memory.map(kRuntime, 4096);
        memory.put_bytes(kRuntime, "xdebugpy");
        memory.put(kRuntime + 8, hex);
        memory.put(kRuntime + 16, std::uint64_t{layout.version.free_threaded});
        RemoteAddr at = kRuntime + 24;
        for (const std::string& name : names_of(layout.version)) {
            const auto found = numbers.find(name);
            memory.put(at, found != numbers.end() ? found->second : std::uint64_t{8});
            at = at + 8;
        }
    }
    test::FakeMemory memory;
};

std::uint64_t hex_of(const Version& v) {
    return std::uint64_t{v.major} << 24 | std::uint64_t{v.minor} << 16 | std::uint64_t{v.micro} << 8 | 0xF0;
}

class PublishedOffsets : public testing::TestWithParam<const Layout*> {};

TEST_P(PublishedOffsets, RestoreWhatTheTableHas) {
    const Layout& table = *GetParam();
    const Published published(table, hex_of(table.version));
    const auto read = read_debug_offsets(published.memory, kRuntime);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->note, "");
    EXPECT_EQ(std::memcmp(&read->layout.thread, &table.thread, sizeof table.thread), 0);
    EXPECT_EQ(std::memcmp(&read->layout.frame, &table.frame, sizeof table.frame), 0);
    EXPECT_EQ(std::memcmp(&read->layout.code, &table.code, sizeof table.code), 0);
    EXPECT_EQ(std::memcmp(&read->layout.interpreter, &table.interpreter, sizeof table.interpreter), 0);
    EXPECT_EQ(std::memcmp(&read->layout.gil, &table.gil, sizeof table.gil), 0);
    EXPECT_EQ(std::memcmp(&read->layout.object, &table.object, sizeof table.object), 0);
    EXPECT_EQ(std::memcmp(&read->layout.generator, &table.generator, sizeof table.generator), 0);
}

TEST_P(PublishedOffsets, EachNumberReachesTheLayout) {
    const Layout& table = *GetParam();
    for (const auto& [name, value] : numbers_of(table)) {
        if (name.ends_with(".size") || value < 8 || name == "interpreter_state.gil_runtime_state") continue;
        const auto names = names_of(table.version);
        if (std::find(names.begin(), names.end(), name) == names.end()) continue;
        const Published same(table, hex_of(table.version));
        const Published moved(table, hex_of(table.version), name, value - 8);
        const auto before = read_debug_offsets(same.memory, kRuntime);
        const auto after = read_debug_offsets(moved.memory, kRuntime);
        ASSERT_TRUE(before);
        if (!after) continue;
        EXPECT_NE(std::memcmp(&before->layout, &after->layout, sizeof(Layout)), 0) << name;
    }
}

TEST_P(PublishedOffsets, ImpossibleNumbersAreRefused) {
    const Layout& table = *GetParam();
    const auto used = numbers_of(table);
    const auto names = names_of(table.version);
    for (const std::uint64_t value : {std::uint64_t{20} << 20, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
        for (const std::string& name : names) {
            if (!used.contains(name)) continue;
            const bool only_free_threaded = name.find("tlbc") != name.npos || name.ends_with("_enabled");
            if (only_free_threaded && !table.version.free_threaded) continue;
            const Published published(table, hex_of(table.version), name, value);
            EXPECT_FALSE(read_debug_offsets(published.memory, kRuntime)) << name << " " << value;
        }
    }
    for (const std::string& name : names) {
        if (!name.ends_with(".size")) continue;
        const Published published(table, hex_of(table.version), name, 0);
        EXPECT_FALSE(read_debug_offsets(published.memory, kRuntime)) << name;
    }
}

std::vector<const Layout*> publishing_layouts() {
    std::vector<const Layout*> result;
    for (const Layout* layout : all_layouts())
        if (!layouts::published_fields(layout->version).empty()) result.push_back(layout);
    return result;
}
INSTANTIATE_TEST_SUITE_P(All, PublishedOffsets, testing::ValuesIn(publishing_layouts()), [](const auto& parameter) {
    const Version& v = parameter.param->version;
    return "cp3" + std::to_string(v.minor) + (v.free_threaded ? "t" : "");
});

TEST(DebugOffsets, HaveTheSizeOfTheInterpretersOwn) {
    const auto size = [](int minor) {
        return 24 + 8 * names_of({.major = 3, .minor = static_cast<std::uint8_t>(minor)}).size();
    };
    EXPECT_EQ(size(12), 24U);
    EXPECT_EQ(size(13), 584U);
    EXPECT_EQ(size(14), 760U);
    EXPECT_EQ(size(15), 888U);
}

TEST(DebugOffsets, ANewerVersionIsTakenWithANote) {
    for (const bool free_threaded : {false, true}) {
        const Layout& newest = newest_layout(free_threaded);
        const Published published(newest, 0x031003F0);
        const auto read = read_debug_offsets(published.memory, kRuntime);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->version.text(), free_threaded ? "3.16.3t" : "3.16.3");
        EXPECT_EQ(read->layout.version.minor, 16);
        EXPECT_NE(read->note.find("newer"), std::string::npos);
    }
}

TEST(DebugOffsets, AnUnfinishedReleaseIsTakenWithANote) {
    const Published published(newest_layout(false), 0x030F00B4);
    const auto read = read_debug_offsets(published.memory, kRuntime);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->version.text(), "3.15.0b4");
    EXPECT_NE(read->note, "");
}

TEST(DebugOffsets, WithoutCookieOrVersionThereAreNone) {
    Published published(newest_layout(false), 0x030F02F0);
    published.memory.put(kRuntime, 'y');
    EXPECT_FALSE(read_debug_header(published.memory, kRuntime));
    EXPECT_EQ(read_debug_offsets(published.memory, kRuntime).error().code, ErrorCode::kUnsupportedVersion);
    EXPECT_FALSE(read_debug_header(Published(newest_layout(false), 0x030C01F0).memory, kRuntime));
    EXPECT_FALSE(read_debug_header(Published(newest_layout(false), 0).memory, kRuntime));
    EXPECT_FALSE(read_debug_header(test::FakeMemory(), kRuntime));
}

TEST(DebugOffsets, ACutTableIsRefused) {
    test::FakeMemory memory;
    memory.map(kRuntime, 200);
    memory.put_bytes(kRuntime, "xdebugpy");
    memory.put(kRuntime + 8, std::uint64_t{0x030D00F0});
    EXPECT_EQ(read_debug_offsets(memory, kRuntime).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace lampyr::cpython

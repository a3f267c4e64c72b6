// SPDX-License-Identifier: MIT
#include "cpython/layout_table.hpp"

#include "cpython/debug_offsets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lampyr::cpython {
namespace {

Version version(int minor, int micro, bool free_threaded = false, int major = 3) {
    return {.major = static_cast<std::uint8_t>(major),
            .minor = static_cast<std::uint8_t>(minor),
            .micro = static_cast<std::uint8_t>(micro),
            .free_threaded = free_threaded};
}

TEST(LayoutTable, EveryTableIsFoundByItsVersion) {
    for (const Layout* layout : all_layouts()) EXPECT_EQ(find_layout(layout->version), layout);
    EXPECT_EQ(all_layouts().size(), 14U);
    EXPECT_TRUE(std::is_sorted(all_layouts().begin(), all_layouts().end(),
                               [](const Layout* a, const Layout* b) { return a->version < b->version; }));
}

TEST(LayoutTable, PatchReleasesShareATable) {
    EXPECT_EQ(find_layout(version(12, 0)), find_layout(version(12, 200)));
    EXPECT_EQ(find_layout(version(7, 0, false, 2)), find_layout(version(7, 18, false, 2)));
}

TEST(LayoutTable, Early37HasItsOwnCurrentThread) {
    EXPECT_EQ(find_layout(version(7, 3))->runtime.tstate_current, Offset(1392));
    EXPECT_EQ(find_layout(version(7, 4))->runtime.tstate_current, Offset(1480));
    EXPECT_EQ(find_layout(version(7, 0))->thread.frame, find_layout(version(7, 16))->thread.frame);
}

TEST(LayoutTable, UnknownVersionsHaveNone) {
    EXPECT_EQ(find_layout(version(5, 0)), nullptr);
    EXPECT_EQ(find_layout(version(16, 0)), nullptr);
    EXPECT_EQ(find_layout(version(12, 0, true)), nullptr);
    EXPECT_EQ(find_layout(version(6, 0, false, 2)), nullptr);
    EXPECT_EQ(find_layout(version(13, 0, false, 4)), nullptr);
}

TEST(LayoutTable, NewestOfEachBuildKind) {
    EXPECT_EQ(newest_layout(false).version, all_layouts()[12]->version);
    EXPECT_TRUE(newest_layout(true).version.free_threaded);
    EXPECT_EQ(newest_layout(true).version.minor, newest_layout(false).version.minor);
}

TEST(LayoutTable, SizesHoldTheFields) {
    for (const Layout* table : all_layouts()) {
        Layout copy = *table;
        update_sizes(copy);
        EXPECT_EQ(copy.thread.size, table->thread.size) << int{table->version.minor};
        EXPECT_EQ(copy.frame.size, table->frame.size) << int{table->version.minor};
        EXPECT_EQ(copy.code.size, table->code.size) << int{table->version.minor};
    }
}

/// What decoding relies on when it branches on the enumerators.
TEST(LayoutTable, EnumeratorsHaveTheirFields) {
    for (const Layout* layout : all_layouts()) {
        const int minor = layout->version.minor;
        EXPECT_EQ(layout->frame.current_in_cframe.present(), layout->current_frame == CurrentFrame::kCFrame) << minor;
        EXPECT_EQ(layout->code.code_adaptive.present(), layout->instruction_pointer == InstructionPointer::kAddress)
            << minor;
        EXPECT_NE(layout->code.code_adaptive.present(), layout->code.code_bytes.present()) << minor;
        EXPECT_EQ(layout->runtime.tstate_current.present(), layout->gil_rule == GilRule::kRuntimeCurrent) << minor;
        EXPECT_EQ(layout->interpreter.ceval_gil.present(), layout->gil_rule == GilRule::kInterpreterGil) << minor;
        EXPECT_EQ(layout->gil.last_holder.present(), layout->gil_rule == GilRule::kInterpreterGil) << minor;
        EXPECT_EQ(layout->gil.enabled.present(), layout->version.free_threaded) << minor;
        EXPECT_EQ(layout->runtime.interpreters_head.present(), layout->gil_rule != GilRule::kCurrentThreadSymbol)
            << minor;
        EXPECT_EQ(layout->string.state.present(), layout->string_kind == StringKind::kPep393) << minor;
        EXPECT_EQ(layout->dict.managed_dict != 0, layout->dict.instance_dict != InstanceDict::kDictOffset) << minor;
        EXPECT_TRUE(layout->thread.frame.present() && layout->frame.previous.present() && layout->frame.code.present());
    }
}

}  // namespace
}  // namespace lampyr::cpython

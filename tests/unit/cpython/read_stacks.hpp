// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout_table.hpp"
#include "cpython/stack_reader.hpp"

#include "support/changing_memory.hpp"
#include "support/fake_python.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lampyr::cpython {

using test::FakeFrame;

/// A made-up Python, and readers of its stacks.
class ReadStacks : public test::LayoutTest {
  protected:
    [[nodiscard]] bool chunked() const { return layout().current_frame != CurrentFrame::kHeapFrame; }
    /// `depth` frames of one function each, outermost first.
    [[nodiscard]] std::vector<FakeFrame> frames(std::size_t depth) {
        std::vector<FakeFrame> made;
        for (std::size_t i = 0; i < depth; ++i)
            made.push_back(py_.frame({.code = py_.code({.name = "f" + std::to_string(i)}), .offset = 8}));
        return made;
    }
    [[nodiscard]] static std::vector<RemoteAddr> codes(const std::vector<FakeFrame>& frames) {
        std::vector<RemoteAddr> made;
        for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) made.push_back(frame->code);
        return made;
    }
    [[nodiscard]] static std::vector<RemoteAddr> codes(const RawStack& stack) {
        std::vector<RemoteAddr> made;
        for (const RawFrame& frame : stack.frames) made.push_back(frame.code);
        return made;
    }
    static void expect_proven(const RawStack& stack) {
        EXPECT_EQ(stack.status, StackStatus::kOk);
        EXPECT_EQ(stack.unproven, 0U);
        EXPECT_TRUE(stack.root_reached);
    }
    StackReader reader(const process::RemoteMemory& memory, RuntimeAnchor anchor) { return {memory, layout(), anchor}; }

    /// Where heap frames say whether they execute.
    void set_executing(RemoteAddr frame, bool executing) {
        if (!layout().frame.state.present()) return;
        const bool executing_is_zero = layout().instruction_pointer == InstructionPointer::kUnitIndex;
        py_.memory().put(frame + layout().frame.state.value(),
                         static_cast<std::int8_t>(executing != executing_is_zero ? 1 : 0));
    }

    /// What is asked by a look at a call and by nothing else, last of all, is what names the innermost frame. That has gone on by
    /// then: a look that shows what the last one showed teaches nothing.
    void go_on_after_look(process::RemoteSegment next, RemoteAddr thread, RemoteAddr innermost, RemoteAddr code) {
        if (next.address != thread.value + layout().thread.frame.value()) return;
        py_.set_offset(innermost, py_.frame({.code = code, .offset = ++turns_ % 2 == 0 ? 8U : 12U}));
    }

    test::FakePython py_{layout()};
    int turns_ = 0;
};

inline std::vector<const Layout*> layouts_where(bool (*wanted)(const Layout&)) {
    std::vector<const Layout*> chosen;
    for (const Layout* layout : all_layouts())
        if (wanted(*layout)) chosen.push_back(layout);
    return chosen;
}

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
// The fake runtime against the reader of real ones: what the one writes the other must find, in every layout.
#include "support/fake_python.hpp"
#include "cpython/stack_reader.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lampyr::cpython {
namespace {

class FakePythonIsRead : public test::LayoutTest {
  protected:
    void expect_stack(const RawStack& stack, RemoteAddr thread, const std::vector<test::FakeFrame>& frames) {
        EXPECT_EQ(stack.tstate, thread);
        EXPECT_TRUE(stack.root_reached);
        ASSERT_EQ(stack.frames.size(), frames.size());
        const auto& placed = py_.frames_of(thread);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            const RawFrame& found = stack.frames[frames.size() - 1 - i];
            EXPECT_EQ(found.frame, placed[i]);
            EXPECT_EQ(found.code, frames[i].code);
            EXPECT_EQ(found.instruction, py_.instruction(frames[i]));
            EXPECT_EQ(found.generator, frames[i].generator && layout().current_frame != CurrentFrame::kHeapFrame);
        }
    }

    test::FakePython py_{layout()};
};

TEST_P(FakePythonIsRead, WithAllItsThreads) {
    const RemoteAddr outer = py_.code({.name = "outer"});
    const RemoteAddr inner = py_.code({.name = "inner", .locals = 20});
    const std::vector<test::FakeFrame> plain{{.code = outer, .offset = 12}, {.code = inner, .offset = 4}};
    const std::vector<test::FakeFrame> mixed{{.code = outer, .offset = 10},
                                             {.code = inner, .offset = 6, .entry = true},
                                             {.code = outer, .offset = 8, .generator = true},
                                             {.code = inner, .offset = 62}};
    std::vector<test::FakeFrame> deep;
    for (std::uint32_t i = 0; i < 100; ++i) deep.push_back({.code = inner, .offset = 4 + i % 30 * 2});

    const auto a = py_.thread({.frames = plain, .os_tid = 7, .ident = 0x1000});
    const auto b = py_.thread({.frames = mixed, .os_tid = 8, .ident = 0x2000, .in_c = true});
    const auto c = py_.thread({.frames = deep, .os_tid = 9, .ident = 0x3000, .chunk_bytes = 4096});
    const auto idle = py_.thread({.ident = 0x4000});
    const auto main = py_.interpreter(test::FakeInterpreter{.threads = {a, b}, .id = 0, .gil_holder = b});
    const auto sub = py_.interpreter(test::FakeInterpreter{.threads = {c, idle}, .id = 1});
    if (layout().current_frame != CurrentFrame::kHeapFrame) {
        EXPECT_GT(py_.chunks_of(c).size(), 2U);
    }

    StackReader reader(py_.memory(), layout(), py_.runtime({main, sub}));
    for (int sweep = 0; sweep < 3; ++sweep) {
        ASSERT_EQ(reader.sweep(), StackReader::Outcome::kOk);
        ASSERT_EQ(reader.stacks().size(), 4U);
        EXPECT_FALSE(reader.list_broken());
        const auto find = [&](RemoteAddr thread) -> const RawStack& {
            return **std::ranges::find_if(reader.stacks(), [&](const RawStack* s) { return s->tstate == thread; });
        };
        expect_stack(find(a), a, plain);
        expect_stack(find(b), b, mixed);
        expect_stack(find(c), c, deep);
        EXPECT_EQ(find(idle).status, StackStatus::kNoFrame);
        for (const auto thread : {a, b, c}) EXPECT_EQ(find(thread).unproven, 0U);
        EXPECT_EQ(find(a).ident, 0x1000U);
        if (layout().thread.native_thread_id.present()) {
            EXPECT_EQ(find(c).native_id, 9);
        }
        if (!layout().version.free_threaded) {
            EXPECT_TRUE(find(b).holds_gil);
            EXPECT_FALSE(find(a).holds_gil);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, FakePythonIsRead, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython

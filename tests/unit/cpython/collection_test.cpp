// SPDX-License-Identifier: MIT
#include "cpython/collection.hpp"

#include "support/fake_objects.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lampyr::cpython {
namespace {

class Collections : public test::LayoutTest {
  protected:
    void set_collecting(std::int32_t value) {
        py_.put(interpreter_, layout().interpreter.gc_collecting, value);
        py_.put(runtime_, layout().runtime.gc_collecting, value);
    }
    [[nodiscard]] std::optional<Collection> running() const {
        return running_collection(py_.memory(), layout(), runtime_, interpreter_);
    }
    [[nodiscard]] Collector judged(const std::vector<RawFrame>& frames, bool holds_gil, RemoteAddr frame = {}) {
        RawStack stack;
        stack.tstate = thread_;
        stack.frames = frames;
        stack.holds_gil = holds_gil;
        if (layout().thread.state.present()) py_.put(thread_, layout().thread.state, std::int32_t{holds_gil ? 1 : 0});
        return may_collect(py_.memory(), layout(), stack, {frame});
    }

    test::FakeObjects py_{layout()};
    RemoteAddr runtime_ = py_.allocate(4096);
    RemoteAddr interpreter_ = py_.allocate(16384);
    RemoteAddr thread_ = py_.allocate(1024);
};

TEST_P(Collections, AreToldFrom37On) {
    EXPECT_EQ(tells_collections(layout()), layout().version >= (Version{3, 7, 0, false}));
    EXPECT_FALSE(running());
    set_collecting(1);
    EXPECT_EQ(running().has_value(), tells_collections(layout()));
    set_collecting(7);  // no truth value
    EXPECT_FALSE(running());
    interpreter_ = runtime_ = RemoteAddr(0x7000'0000'0000);  // nothing is there
    EXPECT_FALSE(running());
}

TEST_P(Collections, TheFrameThatBeganIt) {
    if (!layout().interpreter.gc_frame.present()) GTEST_SKIP() << "it is not kept";
    set_collecting(1);
    py_.put(interpreter_, layout().interpreter.gc_frame, RemoteAddr(0x5000));
    ASSERT_TRUE(running());
    EXPECT_EQ(running()->frame, RemoteAddr(0x5000));
}

TEST_P(Collections, WhoComesIntoQuestion) {
    RawFrame plain, by_c;
    plain.frame = RemoteAddr(0x5000);
    by_c.frame = RemoteAddr(0x6000);
    by_c.through_c = true;
    const bool silent = layout().current_frame == CurrentFrame::kHeapFrame;  // frames do not show who called them
    EXPECT_EQ(judged({plain, plain}, true), Collector::kPerhaps);
    EXPECT_EQ(judged({plain}, false), Collector::kNo);
    EXPECT_EQ(judged({by_c}, false), Collector::kNo);  // the outermost
    EXPECT_EQ(judged({}, false), Collector::kNo);
    EXPECT_EQ(judged({plain, plain}, false), silent ? Collector::kPerhaps : Collector::kNo);
    EXPECT_EQ(judged({plain, by_c, plain}, false), Collector::kPerhaps);
    EXPECT_EQ(judged({plain, by_c}, false, RemoteAddr(0x6000)), Collector::kYes);
    EXPECT_EQ(judged({plain, by_c}, true, RemoteAddr(0x7000)), Collector::kNo);
}

TEST_P(Collections, Attachments) {
    const bool told = layout().thread.state.present();
    const auto with = [&](std::int32_t state) {
        py_.put(thread_, layout().thread.state, state);
        return attachment(py_.memory(), layout(), thread_);
    };
    EXPECT_EQ(with(0), told ? Attachment::kDetached : Attachment::kUnknown);
    EXPECT_EQ(with(1), told ? Attachment::kAttached : Attachment::kUnknown);
    EXPECT_EQ(with(2), told ? Attachment::kSuspended : Attachment::kUnknown);
    EXPECT_EQ(with(99), Attachment::kUnknown);
}

INSTANTIATE_TEST_SUITE_P(All, Collections, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython

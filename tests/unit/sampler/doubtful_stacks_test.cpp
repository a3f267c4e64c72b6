// SPDX-License-Identifier: MIT
#include "sampler/doubtful_stacks.hpp"

#include "support/fake_python.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace lampyr::sampler {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

class DoubtfulStacksTest : public test::LayoutTest {
  protected:
    static bool all(std::span<cpython::RawFrame> /*frames*/, std::uint64_t /*apart*/) { return true; }
    static bool none(std::span<cpython::RawFrame> /*frames*/, std::uint64_t /*apart*/) { return false; }

    [[nodiscard]] cpython::RawFrame frame(RemoteAddr code, std::uint32_t offset = 8) const {
        return {RemoteAddr(0x1000), code, py_.instruction({.code = code, .offset = offset}), 0, false, false};
    }
    /// main → work → step, of which `in_doubt` are.
    [[nodiscard]] cpython::RawStack stack(std::uint32_t in_doubt, std::uint32_t offset = 8) {
        frames_ = {frame(step_), frame(work_, offset), frame(main_)};
        cpython::RawStack made;
        made.frames = frames_;
        made.unproven = in_doubt;
        made.root_reached = made.recognisable = true;
        return made;
    }
    [[nodiscard]] StackId push(StackId outer, RemoteAddr code, std::uint32_t offset = 8) {
        return builder_.intern_stack(outer, cache_.resolve(frame(code, offset)).frame);
    }
    [[nodiscard]] StackId push_marker(StackId outer, const char* name) {
        return builder_.intern_stack(outer, builder_.intern_marker(name));
    }
    /// As the profile shows it.
    [[nodiscard]] StackId shown(std::uint32_t in_doubt, std::uint32_t offset = 8) {
        StackId id = push(kEmptyStack, main_);
        if (in_doubt == 2) id = push_marker(id, "(unproven)");
        id = push(id, work_, offset);
        if (in_doubt == 1) id = push_marker(id, "(unproven)");
        return push(id, step_);
    }
    [[nodiscard]] SampleId add(StackId stack, std::uint32_t samples = 1) {
        SampleId row;
        for (std::uint32_t i = 0; i < samples; ++i)
            row = builder_.add_sample(thread_, stack, ThreadState::kRunning, {}, seconds(1));
        doubts_.note(row);
        return row;
    }
    [[nodiscard]] std::vector<DoubtfulStacks::Moved> settle(const DoubtfulStacks::Recognise& recognise,
                                                            nanoseconds before = nanoseconds::max()) {
        const auto moved = doubts_.settle(recognise, cache_, before);
        return {moved.begin(), moved.end()};
    }

    test::FakePython py_{layout()};
    profile::Builder builder_;
    FileNames files_{"", [](std::string_view) { return false; }};
    CodeCache cache_{py_.memory(), layout(), builder_, files_};
    DoubtfulStacks doubts_{builder_};
    ThreadId thread_ = builder_.add_thread({});
    RemoteAddr main_ = py_.code({.name = "main"});
    RemoteAddr work_ = py_.code({.name = "work"});
    RemoteAddr step_ = py_.code({.name = "step"});
    std::vector<cpython::RawFrame> frames_;
};

TEST_P(DoubtfulStacksTest, WhatIsKnownByTheEndIsClaimed) {
    for (const std::uint32_t in_doubt : {1U, 2U}) {
        const StackId marked = doubts_.mark(stack(in_doubt), shown(in_doubt), seconds(1));
        EXPECT_NE(marked, shown(in_doubt));
        const SampleId row = add(marked, 3);
        EXPECT_TRUE(settle(none, seconds(1)).empty()) << "it may become known yet";
        const auto moved = settle(all);
        ASSERT_EQ(moved.size(), 1U);
        EXPECT_EQ(moved[0].from, row);
        EXPECT_EQ(moved[0].claimed, 3U);
        EXPECT_EQ(builder_.sample(moved[0].to).stack, shown(0));
        EXPECT_TRUE(settle(all).empty());
    }
    EXPECT_EQ(builder_.samples_added(), 6U);
    const Profile profile = std::move(builder_).finish({});
    ASSERT_EQ(profile.samples.size(), 1U);
    EXPECT_EQ(profile.samples[0].count, 6U);
    EXPECT_EQ(profile.samples[0].weight, seconds(6));
}

TEST_P(DoubtfulStacksTest, WhatIsNotStaysInDoubt) {
    const SampleId row = add(doubts_.mark(stack(2), shown(2), seconds(1)));
    const auto moved = settle(none, seconds(2));
    ASSERT_EQ(moved.size(), 1U) << "it has waited long enough";
    EXPECT_EQ(moved[0].from, row);
    EXPECT_EQ(moved[0].claimed, 0U);
    EXPECT_EQ(builder_.sample(moved[0].to).stack, shown(2));
}

/// What is claimed of one says nothing of another that looks the same.
TEST_P(DoubtfulStacksTest, CallsFromOneLineAreToldApart) {
    const StackId here = doubts_.mark(stack(1), shown(1), {});
    const SampleId row = add(here);
    EXPECT_EQ(doubts_.mark(stack(1), shown(1), {}), here);
    cpython::RawStack from_elsewhere = stack(1);
    frames_[1].tlbc_index = 0;
    frames_[1].instruction = py_.instruction({.code = work_, .offset = 10});
    const StackId there = doubts_.mark(from_elsewhere, shown(1), {});
    EXPECT_NE(there, here);
    const SampleId other = add(there);
    const auto moved = settle([&](std::span<cpython::RawFrame> frames, std::uint64_t /*apart*/) {
        return frames[1].instruction == frame(work_).instruction;
    });
    ASSERT_EQ(moved.size(), 2U);
    for (const DoubtfulStacks::Moved& one : moved) {
        EXPECT_EQ(one.claimed, one.from == row ? 1U : 0U);
        EXPECT_EQ(builder_.sample(one.to).stack, one.from == other ? shown(1) : shown(0));
    }
}

TEST_P(DoubtfulStacksTest, ACallerIsPutWhereItCalls) {
    static_cast<void>(add(doubts_.mark(stack(1, 8), shown(1, 8), {})));
    const auto moved = settle([&](std::span<cpython::RawFrame> frames, std::uint64_t /*apart*/) {
        frames[1].instruction = py_.instruction({.code = work_, .offset = 2});
        return true;
    });
    ASSERT_EQ(moved.size(), 1U);
    EXPECT_EQ(builder_.sample(moved[0].to).stack, shown(0, 2));
}

TEST_P(DoubtfulStacksTest, WhatOthersHavePutIntoTheStackStays) {
    const StackId marked = doubts_.mark(stack(2), shown(2), {});
    const SampleId row = add(push_marker(marked, "native"));
    EXPECT_EQ(builder_.sample(row).stack, push_marker(marked, "native"));
    const auto moved = settle(all);
    ASSERT_EQ(moved.size(), 1U);
    EXPECT_EQ(builder_.sample(moved[0].to).stack, push_marker(shown(0), "native"));
}

TEST_P(DoubtfulStacksTest, PartsOfARowAreFollowed) {
    const StackId marked = doubts_.mark(stack(2), shown(2), {});
    const SampleId row = add(marked, 3);
    const SampleId apart = builder_.set_apart(row, 1, seconds(1), push_marker(marked, "(reused code)"));
    doubts_.follow(row, apart);
    const auto moved = settle(none);
    ASSERT_EQ(moved.size(), 2U);
    EXPECT_EQ(builder_.sample(moved[0].to).stack, shown(2));
    EXPECT_EQ(builder_.sample(moved[1].to).stack, push_marker(shown(2), "(reused code)"));
}

TEST_P(DoubtfulStacksTest, AnotherCodeObjectInThePlaceOfOneIsNotClaimed) {
    static_cast<void>(add(doubts_.mark(stack(2), shown(2), {})));
    py_.put(work_, layout().code.name, py_.string("another"));
    py_.put(work_, layout().code.qualname, py_.string("another"));
    const std::array frames{frame(work_)};
    cache_.prove(frames, 0, {});
    const auto moved = settle(all);
    ASSERT_EQ(moved.size(), 1U);
    EXPECT_EQ(moved[0].claimed, 0U);
}

TEST_P(DoubtfulStacksTest, OnlyWhatWaitsForCallsIsMarked) {
    cpython::RawStack other = stack(2);
    other.recognisable = false;
    EXPECT_EQ(doubts_.mark(other, shown(2), {}), shown(2));
    EXPECT_EQ(doubts_.mark(stack(1), shown(2), {}), shown(2)) << "more is in doubt than calls can clear";
    EXPECT_EQ(doubts_.mark(stack(2), shown(0), {}), shown(0));
    static_cast<void>(add(shown(2)));
    EXPECT_TRUE(settle(all).empty());
}

INSTANTIATE_TEST_SUITE_P(Layouts, DoubtfulStacksTest, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::sampler

// SPDX-License-Identifier: MIT
#include "unit/profile/allocation_counter.hpp"
#include "unit/profile/sample_profile.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lampyr::profile {
namespace {

using std::chrono::milliseconds;
using test::ProfileDraft;

TEST(Builder, EmptyStringIsRowZero) {
    Builder builder;
    EXPECT_EQ(builder.intern_string(""), StringId{0});
    EXPECT_EQ(builder.intern_string("a"), builder.intern_string(std::string("a")));
    EXPECT_NE(builder.intern_string("a"), builder.intern_string("b"));
    EXPECT_EQ(builder.intern_string(std::string_view("a\0b", 3)).value, 3U);
    EXPECT_EQ(builder.string(builder.intern_string("b")), "b");
}

TEST(Builder, FunctionsAreKnownByNameFileAndFirstLine) {
    Builder builder;
    Function f;
    f.name = builder.intern_string("f");
    f.file = builder.intern_string("/a.py");
    f.first_line = 3;
    const FunctionId id = builder.intern_function(f);
    EXPECT_EQ(builder.intern_function(f), id);
    f.kind = FunctionKind::kNative;
    EXPECT_EQ(builder.intern_function(f), id);
    f.first_line = 4;
    EXPECT_NE(builder.intern_function(f), id);
    f.first_line = 3;
    f.file = builder.intern_string("/b.py");
    EXPECT_NE(builder.intern_function(f), id);
    EXPECT_EQ(builder.intern_frame(id, 7), builder.intern_frame(id, 7));
    EXPECT_NE(builder.intern_frame(id, 7), builder.intern_frame(id, 8));
}

TEST(Builder, ParentsComeBeforeChildren) {
    const Profile profile = test::mixed_profile(1);
    ASSERT_FALSE(profile.stacks.empty());
    std::set<std::pair<StackId, FrameId>> seen;
    for (std::uint32_t i = 0; i < profile.stacks.size(); ++i) {
        const StackNode& node = profile.stacks[i];
        EXPECT_TRUE(node.parent == kEmptyStack || node.parent.value < i);
        EXPECT_TRUE(seen.emplace(node.parent, node.frame).second) << "node " << i << " is there twice";
    }
}

TEST(Builder, ManyStacksStayDistinctAndSmall) {
    Builder builder;
    const FunctionId function = builder.intern_function({});
    StackId at = kEmptyStack;
    std::vector<StackId> ids;
    for (std::uint32_t i = 0; i < 200'000; ++i) {
        if (i % 50 == 0) at = kEmptyStack;
        at = builder.intern_stack(at, builder.intern_frame(function, i / 3));
        ids.push_back(at);
    }
    const double bytes = static_cast<double>(builder.stack_bytes()) / static_cast<double>(builder.stack_nodes());
    EXPECT_LE(bytes, 40.0);
    at = kEmptyStack;
    for (std::uint32_t i = 0; i < 200'000; ++i) {
        if (i % 50 == 0) at = kEmptyStack;
        at = builder.intern_stack(at, builder.intern_frame(function, i / 3));
        ASSERT_EQ(at, ids[i]);
    }
}

TEST(Builder, MemoryOfANodeIsBoundedAtEverySize) {
    Builder builder;
    const FrameId frame = builder.intern_frame(builder.intern_function({}), 0);
    StackId at = kEmptyStack;
    for (std::uint32_t i = 1; i <= 60'000; ++i) {
        at = builder.intern_stack(at, frame);
        if (i < 2000) continue;  // the first sizes are generous
        ASSERT_LE(builder.stack_bytes(), 40 * builder.stack_nodes()) << "at " << i << " nodes";
    }
}

TEST(Builder, WhatIsKnownIsFoundWithoutAllocating) {
    for (const bool timeline : {false, true}) {
        ProfileDraft maker({.timeline = timeline});
        const ThreadId thread = maker.thread(maker.process(1), 1);
        const FrameId a = maker.frame("a", "/a.py", 1);
        const FrameId b = maker.frame("b", "/a.py", 2);
        const StackId stack = maker.stack({a, b});
        maker.sample(thread, stack, 0);
        const std::uint64_t before = test::allocations();
        for (int i = 1; i < 1000; ++i) maker.sample(thread, maker.stack({a, b}), 10 * i);
        EXPECT_EQ(test::allocations(), before) << "timeline " << timeline;
        EXPECT_EQ(maker.finish().samples.size(), 1U);
    }
}

TEST(Builder, WeightsMayComeLater) {
    for (const bool timeline : {false, true}) {
        ProfileDraft maker({.timeline = timeline});
        const ThreadId thread = maker.thread(maker.process(1), 1);
        const StackId a = maker.stack({maker.frame("a", "/a.py", 1)});
        const StackId b = maker.stack({maker.frame("b", "/a.py", 1)});
        const auto add = [&](StackId stack, int start) {
            return maker.builder.add_sample(thread, stack, ThreadState::kRunning, milliseconds(start), milliseconds(10),
                                            milliseconds(0));
        };
        const SampleId first = add(a, 0);
        EXPECT_EQ(add(a, 10), first) << "its span, not its weight, says that the two touch";
        const SampleId other = add(b, 20);
        EXPECT_NE(other, first);
        maker.builder.add_weight(first, milliseconds(7));
        maker.builder.add_weight(other, milliseconds(3));
        maker.builder.add_weight(first, milliseconds(1));
        const Profile profile = maker.finish();
        ASSERT_EQ(profile.samples.size(), 2U) << "timeline " << timeline;
        EXPECT_EQ(profile.samples[0].count, 2U);
        EXPECT_EQ(profile.samples[0].weight, milliseconds(8));
        EXPECT_EQ(profile.samples[1].weight, milliseconds(3));
    }
}

TEST(Builder, EqualSamplesAreOneRow) {
    ProfileDraft maker;
    const ProcessId process = maker.process(1);
    const ThreadId one = maker.thread(process, 1);
    const ThreadId two = maker.thread(process, 2);
    const StackId a = maker.stack({maker.frame("a", "/a.py", 1)});
    const StackId b = maker.stack({maker.frame("b", "/a.py", 1)});
    maker.sample(one, a, 0, 10);
    maker.sample(two, a, 0, 10);
    maker.sample(one, b, 10, 10);
    maker.sample(one, a, 20, 15);
    maker.sample(one, a, 35, 10, ThreadState::kIdle);
    const Profile profile = maker.finish();
    ASSERT_EQ(profile.samples.size(), 4U);
    EXPECT_EQ(profile.samples[0].count, 2U);
    EXPECT_EQ(profile.samples[0].weight, milliseconds(25));
    EXPECT_EQ(profile.samples[3].state, ThreadState::kIdle);
    EXPECT_EQ(profile.info.stacks, 5U);
}

TEST(Builder, TimelineMergesOnlyWhatTouches) {
    ProfileDraft maker({.timeline = true});
    const ProcessId process = maker.process(1);
    const ThreadId one = maker.thread(process, 1);
    const ThreadId two = maker.thread(process, 2);
    const StackId a = maker.stack({maker.frame("a", "/a.py", 1)});
    const StackId b = maker.stack({maker.frame("b", "/a.py", 1)});
    maker.sample(one, a, 0);
    maker.sample(two, a, 0);
    maker.sample(one, a, 10);  // touches
    maker.sample(two, b, 10);
    maker.sample(one, a, 30);  // a hole of 10 ms
    maker.sample(two, a, 20);
    maker.sample(one, a, 40, 10, ThreadState::kRunningGil);  // another state
    const Profile profile = maker.finish();
    ASSERT_EQ(profile.samples.size(), 6U);
    EXPECT_EQ(profile.samples[0].count, 2U);
    EXPECT_EQ(profile.samples[0].weight, milliseconds(20));
    for (std::size_t i = 1; i < profile.samples.size(); ++i)
        EXPECT_LE(profile.samples[i - 1].start, profile.samples[i].start);
    EXPECT_EQ(profile.info.stacks, 7U);
}

TEST(Builder, TimelineBridgesTheGapItIsTold) {
    ProfileDraft maker({.timeline = true, .merge_gap = milliseconds(2)});
    const ThreadId thread = maker.thread(maker.process(1), 1);
    const StackId a = maker.stack({maker.frame("a", "/a.py", 1)});
    maker.sample(thread, a, 0);
    maker.sample(thread, a, 12);
    maker.sample(thread, a, 25);
    EXPECT_EQ(maker.finish().samples.size(), 2U);
}

TEST(Builder, TimelineRowsDoNotDriftApart) {
    ProfileDraft maker({.timeline = true, .merge_gap = milliseconds(2)});
    const ThreadId thread = maker.thread(maker.process(1), 1);
    const StackId a = maker.stack({maker.frame("a", "/a.py", 1)});
    for (int i = 0; i < 100; ++i) maker.sample(thread, a, 11 * i, 10);  // a little late, again and again
    EXPECT_EQ(maker.finish().samples.size(), 1U);
}

TEST(Builder, CountsAddUpInBothModes) {
    for (const bool timeline : {false, true}) {
        const Profile profile = test::mixed_profile(7, timeline);
        std::uint64_t count = 0;
        for (const Sample& sample : profile.samples) count += sample.count;
        EXPECT_EQ(count, 400U);
        EXPECT_EQ(profile.info.stacks, 400U);
    }
}

TEST(Builder, AFullStackTableSaysSo) {
    ProfileDraft maker({.max_stack_nodes = 2});
    const ThreadId thread = maker.thread(maker.process(1), 1);
    const FrameId a = maker.frame("a", "/a.py", 1);
    const FrameId b = maker.frame("b", "/a.py", 2);
    const FrameId c = maker.frame("c", "/a.py", 3);
    const StackId known = maker.stack({a, b});
    const StackId full = maker.stack({a, b, c});
    EXPECT_EQ(maker.stack({a, b}), known);
    EXPECT_EQ(maker.stack({b}), full);
    EXPECT_EQ(maker.stack({c, a, b}), full) << "no edge may be made up";
    maker.sample(thread, full);
    const Profile profile = maker.finish();
    ASSERT_EQ(profile.stacks.size(), 3U);
    EXPECT_EQ(profile.string(profile.function(profile.stacks[2].frame).name), "(stack table full)");
    EXPECT_EQ(profile.stacks[2].parent, kEmptyStack);
}

TEST(Builder, ThreadsCanBeNamedLater) {
    ProfileDraft maker;
    const ThreadId thread = maker.thread(maker.process(1), 0);
    maker.builder.rename_thread(thread, maker.builder.intern_string("MainThread"));
    maker.builder.set_thread_tid(thread, Tid{12});
    const Profile profile = maker.finish();
    EXPECT_EQ(profile.string(profile.threads[0].name), "MainThread");
    EXPECT_EQ(profile.threads[0].os_tid, Tid{12});
}

TEST(Loss, EveryCauseHasItsOwnWord) {
    std::set<std::string_view> words;
    for (std::size_t i = 0; i < kLossCount; ++i) words.insert(to_string(static_cast<Loss>(i)));
    EXPECT_EQ(words.size(), kLossCount);
    EXPECT_FALSE(words.contains("unknown"));
}

}  // namespace
}  // namespace lampyr::profile

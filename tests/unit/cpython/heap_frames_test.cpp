// SPDX-License-Identifier: MIT
// Stacks up to 3.10, whose frames are objects anywhere in memory.
#include "cpython/stack_reader.hpp"

#include "unit/cpython/read_stacks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>

namespace lampyr::cpython {
namespace {

/// Layouts of heap frames that say whether they execute.
class ReadHeapFrames : public ReadStacks {
  protected:
    /// A memory that calls `change` before the thread state is read, which lies between the two copies.
    test::ChangingMemory changing(RemoteAddr thread, std::function<void()> change) {
        return {py_.memory(), [thread, change = std::move(change)](process::RemoteSegment next) {
                    if (next.address == thread.value) change();
                }};
    }
};

/// The pointer names a frame that had not begun by the first copy. Its caller must not get its time.
TEST_P(ReadHeapFrames, AFrameThatBeganMeanwhileIsClaimedOnceItsCallIsKnown) {
    const auto made = frames(5);
    const RemoteAddr thread = py_.thread({.frames = made});
    const RemoteAddr innermost = py_.frames_of(thread).back();
    const test::ChangingMemory memory(py_.memory(), [&](process::RemoteSegment next) {
        if (next.address == thread.value) set_executing(innermost, true);
        go_on_after_look(next, thread, innermost, made[4].code);
    });
    auto reads = reader(memory, py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 4; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    set_executing(innermost, false);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(reads.stacks().front()->unproven, 1U);
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));
    set_executing(innermost, false);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    expect_proven(*reads.stacks().front());
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));

    // And the other way round: by the time of the pointer it has returned, so its caller is not at the call any more.
    const RemoteAddr caller = py_.frames_of(thread)[3];
    set_executing(innermost, false);
    py_.set_current(thread, caller);
    auto before = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    ASSERT_EQ(before.sweep(), StackReader::Outcome::kOk);
    const RawFrame at_call = before.stacks().front()->frames[0];
    EXPECT_EQ(at_call.code, made[3].code);
    const auto going_on =
        changing(thread, [&] { py_.set_offset(caller, py_.frame({.code = made[3].code, .offset = 10})); });
    auto again = reader(going_on, py_.runtime({py_.interpreter({thread})}));
    ASSERT_EQ(again.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(again.stacks().front()->frames[0].code, made[3].code);
    EXPECT_NE(again.stacks().front()->frames[0].instruction, at_call.instruction);
}

/// A processor may copy what is one range in any order, ranges only one after the other.
TEST_P(ReadHeapFrames, ALookAtACallCopiesTheCallersSlotsAfterItsInstruction) {
    const RemoteAddr thread = py_.thread({.frames = frames(5)});
    const RemoteAddr caller = py_.frames_of(thread)[3];
    const RemoteAddr callee = py_.frames_of(thread)[4];
    std::vector<RemoteAddr> read;
    const test::ChangingMemory memory(py_.memory(), [&](process::RemoteSegment next) {
        read.emplace_back(next.address);
        if (next.address == thread.value) set_executing(callee, true);
    });
    auto reads = reader(memory, py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    set_executing(callee, false);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().front()->unproven, 1U) << "nothing is in doubt, so nothing is looked at";
    const std::array<RemoteAddr, 4> look = {caller, callee, caller, caller + layout().frame.localsplus.value()};
    EXPECT_NE(std::search(read.begin(), read.end(), look.begin(), look.end()), read.end());
}

/// The caller comes round in each of the first looks, which teaches nothing.
TEST_P(ReadHeapFrames, WhereThereIsTimeACallInDoubtIsLookedForLonger) {
    constexpr int kTooSoon = 20;
    for (const bool time : {false, true}) {
        const auto made = frames(5);
        const RemoteAddr thread = py_.thread({.frames = made});
        const RemoteAddr callee = py_.frames_of(thread)[4];
        const RemoteAddr slots = py_.frames_of(thread)[3] + layout().frame.localsplus.value();
        int looks = 0;
        const test::ChangingMemory memory(py_.memory(), [&](process::RemoteSegment next) {
            if (next.address == thread.value) set_executing(callee, true);
            go_on_after_look(next, thread, callee, made[4].code);
            if (next.address != slots.value) return;
            if (++looks <= kTooSoon) py_.memory().put(slots, static_cast<std::uint64_t>(looks));
        });
        auto reads = reader(memory, py_.runtime({py_.interpreter({thread})}));
        reads.set_pause(std::chrono::milliseconds(time ? 10 : 0));
        for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        for (const std::uint32_t unproven : {1U, time ? 0U : 1U}) {
            set_executing(callee, false);
            ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
            EXPECT_EQ(reads.stacks().front()->unproven, unproven);
        }
        EXPECT_EQ(looks, time ? kTooSoon + 3 : 8) << "three that teach are enough";
    }
}

/// Or a thread that stands still at a moment that deceives would prove whatever it shows.
TEST_P(ReadHeapFrames, LooksThatShowTheSameMomentTeachOnce) {
    const RemoteAddr thread = py_.thread({.frames = frames(5)});
    const RemoteAddr callee = py_.frames_of(thread)[4];
    const test::ChangingMemory memory(py_.memory(), [&](process::RemoteSegment next) {
        if (next.address == thread.value) set_executing(callee, true);
    });
    auto reads = reader(memory, py_.runtime({py_.interpreter({thread})}));
    reads.set_pause(std::chrono::milliseconds(10));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    for (int i = 0; i < 3; ++i) {
        set_executing(callee, false);
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        EXPECT_EQ(reads.stacks().front()->unproven, 1U);
    }
}

TEST_P(ReadHeapFrames, WhatACallerThatCameRoundHadCalledIsNotFoundAgainFromOutside) {
    const auto made = frames(6);
    const RemoteAddr thread = py_.thread({.frames = made});
    const RemoteAddr caller = py_.frames_of(thread)[3];
    std::uint64_t value = 1;
    bool changes = false;
    const auto memory = changing(thread, [&] {
        if (changes) py_.memory().put(caller + layout().frame.localsplus.value(), ++value);
    });
    auto reads = reader(memory, py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    const auto claimed = [&] {
        auto all = codes(*reads.stacks().front());
        all.erase(all.begin(), all.begin() + reads.stacks().front()->unproven);
        return all;
    };
    // The place of the innermost frame was used for something else.
    py_.memory().put(py_.frames_of(thread)[5] + layout().frame.previous.value(), RemoteAddr(0x1234));
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(claimed(), codes({made.begin(), made.end() - 1}));
    changes = true;
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(claimed(), codes({made.begin(), made.end() - 2}));
}

/// A frame that lies between those that are read twice is read twice, too, and what is read once begins behind it.
TEST_P(ReadHeapFrames, DeepStacksAreJoinedBehindWhatIsReadTwice) {
    const auto made = frames(60);
    const RemoteAddr thread = py_.thread({.frames = made});
    const std::vector<RemoteAddr>& at = py_.frames_of(thread);
    const auto call = [&](std::size_t caller, std::size_t callee) {
        py_.memory().put(at[callee] + layout().frame.previous.value(), at[caller]);
    };
    call(46, 48);
    call(47, 35);
    call(34, 47);
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        EXPECT_EQ(reads.stacks().front()->frames.size(), 60U);
    }
    expect_proven(*reads.stacks().front());
    EXPECT_EQ(reads.stacks().front()->frames[23].frame, at[35]);
    EXPECT_EQ(reads.stacks().front()->frames[24].frame, at[47]);
}

TEST_P(ReadHeapFrames, ADeadHeapFrameIsNotClaimed) {
    const RemoteAddr thread = py_.thread({.frames = frames(5)});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    set_executing(py_.frames_of(thread)[2], false);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(reads.stacks().front()->unproven, 3U) << "the dead one and the two above it";
}

INSTANTIATE_TEST_SUITE_P(Layouts, ReadHeapFrames, testing::ValuesIn(layouts_where([](const Layout& layout) {
                             return layout.frame.state.present();
                         })),
                         test::layout_name);

}  // namespace
}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#include "cpython/stack_reader.hpp"

#include "cpython/layout_table.hpp"

#include "support/fault_memory.hpp"
#include "unit/cpython/read_stacks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>

namespace lampyr::cpython {
namespace {

TEST_P(ReadStacks, ReadsAWholeStack) {
    const auto made = frames(20);
    const RemoteAddr thread = py_.thread({.frames = made, .os_tid = 77, .ident = 0x7000'1000});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().size(), 1U);
    const RawStack& stack = *reads.stacks().front();
    expect_proven(stack);
    EXPECT_EQ(codes(stack), codes(made));
    EXPECT_EQ(stack.ident, 0x7000'1000U);
    EXPECT_EQ(stack.native_id, layout().thread.native_thread_id.present() ? 77 : 0);
    const auto addresses = py_.frames_of(thread);
    for (std::size_t i = 0; i < addresses.size(); ++i)
        EXPECT_EQ(stack.frames[i].frame, addresses[addresses.size() - 1 - i]);
}

TEST_P(ReadStacks, OneCallASweepOncePredicted) {
    std::vector<RemoteAddr> threads;
    for (unsigned i = 0; i < 5; ++i)
        threads.push_back(py_.thread({.frames = frames(12), .ident = 0x7000'1000U + i * 0x1000U}));
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter(threads)}));
    for (int i = 0; i < 4; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    const std::size_t before = py_.memory().calls();
    for (int i = 0; i < 10; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(py_.memory().calls() - before, 10U);
    for (const RawStack* stack : reads.stacks()) EXPECT_FALSE(stack->mispredicted);
}

/// What a sweep costs does not depend on what the program did long ago.
class ReadAfterAnotherPhase : public ReadStacks {
  protected:
    std::size_t bytes_of_sweep(StackReader& reads) {
        const std::size_t before = py_.memory().bytes_read();
        EXPECT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        expect_proven(*reads.stacks().front());
        return py_.memory().bytes_read() - before;
    }
    void sweep_often(StackReader& reads, RemoteAddr innermost, std::uint64_t times = 4200) {
        for (std::uint64_t i = 0; i < times; ++i) {
            py_.memory().put(innermost + layout().frame.localsplus.value(), i);  // else it is not looked at
            static_cast<void>(reads.sweep());
        }
    }
};

/// The eval loops of an import nest deeply, those of the work that follows do not.
TEST_P(ReadAfterAnotherPhase, WhereCFramesLayOnceIsNotReadForEver) {
    if (layout().current_frame != CurrentFrame::kCFrame) GTEST_SKIP() << "its C frames name no frame";
    const RemoteAddr thread = py_.thread({.frames = frames(3)});
    const RemoteAddr top = py_.frames_of(thread).back();
    const RemoteAddr named = thread + layout().thread.frame.value();
    const RemoteAddr usual(py_.memory().get<std::uint64_t>(named));
    py_.allocate(3000);
    const RemoteAddr nested = py_.allocate(layout().frame.current_in_cframe.value() + 16);
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) bytes_of_sweep(reads);
    const std::size_t at_first = bytes_of_sweep(reads);
    py_.memory().put(named, nested);
    py_.point_to(thread, top);
    bytes_of_sweep(reads);
    py_.memory().put(named, usual);
    EXPECT_GT(bytes_of_sweep(reads), at_first + 3000) << "both places are read";
    sweep_often(reads, top);
    EXPECT_EQ(bytes_of_sweep(reads), at_first);
}

/// Of a deep stack only the inner frames are followed as long as the outer ones stand as they stood.
TEST_P(ReadAfterAnotherPhase, FramesThatNeedNotBeFollowedAreNotForgotten) {
    const RemoteAddr thread = py_.thread({.frames = frames(55)});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) bytes_of_sweep(reads);
    const std::size_t at_first = bytes_of_sweep(reads);
    const std::size_t calls = py_.memory().calls();
    sweep_often(reads, py_.frames_of(thread).back(), 2100);
    EXPECT_EQ(py_.memory().calls() - calls, 2100U);
    EXPECT_EQ(bytes_of_sweep(reads), at_first);
}

TEST_P(ReadAfterAnotherPhase, FramesThatAreMetNoMoreAreForgotten) {
    auto made = frames(4);
    const RemoteAddr thread = py_.thread({.frames = made});
    const RemoteAddr top = py_.frames_of(thread).back();
    made.back().generator = true;
    const RemoteAddr other = py_.thread({.frames = made});  // its generator is called from here for a while
    const RemoteAddr generator = py_.frames_of(other).back();
    const RemoteAddr caller = py_.frames_of(thread)[2];
    py_.memory().put(generator + layout().frame.previous.value(), caller);
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) bytes_of_sweep(reads);
    const std::size_t at_first = bytes_of_sweep(reads);
    py_.point_to(thread, generator);
    for (int i = 0; i < 3; ++i) bytes_of_sweep(reads);
    py_.point_to(thread, top);
    EXPECT_GT(bytes_of_sweep(reads), at_first) << "it may come back";
    sweep_often(reads, top);
    EXPECT_EQ(bytes_of_sweep(reads), at_first);
}

TEST_P(ReadStacks, ASweepOfCopiesIsAsOneOfWhatWasHeld) {
    std::vector<RemoteAddr> threads;
    for (unsigned i = 0; i < 3; ++i)
        threads.push_back(py_.thread({.frames = frames(12), .ident = 0x7000'1000U + i * 0x1000U}));
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter(threads)}));
    for (int i = 0; i < 4; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().size(), 3U);
    process::HeldCopy first;  // of two threads that are held; the third runs
    process::HeldCopy second;
    std::vector<process::RemoteSegment> ranges;
    reads.foresee_interpreters(ranges);
    reads.foresee(0, ranges);
    first.plan(ranges, 0);
    ASSERT_TRUE(first.take(py_.memory(), {}));
    ranges.clear();
    reads.foresee(2, ranges);
    second.plan(ranges, 0);
    ASSERT_TRUE(second.take(py_.memory(), {}));
    // All go on before the sweep: their callers are another's by then.
    std::vector<std::vector<RemoteAddr>> held;
    for (const RawStack* stack : reads.stacks()) {
        held.push_back(codes(*stack));
        const RemoteAddr thread = stack->tstate;
        py_.set_current(thread, py_.frames_of(thread)[5]);
        for (std::size_t i = 6; i < 12; ++i) set_executing(py_.frames_of(thread)[i], false);
    }
    const std::size_t before = py_.memory().calls();
    const std::array<const process::HeldCopy*, 3> copies{&first, nullptr, &second};
    ASSERT_EQ(reads.sweep_copies(copies), StackReader::Outcome::kOk);
    EXPECT_EQ(py_.memory().calls() - before, 1U) << "for the one that was not held";
    EXPECT_TRUE(reads.read_whole());
    for (const std::size_t i : {0U, 2U}) {
        expect_proven(*reads.stacks()[i]);
        EXPECT_EQ(codes(*reads.stacks()[i]), held[i]);
        EXPECT_FALSE(reads.stacks()[i]->mispredicted);
    }
    EXPECT_EQ(reads.stacks()[1]->frames.size(), 6U);
    // What is not in a copy is no part of a sweep that is called whole.
    second.forget();
    ASSERT_EQ(reads.sweep_copies(copies), StackReader::Outcome::kOk);
    EXPECT_FALSE(reads.read_whole());
    EXPECT_EQ(reads.stacks()[2]->frames.size(), 6U);
}

TEST_P(ReadStacks, AnUnchangedStackIsNotDecodedAgain) {
    const RemoteAddr thread = py_.thread({.frames = frames(8)});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 4; ++i) (void)reads.sweep();
    const std::uint64_t serial = reads.stacks().front()->serial;
    (void)reads.sweep();
    EXPECT_EQ(reads.stacks().front()->serial, serial);
    py_.set_offset(py_.frames_of(thread).back(),
                   py_.frame({.code = reads.stacks().front()->frames[0].code, .offset = 10}));
    (void)reads.sweep();
    EXPECT_NE(reads.stacks().front()->serial, serial);
}

TEST_P(ReadStacks, FollowsGrowingAndShrinkingStacks) {
    const auto made = frames(30);
    const RemoteAddr thread = py_.thread({.frames = made});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    const auto& addresses = py_.frames_of(thread);
    for (const std::size_t depth : {30U, 3U, 17U, 1U, 30U}) {
        py_.set_current(thread, addresses[depth - 1]);
        for (std::size_t i = 0; i < addresses.size(); ++i) set_executing(addresses[i], i < depth);
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        EXPECT_EQ(reads.stacks().front()->frames.size(), depth);
        EXPECT_TRUE(reads.stacks().front()->root_reached);
    }
}

TEST_P(ReadStacks, ReadsStacksOverManyChunks) {
    const auto made = frames(400);
    const RemoteAddr thread = py_.thread({.frames = made, .chunk_bytes = 2048});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    expect_proven(*reads.stacks().front());
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));
}

TEST_P(ReadStacks, ReadsGeneratorsAndCallsThroughC) {
    auto made = frames(9);
    made[3].generator = true;
    made[5].entry = true;
    made[6].generator = true;
    made[6].entry = true;
    const RemoteAddr thread = py_.thread({.frames = made});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    expect_proven(*reads.stacks().front());
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));
    EXPECT_FALSE(reads.stacks().front()->mispredicted);
}

/// Generators run for some ns at a time. One that the pointer names had not been resumed yet by the first copy, or has yielded.
TEST_P(ReadStacks, AGeneratorThatDidNotRunInTheFirstCopyLeavesItToWhoResumesIt) {
    if (!chunked()) return;  // heap frames: their calls are learned one by one, see live.shares.short
    auto made = frames(4);
    made[3].generator = true;
    made[3].entry = true;
    const RemoteAddr thread = py_.thread({.frames = made});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    const RemoteAddr generator = py_.frames_of(thread)[3];
    for (std::uint32_t offset : {8U, 10U, 12U, 14U, 16U}) {
        made[3].offset = offset;
        py_.set_offset(generator, made[3]);
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    }
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));
    py_.memory().put(generator + layout().frame.previous.value(), RemoteAddr());
    made.pop_back();
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_TRUE(reads.stacks().front()->root_reached);
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));

    // What is there is no generator any more: it ended.
    py_.memory().put(generator + layout().frame.owner.value(), std::uint8_t{0});
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_TRUE(reads.stacks().front()->root_reached);
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));
}

TEST_P(ReadStacks, WalksAllInterpretersAndThreads) {
    const RemoteAddr first = py_.thread({.frames = frames(2), .ident = 0x1000});
    const RemoteAddr second = py_.thread({.frames = frames(3), .ident = 0x2000});
    const RemoteAddr third = py_.thread({.frames = frames(4), .ident = 0x3000});
    const auto main = py_.interpreter({.threads = {first, second}, .id = 0, .gil_holder = second});
    const auto sub = py_.interpreter({.threads = {third}, .id = 1});
    auto reads = reader(py_.memory(), py_.runtime({main, sub}));
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    std::vector<std::size_t> depths;
    for (const RawStack* stack : reads.stacks()) depths.push_back(stack->frames.size());
    EXPECT_EQ(depths, (std::vector<std::size_t>{4, 3, 2})) << "newest first";
    EXPECT_EQ(reads.interpreters().size(), 2U);
}

TEST_P(ReadStacks, AThreadWithoutFramesIsNormal) {
    const RemoteAddr idle = py_.thread({.frames = {}, .ident = 0x1000});
    const RemoteAddr busy = py_.thread({.frames = frames(3), .ident = 0x2000});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({idle, busy})}));
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().size(), 2U);
    EXPECT_EQ(reads.stacks()[1]->status, StackStatus::kNoFrame);
    EXPECT_EQ(reads.stacks()[0]->frames.size(), 3U);
}

/// Slots of a frame that waits do not change. Where they do, a loop came round, and the call is another one. Such a call is
/// claimed once it has been proven to happen, and proofs are looked for at once.
TEST_P(ReadStacks, ALoopThatCameRoundIsSeenInTheSlots) {
    const auto made = frames(5);
    const RemoteAddr thread = py_.thread({.frames = made});
    const RuntimeAnchor anchor = py_.runtime({py_.interpreter({thread})});
    const RemoteAddr slot = py_.frames_of(thread)[3] + layout().frame.localsplus.value();
    std::uint64_t value = 1;
    int changes = 0;
    int segments = 0;
    const test::ChangingMemory memory(py_.memory(), [&](process::RemoteSegment next) {
        ++segments;
        if (changes-- > 0) py_.memory().put(slot, ++value);
        go_on_after_look(next, thread, py_.frames_of(thread)[4], made[4].code);
    });
    auto reads = reader(memory, anchor);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    for (int sweeps = 0; sweeps < 3; ++sweeps) {
        reads.set_still(0, true);
        changes = 1000;
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        EXPECT_EQ(reads.stacks().front()->unproven, 2U) << "a thread that has not run shows nothing new";
    }
    changes = 1000;
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(reads.stacks().front()->unproven, 2U) << "nobody has proven this call yet";
    EXPECT_EQ(reads.stacks().front()->frames.size(), 5U) << "kept, not dropped";

    changes = 1000;
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    const bool silent = !chunked() && !layout().frame.state.present();  // 2.7: nothing is claimed from elsewhere
    // Heap frames are studied call by call, and that of the frame with the slots itself is proven by now.
    EXPECT_EQ(reads.stacks().front()->unproven, chunked() || silent ? 2U : 1U);

    changes = segments = 0;
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    changes = segments;  // during the sweep, but not while it is read again to learn
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    changes = 1000;
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(reads.stacks().front()->unproven, silent ? 2U : 0U) << "the call is known to happen";
}

/// What had not been freed by the time it is counted was there when the stacks were read, and not the other way round.
TEST_P(ReadStacks, FreedCodeIsCountedBehindTheStacks) {
    const RemoteAddr thread = py_.thread({.frames = frames(3)});
    const RemoteAddr interpreter = py_.interpreter({thread});
    const Offset counter = layout().interpreter.code_object_generation;
    std::uint64_t freed = 0;
    const test::ChangingMemory memory(py_.memory(), [&](process::RemoteSegment next) {
        if (next.address == thread.value && counter.present()) py_.memory().put(interpreter + counter.value(), ++freed);
    });
    auto reads = reader(memory, py_.runtime({interpreter}));
    for (int i = 0; i < 4; ++i) {
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        if (reads.stacks().front()->mispredicted) continue;  // read by itself, behind the count
        EXPECT_EQ(reads.code_generation(), freed);
    }
    EXPECT_EQ(freed > 0, counter.present());
}

/// Layouts whose frames say whether they wait for a callee.
class ReadSpeakingFrames : public ReadStacks {
  protected:
    void set_waiting(RemoteAddr frame, bool waits) {
        const auto& f = layout().frame;
        if (f.stacktop.present())
            py_.memory().put(frame + f.stacktop.value(), waits ? std::int32_t{1} : std::int32_t{-1});
        else
            py_.memory().put(frame + f.stackpointer.value(), waits ? frame.value + f.localsplus.value() : 0);
    }
};

TEST_P(ReadSpeakingFrames, ACallerThatRunsItsOwnCodeIsTheInnermost) {
    // The innermost frame returned; the pointer to it was read before.
    const auto made = frames(5);
    const RemoteAddr thread = py_.thread({.frames = made});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    set_waiting(py_.frames_of(thread)[3], false);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    expect_proven(*reads.stacks().front());
    EXPECT_EQ(codes(*reads.stacks().front()), codes({made.begin(), made.end() - 1}));
}

TEST_P(ReadSpeakingFrames, ACallThatBeganMeanwhileIsFollowed) {
    const auto made = frames(5);
    const RemoteAddr thread = py_.thread({.frames = made});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (std::uint64_t i = 0; i < 5; ++i) {  // each time it is decoded anew, the calls are proven once more
        py_.memory().put(py_.frames_of(thread)[0] + layout().frame.localsplus.value(), i);
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    }
    py_.point_to(thread, py_.frames_of(thread)[3]);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    expect_proven(*reads.stacks().front());
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));
}

TEST_P(ReadSpeakingFrames, TheOuterPartIsFoundWhenTheInnermostFrameIsGone) {
    const auto made = frames(5);
    const RemoteAddr thread = py_.thread({.frames = made});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    // Its place was used for something else.
    const RemoteAddr gone = py_.frames_of(thread)[4];
    py_.memory().put(gone + layout().frame.previous.value(), RemoteAddr(0x1234));
    set_waiting(py_.frames_of(thread)[3], false);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    const RawStack& stack = *reads.stacks().front();
    EXPECT_TRUE(stack.root_reached);
    EXPECT_EQ(stack.unproven, 0U);
    EXPECT_EQ(codes(stack), codes({made.begin(), made.end() - 1}));
}

/// The pointer is read a moment later than the generator: by then that has yielded.
TEST_P(ReadStacks, AGeneratorThatStillRanInTheFirstCopyIsInnermost) {
    if (!chunked() && !layout().frame.state.present()) return;
    auto made = frames(4);
    made[3].generator = true;
    const RemoteAddr thread = py_.thread({.frames = made});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    py_.set_current(thread, py_.frames_of(thread)[2]);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(codes(*reads.stacks().front()), codes(made));
}

TEST_P(ReadStacks, CyclesEnd) {
    const RemoteAddr thread = py_.thread({.frames = frames(6)});
    const RuntimeAnchor anchor = py_.runtime({py_.interpreter({thread})});
    const auto& addresses = py_.frames_of(thread);
    py_.memory().put(addresses[0] + layout().frame.previous.value(), addresses[3]);
    auto reads = reader(py_.memory(), anchor);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    const RawStack& stack = *reads.stacks().front();
    EXPECT_FALSE(stack.root_reached);
    EXPECT_EQ(stack.unproven, stack.frames.size());
    EXPECT_LT(stack.frames.size(), 64U);
}

TEST_P(ReadStacks, AFrameThatHasReturnedIsNoRoot) {
    if (!chunked()) GTEST_SKIP() << "heap frames have no place of their own";
    const RemoteAddr thread = py_.thread({.frames = frames(6)});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    const RemoteAddr link = py_.frames_of(thread)[3] + layout().frame.previous.value();
    const auto caller = *py_.memory().read_pointer(link);
    const RemoteAddr local = py_.frames_of(thread)[5] + layout().frame.localsplus.value();
    std::uint64_t value = 0;
    for (int round = 0; round < 3; ++round) {
        py_.memory().put(link, RemoteAddr());  // it forgets its caller when it returns
        for (int sweeps = 0; sweeps < 4; ++sweeps) {
            py_.memory().put(local, ++value);  // or it would not be decoded again
            ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
            ASSERT_FALSE(reads.stacks().front()->frames.empty());
            EXPECT_EQ(reads.stacks().front()->frames.back().frame, py_.frames_of(thread)[0]) << round << " " << sweeps;
        }
        py_.memory().put(link, caller);
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        EXPECT_TRUE(reads.stacks().front()->root_reached);
        EXPECT_EQ(reads.stacks().front()->frames.size(), 6U);
    }
}

TEST_P(ReadStacks, AThreadListThatIsACycleEnds) {
    const RemoteAddr a = py_.thread({.frames = frames(1), .ident = 0x1000});
    const RemoteAddr b = py_.thread({.frames = frames(1), .ident = 0x2000});
    const RuntimeAnchor anchor = py_.runtime({py_.interpreter({a, b})});
    py_.memory().put(a + layout().thread.next.value(), b);
    auto reads = reader(py_.memory(), anchor);
    (void)reads.sweep();
    EXPECT_LE(reads.stacks().size(), 4U);
    EXPECT_TRUE(reads.list_broken());
}

TEST_P(ReadStacks, FollowsThreadsThatComeAndGo) {
    const RemoteAddr a = py_.thread({.frames = frames(2), .ident = 0x1000});
    const RemoteAddr b = py_.thread({.frames = frames(3), .ident = 0x2000});
    const RemoteAddr interpreter = py_.interpreter({a, b});
    auto reads = reader(py_.memory(), py_.runtime({interpreter}));
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().size(), 2U);
    const std::uint64_t version = reads.thread_list_version();
    py_.memory().put(interpreter + layout().interpreter.threads_head.value(), a);  // b, the newest, has ended
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().size(), 1U);
    EXPECT_EQ(reads.stacks().front()->frames.size(), 2U);
    EXPECT_NE(reads.thread_list_version(), version);
    py_.memory().put(interpreter + layout().interpreter.threads_head.value(), b);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(reads.stacks().size(), 2U);
}

/// Segments that a call reads, by address.
bool any_within(const std::vector<process::RemoteSegment>& segments, RemoteAddr address, std::uint64_t size) {
    return std::any_of(segments.begin(), segments.end(), [&](const process::RemoteSegment& segment) {
        return segment.address < address.value + size && address.value < segment.address + segment.size;
    });
}

TEST_P(ReadStacks, AThreadThatDoesNotRunIsNotRead) {
    const RemoteAddr sleeper = py_.thread({.frames = frames(6), .ident = 0x1000});
    const RemoteAddr runner = py_.thread({.frames = frames(3), .ident = 0x2000});
    const RuntimeAnchor anchor = py_.runtime({py_.interpreter({sleeper, runner})});
    std::vector<process::RemoteSegment> segments;
    const test::ChangingMemory memory(py_.memory(),
                                      [&](process::RemoteSegment segment) { segments.push_back(segment); });
    auto reads = reader(memory, anchor);
    const auto sweep_still = [&](int times) {
        for (int i = 0; i < times; ++i) {
            segments.clear();
            if (!reads.stacks().empty()) reads.set_still(1, true);
            ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        }
    };
    sweep_still(40);
    EXPECT_FALSE(any_within(segments, sleeper, layout().thread.size));
    EXPECT_TRUE(any_within(segments, runner, layout().thread.size));
    ASSERT_EQ(reads.stacks().size(), 2U);
    EXPECT_EQ(reads.stacks()[1]->frames.size(), 6U);

    // It wakes up, and is read at once and from then on.
    py_.set_current(sleeper, py_.frames_of(sleeper)[3]);
    for (std::size_t i = 4; i < 6; ++i) set_executing(py_.frames_of(sleeper)[i], false);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(reads.stacks()[1]->frames.size(), 4U);
    segments.clear();
    const std::size_t calls = py_.memory().calls();
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_TRUE(any_within(segments, sleeper, layout().thread.size));
    EXPECT_EQ(reads.stacks()[1]->frames.size(), 4U);
    EXPECT_GT(py_.memory().calls(), calls);
}

TEST_P(ReadStacks, TheListIsFollowedPastThreadsThatRest) {
    const RemoteAddr a = py_.thread({.frames = frames(2), .ident = 0x1000});
    const RemoteAddr b = py_.thread({.frames = frames(3), .ident = 0x2000});
    const RemoteAddr c = py_.thread({.frames = frames(4), .ident = 0x3000});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({a, b, c})}));
    for (int i = 0; i < 40; ++i) {
        ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
        for (std::size_t thread = 0; thread < 3; ++thread) reads.set_still(thread, true);
    }
    reads.check_list();
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().size(), 3U);
    // The one in the middle ends; both its neighbours sleep on.
    py_.memory().put(c + layout().thread.next.value(), a);
    for (std::size_t thread = 0; thread < 3; ++thread) reads.set_still(thread, true);
    reads.check_list();
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().size(), 2U);
    EXPECT_EQ(reads.stacks()[0]->tstate, c);
    EXPECT_EQ(reads.stacks()[1]->tstate, a);
    EXPECT_EQ(reads.stacks()[1]->frames.size(), 2U);
}

TEST_P(ReadStacks, DeepStacksAreJoinedToWhatDidNotChange) {
    const auto made = frames(200);
    const RemoteAddr thread = py_.thread({.frames = made});
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter({thread})}));
    const auto& addresses = py_.frames_of(thread);
    py_.set_current(thread, addresses[198]);
    for (int i = 0; i < 4; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    py_.set_current(thread, addresses[197]);
    set_executing(addresses[198], false);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    const RawStack& stack = *reads.stacks().front();
    expect_proven(stack);
    EXPECT_GT(stack.unchanged, 120U);
    EXPECT_EQ(codes(stack), codes({made.begin(), made.begin() + 198}));
    // A change far outside is seen.
    const FakeFrame other = py_.frame({.code = made[3].code, .offset = 12});
    py_.set_offset(addresses[3], other);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    EXPECT_EQ(reads.stacks().front()->frames[194].instruction, stack.frames[194].instruction);
    EXPECT_LE(stack.unchanged, 3U);
}

TEST_P(ReadStacks, OneLostThreadDoesNotCostTheOthers) {
    std::vector<RemoteAddr> threads;
    for (unsigned i = 0; i < 3; ++i) threads.push_back(py_.thread({.frames = frames(5), .ident = 0x1000U * (1U + i)}));
    auto reads = reader(py_.memory(), py_.runtime({py_.interpreter(threads)}));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    // The middle thread's stack vanishes as when a stack chunk is given back; its state stays.
    const RemoteAddr gone = chunked() ? py_.chunks_of(threads[1]).front() : py_.frames_of(threads[1]).back();
    py_.memory().unmap(gone);
    ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
    ASSERT_EQ(reads.stacks().size(), 3U);
    expect_proven(*reads.stacks()[0]);
    expect_proven(*reads.stacks()[2]);
    EXPECT_TRUE(reads.stacks()[1]->status == StackStatus::kUnreadable || !reads.stacks()[1]->root_reached);
}

TEST_P(ReadStacks, SurvivesAnyFault) {
    std::vector<RemoteAddr> threads;
    for (unsigned i = 0; i < 3; ++i) threads.push_back(py_.thread({.frames = frames(15), .ident = 0x1000U * (1U + i)}));
    const RuntimeAnchor anchor = py_.runtime({py_.interpreter(threads)});
    for (const test::Fault fault : {test::Fault::kFail, test::Fault::kTruncate, test::Fault::kChange}) {
        for (std::uint64_t nth = 0; nth < 12; ++nth) {
            const test::FaultMemory memory(py_.memory(), fault, nth, nth + 1);
            auto reads = reader(memory, anchor);
            for (int i = 0; i < 3; ++i) (void)reads.sweep();
            // After the fault has passed everything is as it should be again.
            for (int i = 0; i < 3; ++i) (void)reads.sweep();
            if (memory.calls() <= nth) continue;
            ASSERT_EQ(reads.sweep(), StackReader::Outcome::kOk);
            ASSERT_EQ(reads.stacks().size(), 3U);
            for (const RawStack* stack : reads.stacks()) EXPECT_EQ(stack->frames.size(), 15U);
        }
    }
}

TEST_P(ReadStacks, NothingThereIsSaid) {
    auto reads = reader(py_.memory(), {RemoteAddr(0x6660'0000), {}});
    EXPECT_EQ(reads.sweep(), StackReader::Outcome::kUnreadable);
    EXPECT_TRUE(reads.stacks().empty());
}

INSTANTIATE_TEST_SUITE_P(Layouts, ReadStacks, test::every_layout(), test::layout_name);
INSTANTIATE_TEST_SUITE_P(Layouts, ReadAfterAnotherPhase, test::every_layout(), test::layout_name);
INSTANTIATE_TEST_SUITE_P(Layouts, ReadSpeakingFrames, testing::ValuesIn(layouts_where([](const Layout& layout) {
                             return layout.frame.stacktop.present() || layout.frame.stackpointer.present();
                         })),
                         test::layout_name);
}  // namespace
}  // namespace lampyr::cpython

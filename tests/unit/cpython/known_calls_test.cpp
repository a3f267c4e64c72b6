// SPDX-License-Identifier: MIT
#include "cpython/known_calls.hpp"

#include <gtest/gtest.h>

namespace lampyr::cpython {
namespace {

RawFrame frame(std::uint64_t code, std::uint64_t instruction) {
    return {RemoteAddr(0x7000'0000), RemoteAddr(code), instruction, 0, false, false};
}

TEST(KnownCalls, ACallIsKnownWhenProvenThreeTimes) {
    KnownCalls known;
    const RawFrame caller = frame(0x1000, 8);
    const RawFrame callee = frame(0x2000, 2);
    known.learn(caller, callee);
    known.learn(caller, callee);
    EXPECT_FALSE(known.knows(caller, callee));
    EXPECT_FALSE(known.is_call(caller));
    known.learn(caller, callee);
    EXPECT_TRUE(known.knows(caller, callee));
    EXPECT_TRUE(known.is_call(caller));
    EXPECT_FALSE(known.knows(frame(0x1000, 10), callee)) << "another instruction";
    EXPECT_FALSE(known.knows(caller, frame(0x3000, 2))) << "another callee";
    EXPECT_FALSE(known.is_call(frame(0x1000, 10)));
}

TEST(KnownCalls, ProofsThatAreFewBesideTheDoubtsDoNotCount) {
    KnownCalls known;
    const RawFrame caller = frame(0x1000, 8);
    const RawFrame callee = frame(0x2000, 2);
    for (int i = 0; i < 1000; ++i) known.doubt(caller, callee);
    for (int i = 0; i < 3; ++i) known.learn(caller, callee);
    EXPECT_FALSE(known.knows(caller, callee));
    for (int i = 0; i < 100; ++i) known.learn(caller, callee);
    EXPECT_TRUE(known.knows(caller, callee));
}

TEST(KnownCalls, WhatIsKnownForSureNeedsOneLook) {
    KnownCalls known;
    known.learn_for_sure(frame(0x1000, 8), frame(0x2000, 2));
    EXPECT_TRUE(known.knows(frame(0x1000, 8), frame(0x2000, 2)));
    EXPECT_TRUE(known.is_call(frame(0x1000, 8)));
}

TEST(KnownCalls, TheVersionTellsWhetherAnythingWasLearned) {
    KnownCalls known;
    for (int i = 0; i < 3; ++i) known.learn(frame(0x1000, 8), frame(0x2000, 2));
    const std::uint64_t version = known.version();
    known.learn(frame(0x1000, 8), frame(0x2000, 2));
    EXPECT_EQ(known.version(), version);
    known.learn(frame(0x1000, 8), frame(0x3000, 2));
    EXPECT_GT(known.version(), version);
}

}  // namespace
}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
#include "native/merge.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace lampyr::native {
namespace {

/// Machine frames, innermost first: E eval loop, p plumbing, i interpreter, s start, g landmark, c other code.
std::vector<Role> roles(std::string_view letters) {
    std::vector<Role> made;
    for (const char letter : letters) {
        switch (letter) {
            case 'E': made.push_back(Role::kEval); break;
            case 'p': made.push_back(Role::kPlumbing); break;
            case 'i': made.push_back(Role::kInterpreter); break;
            case 's': made.push_back(Role::kStart); break;
            case 'g': made.push_back(Role::kLandmark); break;
            default: made.push_back(Role::kCode); break;
        }
    }
    return made;
}

/// Python frames, innermost first: P called by Python, C by C code.
std::vector<Caller> callers(std::string_view letters) {
    std::vector<Caller> made;
    for (const char letter : letters) made.push_back(letter == 'C' ? Caller::kC : Caller::kPython);
    return made;
}

struct Merged {
    MergeResult result;
    std::string text;  ///< innermost first: p0, n3, lost
};

Merged merged(std::string_view native, std::string_view python, bool complete = true) {
    std::vector<MergedFrame> rows;
    const auto machine = roles(native);
    const auto frames = callers(python);
    const MergeResult result = merge(machine, frames, complete, rows);
    std::string text;
    for (const MergedFrame& row : rows) {
        if (!text.empty()) text += ' ';
        if (row.kind == MergedFrame::Kind::kLost)
            text += "lost";
        else
            text += (row.kind == MergedFrame::Kind::kPython ? "p" : "n") + std::to_string(row.index);
    }
    return {result, text};
}

TEST(Merge, PythonCallsShareAnEvalLoopFrom311On) {
    const Merged got = merged("ccEpciEis", "PPCPC");
    EXPECT_EQ(got.result, MergeResult::kWhole);
    EXPECT_EQ(got.text, "n0 n1 p0 p1 p2 n4 p3 p4");
}

TEST(Merge, EachPythonFrameHasAnEvalLoopBefore311) {
    const Merged got = merged("cEpEpccEs", "CCC");
    EXPECT_EQ(got.result, MergeResult::kWhole);
    EXPECT_EQ(got.text, "n0 p0 p1 n5 n6 p2");
}

TEST(Merge, InterpreterCodeIsShownWherePythonCalledItAndNothingElseCameOfIt) {
    EXPECT_EQ(merged("ipEiE", "CC").text, "n0 p0 p1");
    EXPECT_EQ(merged("iciE", "C").text, "n0 n1 n2 p0");
}

TEST(Merge, LandmarksAreShownBetweenPythonFrames) { EXPECT_EQ(merged("EigiE", "CC").text, "p0 n2 p1"); }

TEST(Merge, AProgramAroundTheInterpreterIsShown) { EXPECT_EQ(merged("Epiccss", "C").text, "p0 n3 n4"); }

TEST(Merge, TheOutermostFrameWasEnteredFromCWhateverIsKnownOfItsCaller) {
    EXPECT_EQ(merged("cE", "PP").text, "n0 p0 p1");
}

TEST(Merge, AnEvalLoopThatIsEnteredOrLeftHasNoPythonFrame) {
    const Merged got = merged("EpcE", "C");
    EXPECT_EQ(got.result, MergeResult::kWhole);
    EXPECT_EQ(got.text, "n2 p0");
    EXPECT_EQ(merged("ipEcE", "C").text, "n0 n3 p0");
}

TEST(Merge, AThreadThatRunsNoPythonKeepsItsMachineFrames) {
    const Merged got = merged("cicss", "");
    EXPECT_EQ(got.result, MergeResult::kWhole);
    EXPECT_EQ(got.text, "n0 n1 n2");
}

TEST(Merge, MoreEvalLoopsThanPythonFramesShowPythonOnly) {
    const Merged got = merged("cccEcE", "C");
    EXPECT_EQ(got.result, MergeResult::kUnmatched);
    EXPECT_EQ(got.text, "p0");
    EXPECT_EQ(merged("EEE", "C").result, MergeResult::kUnmatched);
}

TEST(Merge, FewerEvalLoopsThanPythonFramesShowPythonOnly) {
    const Merged got = merged("cEc", "PCC");
    EXPECT_EQ(got.result, MergeResult::kUnmatched);
    EXPECT_EQ(got.text, "p0 p1 p2");
}

TEST(Merge, WhatUnwindingDidNotReachIsMarked) {
    const Merged got = merged("cEcEc", "PCCPC", false);
    EXPECT_EQ(got.result, MergeResult::kCut);
    EXPECT_EQ(got.text, "n0 p0 p1 n2 p2 n4 lost p3 p4");
}

TEST(Merge, NothingUnwoundLeavesAllOfPython) {
    EXPECT_EQ(merged("c", "PC", false).text, "n0 lost p0 p1");
    EXPECT_EQ(merged("", "PC", false).text, "lost p0 p1");
}

TEST(Merge, ACutStackWithTooManyEvalLoopsShowsPythonOnly) {
    EXPECT_EQ(merged("EcE", "C", false).result, MergeResult::kUnmatched);
}

TEST(Merge, EveryPythonFrameIsShownOnceAndInOrder) {
    for (const char* native : {"", "c", "E", "cEcE", "EEEE", "cEgEiEs"}) {
        for (const char* python : {"", "C", "P", "PPC", "CCC", "PCPC"}) {
            for (const bool complete : {true, false}) {
                std::vector<MergedFrame> rows;
                merge(roles(native), callers(python), complete, rows);
                std::uint32_t next = 0;
                for (const MergedFrame& row : rows) {
                    if (row.kind != MergedFrame::Kind::kPython) continue;
                    EXPECT_EQ(row.index, next++) << native << " " << python;
                }
                EXPECT_EQ(next, std::string_view(python).size()) << native << " " << python;
            }
        }
    }
}

}  // namespace
}  // namespace lampyr::native

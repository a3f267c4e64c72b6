// SPDX-License-Identifier: MIT
#include "native/expression.hpp"
#include "native/frame_names.hpp"
#include "native/return_path.hpp"
#include "native/unwind_rule.hpp"
#include "support/fake_memory.hpp"

#include <dwarf.h>
#include <gtest/gtest.h>

#include <vector>

namespace lampyr::native {
namespace {

using Kind = UnwindRule::Kind;
using process::ThreadRegisters;

constexpr std::uint64_t kStack = 0x7f0000001000;
constexpr std::uint64_t kWords = 512;
constexpr std::size_t kFramePointer = 6;

/// A stack of one page whose words hold their own number plus 1000, and registers that hold their number.
class Unwinding : public ::testing::Test {
  protected:
    Unwinding() {
        memory_.map(RemoteAddr(kStack - StackCopy::kRedZone), StackCopy::kRedZone + kWords * 8);
        for (std::uint64_t i = 0; i < kWords; ++i) memory_.put(RemoteAddr(kStack + 8 * i), i + 1000);
        for (std::size_t i = 0; i < ThreadRegisters::kCount; ++i) registers_.values[i] = i;
        registers_.values[ThreadRegisters::kStackPointer] = kStack;
        take();
    }

    void take() {
        stack_.make_room();
        stack_.take(memory_, registers_);
    }

    static UnwindRule rule(std::int32_t frame_offset) {
        UnwindRule rule;
        rule.frame_offset = frame_offset;
        rule.places[ThreadRegisters::kReturnAddress] = {Kind::kAtOffset, -8};
        rule.places[ThreadRegisters::kStackPointer] = {Kind::kValue, 0};
        return rule;
    }

    test::FakeMemory memory_;
    ThreadRegisters registers_;
    StackCopy stack_;
};

TEST_F(Unwinding, TheCopyHoldsWhatIsThereAndNoMore) {
    EXPECT_EQ(stack_.size(), StackCopy::kRedZone + kWords * 8);
    EXPECT_EQ(stack_.word(kStack), 1000U);
    EXPECT_EQ(stack_.word(kStack + (kWords - 1) * 8), 1000 + kWords - 1);
    EXPECT_EQ(stack_.word(kStack + (kWords - 1) * 8 + 1), std::nullopt);
    EXPECT_EQ(stack_.word(kStack - StackCopy::kRedZone - 1), std::nullopt);
    EXPECT_EQ(stack_.word(~std::uint64_t{0}), std::nullopt);
    EXPECT_EQ(stack_.word(0), std::nullopt);
}

TEST_F(Unwinding, TheNextCopyEndsWhereTheStackDid) {
    stack_.learn_end(kStack + 80);
    take();
    EXPECT_EQ(stack_.size(), StackCopy::kRedZone + 80);
    stack_.learn_end(kStack - 4096);  // of another stack
    take();
    EXPECT_EQ(stack_.size(), StackCopy::kRedZone + kWords * 8);
}

TEST_F(Unwinding, ARuleGivesTheCallersRegisters) {
    UnwindRule made = rule(32);
    made.places[kFramePointer] = {Kind::kAtOffset, -16};
    ASSERT_TRUE(made.apply(registers_, stack_));
    EXPECT_EQ(registers_.instruction_pointer(), 1003U);
    EXPECT_EQ(registers_.values[kFramePointer], 1002U);
    EXPECT_EQ(registers_.stack_pointer(), kStack + 32);
    EXPECT_EQ(registers_.values[3], 3U) << "left alone";
}

TEST_F(Unwinding, AnUndefinedReturnAddressIsTheEnd) {
    UnwindRule made = rule(8);
    made.places[ThreadRegisters::kReturnAddress] = {Kind::kUndefined, 0};
    ASSERT_TRUE(made.apply(registers_, stack_));
    EXPECT_EQ(registers_.instruction_pointer(), 0U);
}

TEST_F(Unwinding, WhatIsNotInTheCopyIsNoFrame) {
    const ThreadRegisters before = registers_;
    EXPECT_FALSE(rule(static_cast<std::int32_t>(8 * kWords + 16)).apply(registers_, stack_));
    EXPECT_FALSE(rule(-100000).apply(registers_, stack_));
    EXPECT_EQ(registers_.values, before.values) << "nothing is half applied";
}

TEST_F(Unwinding, ExpressionsOfProcedureLinkageTables) {
    // sp + 8 + ((ip & 15) >= 11) << 3
    const std::vector<Operation> plt{{DW_OP_breg7, 8, 0}, {DW_OP_breg16, 0, 0}, {DW_OP_lit15, 0, 0},
                                     {DW_OP_and, 0, 0},   {DW_OP_lit11, 0, 0},  {DW_OP_ge, 0, 0},
                                     {DW_OP_lit3, 0, 0},  {DW_OP_shl, 0, 0},    {DW_OP_plus, 0, 0}};
    registers_.values[ThreadRegisters::kReturnAddress] = 0x1006;
    EXPECT_EQ(evaluate(plt, registers_, stack_, 0), kStack + 8);
    registers_.values[ThreadRegisters::kReturnAddress] = 0x100b;
    EXPECT_EQ(evaluate(plt, registers_, stack_, 0), kStack + 16);
}

TEST_F(Unwinding, ExpressionsReadTheCopy) {
    const std::vector<Operation> saved{{DW_OP_call_frame_cfa, 0, 0}, {DW_OP_plus_uconst, 16, 0}, {DW_OP_deref, 0, 0}};
    EXPECT_EQ(evaluate(saved, registers_, stack_, kStack), 1002U);
    EXPECT_EQ(evaluate(saved, registers_, stack_, 0x1000), std::nullopt);
}

TEST_F(Unwinding, BrokenExpressionsHaveNoValue) {
    EXPECT_EQ(evaluate({}, registers_, stack_, 0), std::nullopt);
    const std::vector<std::vector<Operation>> all{{{DW_OP_plus, 0, 0}},
                                                  {{DW_OP_lit1, 0, 0}, {DW_OP_plus, 0, 0}},
                                                  {{DW_OP_breg31, 0, 0}},
                                                  {{DW_OP_bregx, 1U << 20, 0}},
                                                  {{DW_OP_lit0, 0, 0}, {DW_OP_skip, 0, 0}}};
    for (const std::vector<Operation>& broken : all) EXPECT_EQ(evaluate(broken, registers_, stack_, 0), std::nullopt);
    const std::vector<Operation> endless(1000, {DW_OP_lit1, 0, 0});
    EXPECT_EQ(evaluate(endless, registers_, stack_, 0), std::nullopt) << "more than the values have room for";
}

std::optional<UnwindRule> return_path(std::initializer_list<unsigned char> code) {
    std::vector<std::byte> bytes;
    for (const unsigned char byte : code) bytes.push_back(std::byte(byte));
    return read_return_path(bytes);
}

TEST_F(Unwinding, CodeThatOnlyReturnsSaysHow) {
    auto made = return_path({0x48, 0x83, 0xc4, 0x08, 0xc3});  // add $8, %rsp; ret
    ASSERT_TRUE(made.has_value());
    ASSERT_TRUE(made->apply(registers_, stack_));
    EXPECT_EQ(registers_.instruction_pointer(), 1001U);
    EXPECT_EQ(registers_.stack_pointer(), kStack + 16);

    registers_.values[ThreadRegisters::kStackPointer] = kStack;
    made = return_path({0x5b, 0x41, 0x5c, 0x5d, 0xc3});  // pop %rbx; pop %r12; pop %rbp; ret
    ASSERT_TRUE(made.has_value());
    ASSERT_TRUE(made->apply(registers_, stack_));
    EXPECT_EQ(registers_.values[3], 1000U);
    EXPECT_EQ(registers_.values[12], 1001U);
    EXPECT_EQ(registers_.values[kFramePointer], 1002U);
    EXPECT_EQ(registers_.instruction_pointer(), 1003U);
    EXPECT_EQ(registers_.stack_pointer(), kStack + 32);

    registers_.values[kFramePointer] = kStack + 80;
    made = return_path({0xc9, 0xc3});  // leave; ret
    ASSERT_TRUE(made.has_value());
    ASSERT_TRUE(made->apply(registers_, stack_));
    EXPECT_EQ(registers_.values[kFramePointer], 1010U);
    EXPECT_EQ(registers_.instruction_pointer(), 1011U);
    EXPECT_EQ(registers_.stack_pointer(), kStack + 96);
}

TEST_F(Unwinding, CodeThatDoesMoreSaysNothing) {
    EXPECT_FALSE(return_path({}));
    EXPECT_FALSE(return_path({0xc3 ^ 0xff}));
    EXPECT_FALSE(return_path({0x48, 0x83, 0xc4}));
    EXPECT_FALSE(return_path({0x48, 0x83, 0xc4, 0xf8, 0xc3})) << "takes more stack";
    EXPECT_FALSE(return_path({0x5c, 0xc3})) << "pop %rsp";
    EXPECT_FALSE(return_path({0x5d, 0x5d, 0x5d})) << "no end";
    EXPECT_FALSE(return_path({0x89, 0xc3, 0xc3})) << "mov %eax, %ebx";
}

TEST(FrameNames, TheEvalLoopIsKnownInAllItsParts) {
    EXPECT_EQ(role_in_interpreter("_PyEval_EvalFrameDefault", false), Role::kEval);
    EXPECT_EQ(role_in_interpreter("_PyEval_EvalFrameDefault.cold", false), Role::kEval);
    EXPECT_EQ(role_in_interpreter("_PyEval_EvalFrameDefault.constprop.0", false), Role::kEval);
    EXPECT_EQ(role_in_interpreter("PyEval_EvalFrameEx", true), Role::kEval);
    EXPECT_EQ(role_in_interpreter("PyEval_EvalFrameEx", false), Role::kPlumbing) << "it only calls the eval loop";
    EXPECT_EQ(role_in_interpreter("_PyEval_Vector", false), Role::kPlumbing);
    EXPECT_EQ(role_in_interpreter("gc_collect_main", false), Role::kLandmark);
    EXPECT_EQ(role_in_interpreter("builtin_exec.lto_priv.0", false), Role::kLandmark);
    EXPECT_EQ(role_in_interpreter("list_sort_impl", false), Role::kInterpreter);
    EXPECT_EQ(role_in_interpreter("", false), Role::kInterpreter);
}

}  // namespace
}  // namespace lampyr::native

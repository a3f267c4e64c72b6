// SPDX-License-Identifier: MIT
#include "sampler/rate_governor.hpp"
#include "sampler/own_load.hpp"

#include <gtest/gtest.h>

namespace lampyr::sampler {
namespace {

using namespace std::chrono_literals;

TEST(RateGovernor, FindsTheRateThatKeepsTheLimit) {
    for (const double cost_us : {5.0, 20.0, 200.0}) {  // of a sample
        RateGovernor governor(10'000, 0.03);
        double used = 0;
        for (int i = 0; i < 40; ++i) {
            used = cost_us * 1e-6 * governor.rate_hz();
            static_cast<void>(governor.adjust(used));
        }
        EXPECT_LE(used, 0.03) << cost_us;
        EXPECT_GE(used, 0.03 * 0.8) << "as much as is allowed is used, at " << cost_us;
    }
}

TEST(RateGovernor, ComesBackToWhatWasAskedFor) {
    RateGovernor governor(1000, 0.05);
    EXPECT_EQ(governor.rate_hz(), 1000) << "50 us a sample would fit";
    EXPECT_TRUE(governor.adjust(0.20));
    EXPECT_LT(governor.rate_hz(), 300);
    EXPECT_GE(governor.rate_hz(), 225);
    for (int i = 0; i < 20; ++i) static_cast<void>(governor.adjust(0.01 * governor.rate_hz() / 1000));
    EXPECT_EQ(governor.rate_hz(), 1000);
    EXPECT_LT(governor.lowest_hz(), 300) << "but it is remembered";
    EXPECT_FALSE(governor.adjust(0.01)) << "never above";
}

TEST(RateGovernor, AMomentsWorkDoesNotEndSampling) {
    RateGovernor governor(100, 0.01);
    EXPECT_TRUE(governor.adjust(1.0));
    EXPECT_EQ(governor.rate_hz(), 25);
    for (int i = 0; i < 20; ++i) static_cast<void>(governor.adjust(1.0));
    EXPECT_EQ(governor.rate_hz(), 1);
    RateGovernor slow(0.5, 0.001);
    EXPECT_FALSE(slow.adjust(1.0)) << "asked for less than that";
}

TEST(RateGovernor, BeginsCarefully) {
    EXPECT_EQ(RateGovernor(100'000, 0.05).rate_hz(), 1000);
    EXPECT_EQ(RateGovernor(100'000, 0.05).lowest_hz(), 1000);
    EXPECT_EQ(RateGovernor(100, 1e-9).rate_hz(), 1);
    EXPECT_EQ(RateGovernor(0.5, 0.01).rate_hz(), 0.5);
}

TEST(RateGovernor, WithoutALimitItDoesNothing) {
    RateGovernor governor(100, 0);
    EXPECT_FALSE(governor.adjust(1.0));
    EXPECT_EQ(governor.rate_hz(), 100);
    EXPECT_EQ(governor.lowest_hz(), 100);
}

TEST(OwnLoad, IsTheShareOfTheWindow) {
    OwnLoad load(10s, 1s);
    EXPECT_EQ(load.share(), 0);
    load.mark(10'100ms, 1010ms);
    EXPECT_NEAR(load.share(), 0.1, 1e-9);
    for (int i = 2; i < 30; ++i) load.mark(10s + i * 100ms, 1010ms + i * 50ms);
    EXPECT_NEAR(load.share(), 0.5, 1e-9) << "what was before the window counts no more";
    load.restart(20s, 5s);
    EXPECT_EQ(load.share(), 0);
    load.mark(21s, 5250ms);
    EXPECT_NEAR(load.share(), 0.25, 1e-9);
    EXPECT_EQ(load.span(), 1s);
}

}  // namespace
}  // namespace lampyr::sampler

// SPDX-License-Identifier: MIT
#include "base/time_histogram.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace lampyr {
namespace {

using std::chrono::nanoseconds;

TEST(TimeHistogram, QuantilesAreRightToThreePercent) {
    TimeHistogram histogram;
    EXPECT_EQ(histogram.quantile(0.5), nanoseconds(0));
    for (std::int64_t i = 1; i <= 100'000; ++i) histogram.add(nanoseconds(i * 7));
    for (const double part : {0.01, 0.5, 0.99}) {
        const double exact = part * 700'000;
        EXPECT_NEAR(static_cast<double>(histogram.quantile(part).count()), exact, exact * 0.035) << part;
    }
    EXPECT_EQ(histogram.count(), 100'000U);
}

TEST(TimeHistogram, EveryDurationHasABucketNearIt) {
    for (const std::int64_t value :
         {std::int64_t{-5}, std::int64_t{0}, std::int64_t{1}, std::int64_t{31}, std::int64_t{32}, std::int64_t{33},
          std::int64_t{1} << 40, std::numeric_limits<std::int64_t>::max()}) {
        TimeHistogram histogram;
        histogram.add(nanoseconds(value));
        const auto found = static_cast<double>(histogram.quantile(0.5).count());
        const auto wanted = static_cast<double>(std::max<std::int64_t>(value, 0));
        EXPECT_NEAR(found, wanted, wanted * 0.035) << value;
    }
}

}  // namespace
}  // namespace lampyr

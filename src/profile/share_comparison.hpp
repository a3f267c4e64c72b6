// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lampyr::profile {

/// How many samples of equal weight say as much as these: (sum of weights)² / (sum of squares).
class EffectiveCount {
  public:
    /// `samples` samples that weigh `weight` together.
    void add(std::chrono::nanoseconds weight, std::uint32_t samples) {
        const auto w = static_cast<double>(weight.count());
        sum_ += w;
        squares_ += w * w / static_cast<double>(samples);
    }
    void add(const EffectiveCount& other) {
        sum_ += other.sum_;
        squares_ += other.squares_;
    }
    [[nodiscard]] double value() const { return squares_ > 0 ? sum_ * sum_ / squares_ : 0; }

  private:
    double sum_ = 0;
    double squares_ = 0;
};

struct WeighedSamples {
    std::vector<Sample> samples{};
    EffectiveCount effective{};
};

/// A function's share in two sets of samples of one program.
struct ShareDifference {
    FunctionId function;
    bool self = true;  ///< of the stacks it is innermost in; else of all that hold it
    double first = 0;
    double second = 0;
    double standard_error = 0;  ///< of the difference, if both sets were drawn from the same shares
    double p_value = 1;         ///< that such a difference comes by chance, for this function alone
    [[nodiscard]] double size() const { return first > second ? first - second : second - first; }
};

struct ShareComparison {
    std::size_t tested = 0;  ///< shares with enough samples to be compared
    double largest = 0;      ///< difference among them
    /// The largest one that is not by chance, all tests considered, and large enough to matter.
    std::optional<ShareDifference> significant;
};

struct ComparisonLimits {
    double chance = 0.01;  ///< that anything is called significant when nothing is (Holm's procedure)
    double least = 0.02;   ///< smaller differences do not matter
};

/// Compares the shares of every function, self and inclusive, in two sets of samples taken in the same time. Both sets index
/// the tables of `tables`. Frames that are no code are not compared. `first_count`, `second_count`: effective numbers.
[[nodiscard]] ShareComparison compare_shares(const Profile& tables, std::span<const Sample> first, double first_count,
                                             std::span<const Sample> second, double second_count,
                                             const ComparisonLimits& limits = {});

}  // namespace lampyr::profile

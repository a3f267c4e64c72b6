// SPDX-License-Identifier: MIT
#include "profile/share_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace lampyr::profile {

namespace {

/// Fewer expected samples than this, in or out of a function, and the normal distribution is no guide.
constexpr double kLeastExpected = 5;

struct Shares {
    std::vector<double> self;   // by function
    std::vector<double> total;  // by function
};

/// What part of all weight each function has; a stack counts once for a function however often it recurs.
Shares shares_of(const Profile& tables, std::span<const Sample> samples) {
    Shares shares{std::vector<double>(tables.functions.size()), std::vector<double>(tables.functions.size())};
    std::vector<std::size_t> met(tables.functions.size(), 0);  // number of the sample that a function was last met in
    double all = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const auto weight = static_cast<double>(std::max<std::int64_t>(samples[i].weight.count(), 0));
        if (weight <= 0) continue;
        all += weight;
        for (StackId at = samples[i].stack; at != kEmptyStack; at = tables.stacks[at.value].parent) {
            const FunctionId function = tables.frames[tables.stacks[at.value].frame.value].function;
            if (at == samples[i].stack) shares.self[function.value] += weight;
            if (met[function.value] == i + 1) continue;
            met[function.value] = i + 1;
            shares.total[function.value] += weight;
        }
    }
    if (all <= 0) return shares;
    for (auto* part : {&shares.self, &shares.total})
        for (double& share : *part) share /= all;
    return shares;
}

/// Nothing when there are too few samples for a comparison.
std::optional<ShareDifference> difference(double first, double first_count, double second, double second_count) {
    const double pooled = (first * first_count + second * second_count) / (first_count + second_count);
    const double rarer = std::min(pooled, 1 - pooled) * std::min(first_count, second_count);
    if (rarer < kLeastExpected) return std::nullopt;
    ShareDifference found;
    found.first = first;
    found.second = second;
    found.standard_error = std::sqrt(pooled * (1 - pooled) * (1 / first_count + 1 / second_count));
    found.p_value = std::erfc(found.size() / found.standard_error / std::sqrt(2.0));
    return found;
}

}  // namespace

ShareComparison compare_shares(const Profile& tables, std::span<const Sample> first, double first_count,
                               std::span<const Sample> second, double second_count, const ComparisonLimits& limits) {
    ShareComparison comparison;
    if (first_count <= 0 || second_count <= 0) return comparison;
    const Shares one = shares_of(tables, first);
    const Shares two = shares_of(tables, second);
    std::vector<ShareDifference> tests;
    for (std::uint32_t i = 0; i < tables.functions.size(); ++i) {
        if (tables.functions[i].kind == FunctionKind::kMarker) continue;
        for (const bool self : {true, false}) {
            const auto& [a, b] = self ? std::tie(one.self, two.self) : std::tie(one.total, two.total);
            auto found = difference(a[i], first_count, b[i], second_count);
            if (!found) continue;
            found->function = FunctionId(i);
            found->self = self;
            comparison.largest = std::max(comparison.largest, found->size());
            tests.push_back(*found);
        }
    }
    comparison.tested = tests.size();
    // Holm: the smallest p against chance / n, the next against chance / (n - 1), until one fails.
    std::stable_sort(tests.begin(), tests.end(),
                     [](const ShareDifference& a, const ShareDifference& b) { return a.p_value < b.p_value; });
    for (std::size_t i = 0; i < tests.size(); ++i) {
        if (tests[i].p_value > limits.chance / static_cast<double>(tests.size() - i)) break;
        if (tests[i].size() < limits.least) continue;
        if (!comparison.significant || tests[i].size() > comparison.significant->size())
            comparison.significant = tests[i];
    }
    return comparison;
}

}  // namespace lampyr::profile

// SPDX-License-Identifier: MIT
#include "check/joined_tree.hpp"
#include "check/side_tree.hpp"
#include "check/statistics.hpp"
#include "check/words.hpp"

#include "base/escape.hpp"

#include <lampyr/check.hpp>

#include <fmt/format.h>
#include <boost/math/distributions/binomial.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

namespace lampyr {
namespace {

constexpr std::array<double, 4> kEffects{0.03, 0.05, 0.10, 0.20};
constexpr std::size_t kMostFunctions = 12;

/// All runs of one program, not yet divided into sides.
struct Pool {
    check::RunMatrix matrix{};
    std::vector<std::string> names{};  ///< by row
    std::vector<bool> tested{};        ///< rows that are code
};

Pool pool_of(const ProfileSide& runs) {
    const check::SideTree& side = runs.impl().tree;
    const check::SideTree none{{}};
    const check::FunctionMatch match = check::match_functions(side, side, {});
    const check::JoinedTree tree(side, none, match);
    Pool pool;
    pool.matrix = check::run_matrix(tree, match, side, none);
    for (const check::FunctionMatch::Row& row : match.rows) {
        const check::SideFunction& function = side.functions()[row.base];
        pool.names.push_back(function.name);
        pool.tested.push_back(function.kind != FunctionKind::kMarker);
    }
    return pool;
}

/// The runs named as the two sides of a check.
check::RunMatrix divided(const check::RunMatrix& all, const std::vector<std::size_t>& base,
                         const std::vector<std::size_t>& now) {
    check::RunMatrix picked;
    picked.base_runs = base.size();
    picked.now_runs = now.size();
    std::vector<std::size_t> order = base;
    order.insert(order.end(), now.begin(), now.end());
    const auto pick = [&order](const auto& from, auto& to) {
        for (const std::size_t run : order) to.push_back(from[run]);
    };
    picked.self.resize(all.self.size());
    picked.total.resize(all.total.size());
    for (std::size_t row = 0; row < all.self.size(); ++row) {
        pick(all.self[row], picked.self[row]);
        pick(all.total[row], picked.total[row]);
    }
    pick(all.program, picked.program);
    pick(all.all, picked.all);
    return picked;
}

bool alarms(const check::Analysis& analysis, const CheckRules& rules) {
    const check::AlarmLimits limits{rules.min_effect};
    return check::screen(analysis, limits).any();
}

}  // namespace

Result<std::string> plan_text(const ProfileSide& runs, const CheckRules& rules) {
    const std::size_t count = runs.runs();
    if (count < 4)
        return Error{ErrorCode::kUsage, fmt::format("{} are too few to plan with", plural(count, "run")),
                     "record the same program at least 4 times, better 10", 0};
    // The runs in turn as two sides: what differs between the sides is then chance, as it is to be known.
    std::vector<std::size_t> base;
    std::vector<std::size_t> now;
    for (std::size_t run = 0; run < count; ++run) (run % 4 == 1 || run % 4 == 2 ? now : base).push_back(run);
    const Pool pool = pool_of(runs);
    const check::RunMatrix matrix = divided(pool.matrix, base, now);
    const check::Analysis analysis = check::analyse(matrix, {0.01, rules.chance, pool.tested, true});
    std::vector<std::size_t> rows;
    const auto share = [&](std::size_t row) {
        double sum = 0;
        for (std::size_t run = 0; run < count; ++run) sum += matrix.self[row][run].time / matrix.all[run];
        return sum / static_cast<double>(count);
    };
    for (std::size_t row = 0; row < analysis.functions.size(); ++row)
        if (analysis.functions[row].self_in_family) rows.push_back(row);
    std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return share(a) > share(b); });
    std::string text =
        fmt::format("Runs needed on each side to find a slowdown 9 times in 10, from {} of this program:\n\n",
                    plural(count, "run"));
    text += fmt::format("{:>9}", "share");
    for (const double effect : kEffects) text += fmt::format("{:>8}", check::signed_percent(effect));
    text += "  of\n";
    const double halves = 1 / static_cast<double>(base.size()) + 1 / static_cast<double>(now.size());
    const auto add = [&](const std::string& first, const Estimate& estimate, double p, const std::string& name) {
        const double variance = estimate.standard_error * estimate.standard_error / halves;
        text += fmt::format("{:>9}", first);
        for (const double effect : kEffects) {
            const std::size_t needed = std::max<std::size_t>(check::runs_needed(effect, variance, p), 3);
            text += fmt::format("{:>8}", needed > 200 ? "> 200" : fmt::format("{}", needed));
        }
        text += "  " + base::terminal_text(name) + "\n";
    };
    if (analysis.program) add("100 %", *analysis.program, rules.chance / 2, "the whole program");
    for (std::size_t i = 0; i < rows.size() && i < kMostFunctions; ++i) {
        add(check::percent(share(rows[i])), *analysis.functions[rows[i]].self, analysis.smallest_p,
            pool.names[rows[i]]);
    }
    text +=
        fmt::format("\nFunctions vary {:.1f} times as much between runs as counting samples alone would make them.\n",
                    std::sqrt(analysis.dispersion));
    text +=
        "More runs help always; more samples a run (a higher rate, more work) only while counting is what varies.\n";
    return text;
}

Result<SelfTest> self_test(const ProfileSide& runs, const CheckRules& rules, std::size_t trials) {
    const std::size_t count = runs.runs();
    if (count < 6)
        return Error{ErrorCode::kUsage, fmt::format("{} are too few to split in two", plural(count, "run")),
                     "record the same program at least 6 times, better 30", 0};
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::mt19937_64 random(1);  // the same splits each time: reports are reproducible
    SelfTest result;
    const std::size_t half = std::min(count / 2, rules.runs);
    const Pool pool = pool_of(runs);
    for (result.trials = 0; result.trials < trials; ++result.trials) {
        for (std::size_t i = count; i-- > 1;) std::swap(order[i], order[random() % (i + 1)]);
        const auto at = order.begin() + static_cast<std::ptrdiff_t>(half);
        const check::RunMatrix split =
            divided(pool.matrix, {order.begin(), at}, {at, at + static_cast<std::ptrdiff_t>(half)});
        if (alarms(check::analyse(split, {0.01, rules.chance, pool.tested, true}), rules)) ++result.alarms;
    }
    result.upper_bound = result.alarms == result.trials
                             ? 1
                             : boost::math::binomial::find_upper_bound_on_p(static_cast<double>(result.trials),
                                                                            static_cast<double>(result.alarms), 0.01);
    return result;
}

}  // namespace lampyr

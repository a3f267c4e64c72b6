// SPDX-License-Identifier: MIT
#include "check/explanation.hpp"
#include "check/name_pattern.hpp"
#include "check/statistics.hpp"
#include "check/words.hpp"

#include <lampyr/check.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lampyr {
namespace {

using check::percent;
using check::signed_percent;

constexpr double kEnoughRuns = 3;

class Judge {
  public:
    explicit Judge(CheckResult& result) : result_(result) {}
    void run();

  private:
    void judge_functions();
    void name_totals();
    void judge_program();
    void judge_budgets();
    [[nodiscard]] BudgetFinding judge_budget(const Budget& budget) const;
    void excuse();
    void excuse_program();
    void decide();
    [[nodiscard]] bool matters(const Change& change) const;
    [[nodiscard]] FunctionFinding first_look(std::size_t row) const;

    CheckResult& result_;
    std::vector<std::size_t> named_;  ///< functions that grew by themselves
};

/// Growth of the program's time by this change.
double growth(const Change& change) { return change.time ? change.time->effect() * change.share.base : 0; }

bool Judge::matters(const Change& change) const {
    return change.time && check::is_alarm(*change.time, change.significant.slower, {result_.rules.min_effect}) &&
           growth(change) >= result_.rules.min_total;
}

FunctionFinding Judge::first_look(std::size_t row) const {
    const FunctionChange& function = result_.comparison.functions[row];
    if (function.kind == FunctionKind::kMarker) return {Finding::kNotTested, false, ""};
    const double share = std::max(function.total.share.base, function.total.share.now);
    if (function.match == MatchKind::kOnlyNew)
        return {share >= result_.rules.min_total ? Finding::kNew : Finding::kNotTested, false, ""};
    if (function.match == MatchKind::kOnlyBase)
        return {share >= result_.rules.min_total ? Finding::kGone : Finding::kNotTested, false, ""};
    if (matters(function.self)) return {Finding::kSlower, false, ""};
    if (matters(function.total)) return {Finding::kCarried, true, ""};  // until it is known to be its own
    const Significance& self = function.self.significant;
    const Significance& total = function.total.significant;
    if (self.slower || total.slower) return {Finding::kSmall, !self.slower, ""};
    if (self.faster && -function.self.time->effect() >= result_.rules.min_effect) return {Finding::kFaster, false, ""};
    if (self.tested || total.tested) return {Finding::kWithinNoise, false, ""};
    return {Finding::kNotTested, false, ""};
}

void Judge::judge_functions() {
    const Comparison& comparison = result_.comparison;
    const check::Neighbours neighbours(comparison);
    for (std::size_t row = 0; row < comparison.functions.size(); ++row) {
        FunctionFinding finding = first_look(row);
        if (finding.finding == Finding::kSlower) {
            if (const auto where = neighbours.cost_came_from(row)) {
                finding = {Finding::kMovedCost, false,
                           fmt::format("{} took as much less", comparison.functions[*where].name)};
            } else {
                named_.push_back(row);
            }
        }
        result_.functions.push_back(std::move(finding));
    }
    name_totals();
}

/// A function that grew with its callees is named only if those named already do not account for it. The smallest come
/// first, so that the innermost one is named and its callers are not.
void Judge::name_totals() {
    const Comparison& comparison = result_.comparison;
    std::vector<std::size_t> candidates;
    for (std::size_t row = 0; row < result_.functions.size(); ++row)
        if (result_.functions[row].finding == Finding::kCarried) candidates.push_back(row);
    std::sort(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
        const double x = comparison.functions[a].total.share.base;
        const double y = comparison.functions[b].total.share.base;
        return x != y ? x < y : a > b;
    });
    for (const std::size_t row : candidates) {
        const FunctionChange& function = comparison.functions[row];
        const check::Explained explained = check::explain(comparison, row, named_, result_.functions);
        const double left = growth(function.total) - explained.growth;
        const double unsure = 2 * function.total.time->standard_error * function.total.share.base;
        const bool own = left >= result_.rules.min_total && left >= 0.3 * growth(function.total) && left > unsure;
        if (!own && explained.by) {
            result_.functions[row].note = fmt::format("because of {}", comparison.functions[*explained.by].name);
            continue;
        }
        if (!own) {
            result_.functions[row].finding = Finding::kSmall;
            continue;
        }
        result_.functions[row] = {Finding::kSlower, true, "with what it calls"};
        named_.push_back(row);
    }
}

void Judge::judge_program() {
    const auto& program = result_.comparison.program;
    if (!program) return;
    const Significance& significant = result_.comparison.program_significant;
    result_.program = Finding::kWithinNoise;
    if (check::is_alarm(*program, significant.slower, {result_.rules.min_effect}))
        result_.program = Finding::kSlower;
    else if (significant.slower)
        result_.program = Finding::kSmall;
    else if (significant.faster)
        result_.program = Finding::kFaster;
}

BudgetFinding Judge::judge_budget(const Budget& budget) const {
    using State = BudgetFinding::State;
    BudgetFinding worst{budget, State::kNoFunction, "", "no function of that name was met"};
    const auto take = [&](const FunctionChange& function, double value, double error, double limit, std::string words) {
        const bool over = value > limit;
        const auto runs = static_cast<double>(result_.comparison.now.runs);
        const bool sure = over && runs > 1 && check::interval95(value, error, runs - 1).low > limit;
        const State state = !over ? State::kKept : sure ? State::kBroken : State::kUnsure;
        const auto rank = [](State s) {
            return s == State::kBroken ? 3 : s == State::kUnsure ? 2 : s == State::kKept ? 1 : 0;
        };
        if (rank(state) > rank(worst.state)) worst = {budget, state, function.name, std::move(words)};
    };
    for (const FunctionChange& function : result_.comparison.functions) {
        if (function.match == MatchKind::kOnlyBase || !check::matches(budget.function, function)) continue;
        const Change& change = budget.self ? function.self : function.total;
        if (budget.max_share) {
            take(function, change.share.now, change.share.now_error, *budget.max_share,
                 fmt::format("{} of the time, {} allowed", percent(change.share.now), percent(*budget.max_share)));
        }
        if (budget.max_ms_per_work) {
            take(function, change.now_ms_per_work, change.now_ms_error, *budget.max_ms_per_work,
                 fmt::format("{:.4g} ms of CPU time for a unit of work, {:.4g} allowed", change.now_ms_per_work,
                             *budget.max_ms_per_work));
        }
        if (budget.max_growth && change.time) {
            const Estimate& time = *change.time;
            const double error = std::exp(time.log_ratio) * time.standard_error;
            take(function, time.effect(), error, *budget.max_growth,
                 fmt::format("{} against the base (95 %: {}), {} allowed", signed_percent(time.effect()),
                             check::interval(time), signed_percent(*budget.max_growth)));
        }
    }
    return worst;
}

void Judge::judge_budgets() {
    for (const Budget& budget : result_.rules.budgets) result_.budgets.push_back(judge_budget(budget));
}

/// Ignored functions and allowances.
void Judge::excuse() {
    for (std::size_t row = 0; row < result_.functions.size(); ++row) {
        FunctionFinding& finding = result_.functions[row];
        if (finding.finding != Finding::kSlower) continue;
        const FunctionChange& function = result_.comparison.functions[row];
        const auto ignored = [&function](const std::string& pattern) { return check::matches(pattern, function); };
        if (std::any_of(result_.rules.ignore.begin(), result_.rules.ignore.end(), ignored)) {
            finding = {Finding::kIgnored, finding.with_callees, "ignored by the rules"};
            continue;
        }
        for (const Allowance& allowance : result_.rules.allowances) {
            if (!check::matches(allowance.function, function)) continue;
            if (allowance.until < result_.facts.today) {
                finding.note = fmt::format("its allowance ended on {}", allowance.until);
                continue;
            }
            const Estimate& time = finding.with_callees ? *function.total.time : *function.self.time;
            if (allowance.max_growth && time.low() > *allowance.max_growth) {
                finding.note = fmt::format("more than the {} allowed", signed_percent(*allowance.max_growth));
                continue;
            }
            finding = {Finding::kAllowed, finding.with_callees,
                       fmt::format("allowed until {}: {}", allowance.until, allowance.reason)};
            break;
        }
    }
    excuse_program();
}

/// What was excused in functions is excused in the whole.
void Judge::excuse_program() {
    if (result_.program != Finding::kSlower) return;
    double excused = 0;
    for (std::size_t row = 0; row < result_.functions.size(); ++row) {
        const FunctionFinding& finding = result_.functions[row];
        if (finding.finding != Finding::kAllowed && finding.finding != Finding::kIgnored) continue;
        const FunctionChange& function = result_.comparison.functions[row];
        excused += growth(finding.with_callees ? function.total : function.self);
    }
    const Estimate& program = *result_.comparison.program;
    if (excused > 0 && (program.effect() - excused < result_.rules.min_effect || program.low() <= excused))
        result_.program = Finding::kAllowed;
}

void Judge::decide() {
    const Comparison& comparison = result_.comparison;
    const std::size_t slower = result_.slower().size();
    const auto broken = std::count_if(result_.budgets.begin(), result_.budgets.end(),
                                      [](const BudgetFinding& b) { return b.state == BudgetFinding::State::kBroken; });
    if (slower > 0 && result_.rules.fail_on_slower) {
        result_.outcome = Outcome::kSlower;
        result_.reasons.push_back(
            fmt::format("{} slower", slower == 1 ? "1 function is" : fmt::format("{} functions are", slower)));
    }
    if (result_.program == Finding::kSlower && result_.rules.fail_on_slower) {
        result_.outcome = Outcome::kSlower;
        result_.reasons.push_back(fmt::format("the whole program takes {} CPU time for a unit of work",
                                              signed_percent(comparison.program->effect())));
    }
    if (broken > 0 && result_.rules.fail_on_budget) {
        result_.outcome = Outcome::kSlower;
        result_.reasons.push_back(fmt::format(
            "{} passed", plural(static_cast<std::uint64_t>(broken), "budget") + (broken == 1 ? " is" : " are")));
    }
    if (result_.outcome != Outcome::kPass) return;
    const auto inconclusive = [this](std::string why) {
        result_.outcome = Outcome::kInconclusive;
        result_.reasons.push_back(std::move(why));
    };
    for (const std::string& why : result_.facts.inconclusive) inconclusive(why);
    const auto fewest = static_cast<double>(std::min(comparison.base.runs, comparison.now.runs));
    if (fewest < kEnoughRuns)
        inconclusive(fmt::format("{} on a side are too few to decide; 3 are the least, 10 usual",
                                 plural(static_cast<std::uint64_t>(fewest), "run")));
    const double samples = std::min(comparison.base.samples, comparison.now.samples);
    if (samples < result_.rules.min_samples)
        inconclusive(
            fmt::format("{} samples a run are too few, {} are the least; let the program do more work, or raise "
                        "the rate",
                        check::count(samples), check::count(result_.rules.min_samples)));
    if (result_.rules.largest_detectable && comparison.program &&
        comparison.program->detectable > *result_.rules.largest_detectable) {
        inconclusive(fmt::format(
            "the smallest slowdown of the program that could have been seen is {}, and the rules ask "
            "for {}",
            signed_percent(comparison.program->detectable), signed_percent(*result_.rules.largest_detectable)));
    }
}

void Judge::run() {
    judge_functions();
    judge_program();
    judge_budgets();
    excuse();
    decide();
}

}  // namespace

std::string_view to_string(Finding finding) {
    switch (finding) {
        case Finding::kWithinNoise: return "within noise";
        case Finding::kSlower: return "slower";
        case Finding::kFaster: return "faster";
        case Finding::kMovedCost: return "cost moved";
        case Finding::kCarried: return "carried";
        case Finding::kSmall: return "slower, too little to matter";
        case Finding::kNew: return "new";
        case Finding::kGone: return "gone";
        case Finding::kAllowed: return "allowed";
        case Finding::kIgnored: return "ignored";
        case Finding::kNotTested: return "not tested";
    }
    return "";
}

std::string_view to_string(BudgetFinding::State state) {
    switch (state) {
        case BudgetFinding::State::kKept: return "kept";
        case BudgetFinding::State::kBroken: return "broken";
        case BudgetFinding::State::kUnsure: return "over, but it may be chance";
        case BudgetFinding::State::kNoFunction: return "no such function";
    }
    return "";
}

std::vector<std::size_t> CheckResult::slower() const {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < functions.size(); ++row)
        if (functions[row].finding == Finding::kSlower) rows.push_back(row);
    const auto by = [this](std::size_t row) {
        return growth(functions[row].with_callees ? comparison.functions[row].total : comparison.functions[row].self);
    };
    std::stable_sort(rows.begin(), rows.end(), [&by](std::size_t a, std::size_t b) { return by(a) > by(b); });
    return rows;
}

CheckResult judge(Comparison comparison, const CheckRules& rules, CheckFacts facts) {
    CheckResult result;
    result.comparison = std::move(comparison);
    result.rules = rules;
    result.facts = std::move(facts);
    Judge(result).run();
    return result;
}

Suspects suspects(const Comparison& comparison, const CheckRules& rules) {
    Suspects found;
    const check::AlarmLimits limits{rules.min_effect};
    for (const FunctionChange& function : comparison.functions) {
        for (const Change* change : {&function.self, &function.total}) {
            if (!change->time || !check::is_alarm(*change->time, change->significant.slower, limits)) continue;
            found.functions.push_back(identity(function));
            break;
        }
    }
    found.program =
        comparison.program && check::is_alarm(*comparison.program, comparison.program_significant.slower, limits);
    return found;
}

}  // namespace lampyr

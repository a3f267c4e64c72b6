// SPDX-License-Identifier: MIT
#include "base/escape.hpp"
#include "check/function_match.hpp"
#include "check/joined_tree.hpp"
#include "check/side_tree.hpp"
#include "check/statistics.hpp"

#include <lampyr/compare.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace lampyr {
namespace {

using check::RunMatrix;

constexpr double kTwoSided = 1.959964;  // of the normal distribution

/// A share in each run of a side.
struct ShareSeries {
    double mean = 0;
    double variance = 0;  ///< of the mean; at least what counting gives
    std::size_t runs = 0;
};

ShareSeries share_series(const std::vector<double>& shares, const std::vector<double>& samples) {
    ShareSeries series;
    series.runs = shares.size();
    const auto n = static_cast<double>(shares.size());
    series.mean = std::accumulate(shares.begin(), shares.end(), 0.0) / n;
    double squares = 0;
    double counting = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        squares += (shares[i] - series.mean) * (shares[i] - series.mean);
        if (samples[i] > 0) counting += series.mean * (1 - series.mean) / samples[i];
    }
    series.variance = counting / (n * n);
    if (shares.size() > 1) series.variance = std::max(series.variance, squares / (n - 1) / n);
    return series;
}

/// A share's change; the interval is Welch's, since nothing is shared between the sides here.
ShareChange share_change(const ShareSeries& base, const ShareSeries& now) {
    ShareChange change{base.mean, now.mean, std::nullopt, std::nullopt, std::sqrt(now.variance)};
    if (base.runs < 2 || now.runs < 2) return change;
    const double variance = base.variance + now.variance;
    const double parts = base.variance * base.variance / (static_cast<double>(base.runs) - 1) +
                         now.variance * now.variance / (static_cast<double>(now.runs) - 1);
    const check::Interval interval =
        check::interval95(now.mean - base.mean, std::sqrt(variance), parts > 0 ? variance * variance / parts : 0);
    change.low = interval.low;
    change.high = interval.high;
    return change;
}

class Comparer {
  public:
    Comparer(const check::SideTree& base, const check::SideTree& now, const CompareOptions& options)
        : base_(base),
          now_(now),
          options_(options),
          match_(check::match_functions(base, now, options.renames)),
          tree_(base, now, match_),
          matrix_(check::run_matrix(tree_, match_, base, now)) {}

    Comparison run();

  private:
    [[nodiscard]] Change change(const std::vector<RunMatrix::Cell>& row, const std::optional<Estimate>& time) const;
    [[nodiscard]] FunctionChange function(std::size_t row, const check::Tested& tested) const;
    [[nodiscard]] SideFacts side_facts(const check::SideTree& side) const;
    [[nodiscard]] std::vector<std::uint32_t> order(const std::vector<FunctionChange>& functions) const;
    [[nodiscard]] std::vector<PathChange> paths() const;
    [[nodiscard]] std::vector<bool> chosen() const;

    const check::SideTree& base_;
    const check::SideTree& now_;
    const CompareOptions& options_;
    check::FunctionMatch match_;
    check::JoinedTree tree_;
    RunMatrix matrix_;
};

Change Comparer::change(const std::vector<RunMatrix::Cell>& row, const std::optional<Estimate>& time) const {
    Change result;
    std::vector<double> shares[2];
    std::vector<double> samples[2];
    for (std::size_t run = 0; run < matrix_.runs(); ++run) {
        const bool is_now = matrix_.is_now(run);
        const check::RunColumn& column = is_now ? now_.runs()[run - matrix_.base_runs] : base_.runs()[run];
        const double all = column.squares > 0 ? column.ns * column.ns / column.squares : 0;
        shares[is_now ? 1 : 0].push_back(matrix_.all[run] > 0 ? row[run].time / matrix_.all[run] : 0);
        samples[is_now ? 1 : 0].push_back(all);
        const double work = column.facts.work > 0 ? column.facts.work : 1;
        (is_now ? result.now_ns : result.base_ns) += row[run].time * work;
        (is_now ? result.now_samples : result.base_samples) += row[run].samples;
    }
    result.base_samples /= static_cast<double>(matrix_.base_runs);
    result.now_samples /= static_cast<double>(matrix_.now_runs);
    result.share = share_change(share_series(shares[0], samples[0]), share_series(shares[1], samples[1]));
    result.time = time;
    double sum = 0;
    double squares = 0;
    const auto runs = static_cast<double>(matrix_.now_runs);
    for (std::size_t run = matrix_.base_runs; run < matrix_.runs(); ++run) sum += row[run].time / 1e6;
    result.now_ms_per_work = sum / runs;
    for (std::size_t run = matrix_.base_runs; run < matrix_.runs(); ++run)
        squares += std::pow(row[run].time / 1e6 - result.now_ms_per_work, 2);
    if (runs > 1) result.now_ms_error = std::sqrt(squares / (runs - 1) / runs);
    return result;
}

FunctionChange Comparer::function(std::size_t row, const check::Tested& tested) const {
    const check::FunctionMatch::Row& match = match_.rows[row];
    const check::SideFunction* old =
        match.base != check::FunctionMatch::kNone ? &base_.functions()[match.base] : nullptr;
    const check::SideFunction* shown = match.now != check::FunctionMatch::kNone ? &now_.functions()[match.now] : old;
    FunctionChange change;
    change.name = shown->name;
    change.file = shown->short_file;
    change.full_file = shown->file;
    change.line = shown->first_line;
    change.kind = shown->kind;
    change.match = match.kind;
    if (old != nullptr && old != shown) {
        if (old->name != shown->name) change.base_name = old->name;
        if (old->short_file != shown->short_file || (match.kind == MatchKind::kMoved && old->file != shown->file))
            change.base_file = old->short_file;
    }
    change.self = this->change(matrix_.self[row], tested.self);
    change.total = this->change(matrix_.total[row], tested.total);
    return change;
}

SideFacts Comparer::side_facts(const check::SideTree& side) const {
    SideFacts facts;
    facts.runs = side.runs().size();
    for (const check::RunColumn& run : side.runs()) {
        facts.cpu_s += run.facts.cpu_s > 0 ? run.facts.cpu_s : run.ns / 1e9;
        if (run.squares > 0) facts.samples += run.ns * run.ns / run.squares;
        facts.work += run.facts.work;
        facts.sources.push_back(run.facts.source);
    }
    const auto n = static_cast<double>(facts.runs);
    facts.cpu_s /= n;
    facts.samples /= n;
    facts.work /= n;
    return facts;
}

std::vector<std::uint32_t> Comparer::order(const std::vector<FunctionChange>& functions) const {
    std::vector<std::uint32_t> order(functions.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto larger = [](const Change& change) { return std::max(change.share.base, change.share.now); };
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        const FunctionChange& x = functions[a];
        const FunctionChange& y = functions[b];
        if (larger(x.self) != larger(y.self)) return larger(x.self) > larger(y.self);
        if (larger(x.total) != larger(y.total)) return larger(x.total) > larger(y.total);
        return std::tie(x.full_file, x.name, x.line, a) < std::tie(y.full_file, y.name, y.line, b);
    });
    return order;
}

/// Mean shares of every path and whether the difference is more than chance: by the runs' own spread where there are
/// several, and never less than counting gives.
std::vector<PathChange> Comparer::paths() const {
    const std::size_t n = tree_.nodes().size();
    struct Sums {
        double self = 0, total = 0, squares = 0, counting = 0;
    };
    std::vector<Sums> sums[2] = {std::vector<Sums>(n), std::vector<Sums>(n)};
    for (std::size_t run = 0; run < matrix_.runs(); ++run) {
        const bool is_now = matrix_.is_now(run);
        const check::RunColumn& column = is_now ? now_.runs()[run - matrix_.base_runs] : base_.runs()[run];
        if (column.ns <= 0) continue;
        const double samples = column.ns * column.ns / column.squares;
        std::vector<check::NodeTime> times = tree_.own_times(is_now, column);
        for (std::size_t i = 0; i < n; ++i) sums[is_now ? 1 : 0][i].self += times[i].ns / column.ns;
        tree_.add_up(times);
        for (std::size_t i = 0; i < n; ++i) {
            Sums& sum = sums[is_now ? 1 : 0][i];
            const double share = times[i].ns / column.ns;
            sum.total += share;
            sum.squares += share * share;
            sum.counting += std::max(share * (1 - share), 0.0) / samples;
        }
    }
    std::vector<PathChange> paths(n);
    for (std::size_t i = 0; i < n; ++i) {
        PathChange& path = paths[i];
        double variance = 0;
        const double runs[2] = {static_cast<double>(matrix_.base_runs), static_cast<double>(matrix_.now_runs)};
        double mean[2] = {0, 0};
        for (const int side : {0, 1}) {
            const Sums& sum = sums[side][i];
            mean[side] = sum.total / runs[side];
            double part = sum.counting / (runs[side] * runs[side]);
            if (runs[side] > 1) {
                const double spread = std::max(sum.squares - runs[side] * mean[side] * mean[side], 0.0);
                part = std::max(part, spread / (runs[side] - 1) / runs[side]);
            }
            variance += part;
        }
        path = {tree_.nodes()[i].depth,
                tree_.nodes()[i].row,
                sums[0][i].self / runs[0],
                sums[1][i].self / runs[1],
                mean[0],
                mean[1],
                false};
        path.noise = std::abs(mean[1] - mean[0]) <= kTwoSided * std::sqrt(variance);
    }
    return paths;
}

/// Which rows are to be tested: code, and with `only` what is named there.
std::vector<bool> Comparer::chosen() const {
    std::vector<bool> only(match_.rows.size(), false);
    for (std::size_t row = 0; row < match_.rows.size(); ++row) {
        const FunctionChange change = function(row, {});
        only[row] = change.kind != FunctionKind::kMarker;
        if (!only[row] || !options_.only) continue;
        const std::string name = identity(change);
        only[row] = std::find(options_.only->begin(), options_.only->end(), name) != options_.only->end();
    }
    return only;
}

Comparison Comparer::run() {
    const check::Analysis analysis = check::analyse(
        matrix_, {options_.tested_share, options_.chance, chosen(), options_.only_program, options_.alternating});
    Comparison comparison;
    comparison.base = side_facts(base_);
    comparison.now = side_facts(now_);
    comparison.program = analysis.program;
    comparison.host_factor = analysis.host_factor;
    comparison.dispersion = analysis.dispersion;
    comparison.smallest_p = analysis.smallest_p;
    std::vector<FunctionChange> functions;
    for (std::size_t row = 0; row < match_.rows.size(); ++row)
        functions.push_back(function(row, analysis.functions[row]));
    const std::vector<std::uint32_t> in_order = order(functions);
    std::vector<std::uint32_t> place(functions.size(), 0);
    for (std::uint32_t i = 0; i < in_order.size(); ++i) {
        place[in_order[i]] = i;
        const check::Tested& tested = analysis.functions[in_order[i]];
        FunctionChange& change = functions[in_order[i]];
        change.self.significant = {tested.self_in_family, tested.self_slower, tested.self_faster};
        change.total.significant = {tested.total_in_family, tested.total_slower, tested.total_faster};
        comparison.functions.push_back(std::move(change));
    }
    comparison.program_significant = {analysis.program.has_value(), analysis.program_slower, analysis.program_faster};
    const std::vector<PathChange> all = paths();
    for (const std::uint32_t node : tree_.preorder()) {
        comparison.paths.push_back(all[node]);
        if (node != 0) comparison.paths.back().function = place[all[node].function];
    }
    return comparison;
}

}  // namespace

std::string_view to_string(MatchKind kind) {
    switch (kind) {
        case MatchKind::kSame: return "same";
        case MatchKind::kPath: return "other checkout";
        case MatchKind::kMoved: return "moved";
        case MatchKind::kRenamed: return "renamed, matched by structure";
        case MatchKind::kAsked: return "renamed, as asked";
        case MatchKind::kOnlyBase: return "gone";
        case MatchKind::kOnlyNew: return "new";
    }
    return "";
}

std::string identity(const FunctionChange& function) {
    return function.full_file + ":" + function.name + ":" + std::to_string(function.line);
}

double Estimate::effect() const { return std::expm1(log_ratio); }
double Estimate::low() const { return std::expm1(check::interval95(log_ratio, standard_error, freedom).low); }
double Estimate::high() const { return std::expm1(check::interval95(log_ratio, standard_error, freedom).high); }

Result<Comparison> compare(const ProfileSide& base, const ProfileSide& now, const CompareOptions& options) {
    if (base.runs() == 0 || now.runs() == 0)
        return Error{ErrorCode::kUsage, "a comparison needs a profile on each side", "", 0};
    for (const ProfileSide* side : {&base, &now}) {
        for (const check::RunColumn& run : side->impl().tree.runs()) {
            if (run.ns <= 0)
                return Error{ErrorCode::kCorrupt, "there are no samples in " + base::terminal_text(run.facts.source),
                             "record it anew, for longer or with --idle", 0};
        }
    }
    return Comparer(base.impl().tree, now.impl().tree, options).run();
}

}  // namespace lampyr

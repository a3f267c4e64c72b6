// SPDX-License-Identifier: MIT
#include "check/statistics.hpp"

#include "check/host_factor.hpp"
#include "check/median.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace lampyr::check {
namespace {

constexpr double kPriorFreedom = 6;
constexpr double kPower = 0.9;       // "nine times in ten"
constexpr double kOwnTotal = 0.02;   // callees with less than this share of a function make its total no second test
constexpr double kHalfSample = 0.5;  // stands for a function not met in a run
constexpr std::size_t kMostRuns = 10'000;

double upper_tail(double t, double freedom) {
    return boost::math::cdf(boost::math::complement(boost::math::students_t(freedom), t));
}
double quantile_above(double p, double freedom) {
    return boost::math::quantile(boost::math::complement(boost::math::students_t(freedom), p));
}

/// One number a run, summed up by side.
struct Sides {
    double base_mean = 0;
    double now_mean = 0;
    double squares = 0;     // around the side's own mean
    double base_floor = 0;  // mean variance that counting alone gives
    double now_floor = 0;
};

struct Series {
    std::vector<double> log;
    std::vector<double> floor;
};

Sides sum_up(const RunMatrix& matrix, const Series& series) {
    Sides sides;
    for (std::size_t run = 0; run < matrix.runs(); ++run) {
        (matrix.is_now(run) ? sides.now_mean : sides.base_mean) += series.log[run];
        (matrix.is_now(run) ? sides.now_floor : sides.base_floor) += series.floor[run];
    }
    sides.base_mean /= static_cast<double>(matrix.base_runs);
    sides.base_floor /= static_cast<double>(matrix.base_runs);
    sides.now_mean /= static_cast<double>(matrix.now_runs);
    sides.now_floor /= static_cast<double>(matrix.now_runs);
    for (std::size_t run = 0; run < matrix.runs(); ++run) {
        const double off = series.log[run] - (matrix.is_now(run) ? sides.now_mean : sides.base_mean);
        sides.squares += off * off;
    }
    return sides;
}

/// A function in all runs: logarithms of its time, the host's taken out.
Series series_of(const std::vector<RunMatrix::Cell>& row, const HostFactor& host, std::size_t function) {
    double time = 0;
    double samples = 0;
    for (const RunMatrix::Cell& cell : row) {
        time += cell.time;
        samples += cell.samples;
    }
    const double half = samples > 0 ? kHalfSample * time / samples : 1;
    Series series;
    for (std::size_t run = 0; run < row.size(); ++run) {
        series.log.push_back(std::log(std::max(row[run].time, half)) - host.log_of(run, function));
        series.floor.push_back(1 / std::max(row[run].samples, kHalfSample));
    }
    return series;
}

double freedom_of(const RunMatrix& matrix) { return static_cast<double>(matrix.runs()) - 2; }

double floor_of(const RunMatrix& matrix, const Sides& sides) {
    return (sides.base_floor * static_cast<double>(matrix.base_runs) +
            sides.now_floor * static_cast<double>(matrix.now_runs)) /
           static_cast<double>(matrix.runs());
}
/// Variance in terms of the floor.
double ratio_of(const RunMatrix& matrix, const Sides& sides) {
    return sides.squares / freedom_of(matrix) / floor_of(matrix, sides);
}

/// `usual`: the variance from run to run that functions of this program have besides that of counting.
Estimate estimate(const RunMatrix& matrix, const Sides& sides, double usual) {
    const double freedom = freedom_of(matrix);
    const double prior_ratio = 1 + usual / floor_of(matrix, sides);
    const double shrunk = (kPriorFreedom * prior_ratio + freedom * ratio_of(matrix, sides)) / (kPriorFreedom + freedom);
    const double ratio = std::max(shrunk, 1.0);
    Estimate result;
    result.log_ratio = sides.now_mean - sides.base_mean;
    result.standard_error = std::sqrt(ratio * (sides.base_floor / static_cast<double>(matrix.base_runs) +
                                               sides.now_floor / static_cast<double>(matrix.now_runs)));
    result.freedom = freedom + kPriorFreedom;
    const double t = result.log_ratio / result.standard_error;
    result.p_slower = upper_tail(t, result.freedom);
    result.p_faster = upper_tail(-t, result.freedom);
    return result;
}

/// The program's CPU time is counted exactly by the kernel, so only its variation between runs says how sure it is.
std::optional<Estimate> program_estimate(const RunMatrix& matrix) {
    Series series;
    for (const double time : matrix.program) {
        if (time <= 0) return std::nullopt;
        series.log.push_back(std::log(time));
        series.floor.push_back(1);
    }
    const Sides sides = sum_up(matrix, series);
    Estimate result;
    result.freedom = freedom_of(matrix);
    result.log_ratio = sides.now_mean - sides.base_mean;
    const double variance = std::max(sides.squares / result.freedom, 1e-8);  // 0.01 %: equal figures are no certainty
    result.standard_error =
        std::sqrt(variance * (1 / static_cast<double>(matrix.base_runs) + 1 / static_cast<double>(matrix.now_runs)));
    const double t = result.log_ratio / result.standard_error;
    result.p_slower = upper_tail(t, result.freedom);
    result.p_faster = upper_tail(-t, result.freedom);
    return result;
}

/// How many standard errors a growth has to be to be found nine times in ten.
double reach(double p, double freedom) { return quantile_above(p, freedom) + quantile_above(1 - kPower, freedom); }

struct Shares {
    double base = 0;
    double now = 0;
    [[nodiscard]] double larger() const { return std::max(base, now); }
};
Shares shares(const RunMatrix& matrix, const std::vector<RunMatrix::Cell>& row) {
    Shares share;
    for (std::size_t run = 0; run < matrix.runs(); ++run) {
        const double part = matrix.all[run] > 0 ? row[run].time / matrix.all[run] : 0;
        (matrix.is_now(run) ? share.now : share.base) += part;
    }
    share.base /= static_cast<double>(matrix.base_runs);
    share.now /= static_cast<double>(matrix.now_runs);
    return share;
}

/// What functions vary by from run to run besides counting: the median, where a function weighs what its samples say of it.
class UsualVariance {
  public:
    void add(double variance, double floor) { found_.push_back({variance - floor, 1 / floor}); }
    [[nodiscard]] double value() {
        std::sort(found_.begin(), found_.end());
        double all = 0;
        for (const auto& [variance, weight] : found_) all += weight;
        double before = 0;
        for (const auto& [variance, weight] : found_)
            if ((before += weight) >= all / 2) return std::max(variance, 0.0);
        return 0;
    }

  private:
    std::vector<std::pair<double, double>> found_;
};

/// Tests of one kind, corrected together.
struct Family {
    std::vector<std::size_t> functions{};
    std::vector<double> slower{};
    std::vector<double> faster{};
    void add(std::size_t function, const Estimate& estimate) {
        functions.push_back(function);
        slower.push_back(estimate.p_slower);
        faster.push_back(estimate.p_faster);
    }
};

}  // namespace

std::vector<bool> discoveries(const std::vector<double>& p, double rate) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&p](std::size_t a, std::size_t b) { return p[a] < p[b]; });
    std::vector<bool> found(p.size(), false);
    std::size_t last = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const double limit = rate * static_cast<double>(i + 1) / static_cast<double>(p.size());
        if (p[order[i]] <= limit) last = i + 1;
    }
    for (std::size_t i = 0; i < last; ++i) found[order[i]] = true;
    return found;
}

bool is_alarm(const Estimate& estimate, bool significant, const AlarmLimits& limits) {
    return significant && estimate.effect() >= limits.least_effect && estimate.low() > 0;
}

bool Screening::any() const {
    return program || std::find(functions.begin(), functions.end(), true) != functions.end();
}

Screening screen(const Analysis& analysis, const AlarmLimits& limits) {
    Screening screening;
    for (const Tested& tested : analysis.functions) {
        const bool self = tested.self && is_alarm(*tested.self, tested.self_slower, limits);
        const bool total = tested.total && is_alarm(*tested.total, tested.total_slower, limits);
        screening.functions.push_back(self || total);
    }
    screening.program = analysis.program && is_alarm(*analysis.program, analysis.program_slower, limits);
    return screening;
}

Interval interval95(double difference, double standard_error, double freedom) {
    const double t = freedom > 0 ? quantile_above(0.025, freedom)
                                 : boost::math::quantile(boost::math::complement(boost::math::normal(), 0.025));
    return {difference - t * standard_error, difference + t * standard_error};
}

std::size_t runs_needed(double effect, double variance, double p) {
    const double log = std::log1p(effect);
    for (std::size_t runs = 2; runs < kMostRuns; runs += 1 + runs / 50) {
        const double freedom = 2 * static_cast<double>(runs) - 2 + kPriorFreedom;
        const double error = std::sqrt(2 * variance / static_cast<double>(runs));
        if (error * (quantile_above(p, freedom) + quantile_above(1 - kPower, freedom)) <= log) return runs;
    }
    return kMostRuns;
}

Analysis analyse(const RunMatrix& matrix, const TestOptions& options) {
    Analysis analysis;
    analysis.functions.resize(matrix.self.size());
    if (matrix.base_runs < 2 || matrix.now_runs < 2) return analysis;
    const HostFactor host(matrix, options.alternating);
    analysis.host_factor = host.known();

    std::vector<std::optional<Sides>> self(matrix.self.size());
    std::vector<std::optional<Sides>> total(matrix.self.size());
    std::vector<double> self_ratios;
    UsualVariance usual;
    for (std::size_t f = 0; f < matrix.self.size(); ++f) {
        Tested& tested = analysis.functions[f];
        const Shares own = shares(matrix, matrix.self[f]);
        const Shares all = shares(matrix, matrix.total[f]);
        if (own.base > 0 && own.now > 0) {
            self[f] = sum_up(matrix, series_of(matrix.self[f], host, f));
            tested.self_in_family = own.larger() >= options.tested_share;
            if (tested.self_in_family) {
                self_ratios.push_back(ratio_of(matrix, *self[f]));
                usual.add(self[f]->squares / freedom_of(matrix), floor_of(matrix, *self[f]));
            }
        }
        if (all.base > 0 && all.now > 0) {
            total[f] = sum_up(matrix, series_of(matrix.total[f], host, f));
            const double below = std::max(all.base - own.base, all.now - own.now);
            tested.total_in_family = all.larger() >= options.tested_share && below > kOwnTotal * all.larger();
        }
    }
    analysis.dispersion = self_ratios.empty() ? 1.0 : std::max(median(self_ratios), 1.0);
    const double usual_variance = usual.value();
    Family self_family;
    Family total_family;
    for (std::size_t f = 0; f < matrix.self.size(); ++f) {
        Tested& tested = analysis.functions[f];
        if (self[f]) tested.self = estimate(matrix, *self[f], usual_variance);
        if (total[f]) tested.total = estimate(matrix, *total[f], usual_variance);
        if (options.only && !(*options.only)[f]) tested.self_in_family = tested.total_in_family = false;
        if (tested.self_in_family) self_family.add(f, *tested.self);
        if (tested.total_in_family) total_family.add(f, *tested.total);
    }
    const auto mark = [&](const Family& family, double chance, bool Tested::*slower, bool Tested::*faster) {
        const std::vector<bool> up = discoveries(family.slower, chance);
        const std::vector<bool> down = discoveries(family.faster, chance);
        for (std::size_t i = 0; i < family.functions.size(); ++i) {
            analysis.functions[family.functions[i]].*slower = up[i];
            analysis.functions[family.functions[i]].*faster = down[i];
        }
    };
    mark(self_family, options.chance, &Tested::self_slower, &Tested::self_faster);
    mark(total_family, options.chance / 2, &Tested::total_slower, &Tested::total_faster);
    analysis.smallest_p = options.chance / static_cast<double>(std::max<std::size_t>(self_family.functions.size(), 1));
    const double least_total =
        options.chance / 2 / static_cast<double>(std::max<std::size_t>(total_family.functions.size(), 1));
    const double self_errors = reach(analysis.smallest_p, freedom_of(matrix) + kPriorFreedom);
    const double total_errors = reach(least_total, freedom_of(matrix) + kPriorFreedom);
    for (Tested& tested : analysis.functions) {
        if (tested.self) tested.self->detectable = std::expm1(self_errors * tested.self->standard_error);
        if (tested.total) tested.total->detectable = std::expm1(total_errors * tested.total->standard_error);
    }
    analysis.program = program_estimate(matrix);
    if (analysis.program) {
        analysis.program->detectable =
            std::expm1(reach(options.chance / 2, analysis.program->freedom) * analysis.program->standard_error);
        analysis.program_slower = options.only_program && analysis.program->p_slower <= options.chance / 2;
        analysis.program_faster = options.only_program && analysis.program->p_faster <= options.chance / 2;
    }
    return analysis;
}

}  // namespace lampyr::check

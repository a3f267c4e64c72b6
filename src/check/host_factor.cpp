// SPDX-License-Identifier: MIT
#include "check/host_factor.hpp"

#include "check/median.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lampyr::check {
namespace {

constexpr std::uint32_t kUnused = 0xffffffffU;
constexpr double kEnough = 40;  // samples a run: the logarithm is then known to 16 %
constexpr double kFew = 15;
constexpr double kClearly = 2.5;               // standard errors
constexpr double kMoreThanHosts = 4;           // standard errors of the host's mean speed
constexpr double kEnoughUnchanged = 0.05;      // of the weight
constexpr double kLeastError = 0.003;          // of it
constexpr double kUsualSpread = 0.02;          // of functions that nobody changed, beyond counting
constexpr double kDeviationOfMedian = 1.4826;  // standard deviation of a normal distribution by its median deviation
constexpr double kOwnVariance = 1e-4;          // 1 % from run to run: samples beyond that are worth nothing more

std::vector<std::size_t> functions_with(const RunMatrix& matrix, double samples) {
    std::vector<std::size_t> found;
    for (std::size_t f = 0; f < matrix.self.size(); ++f) {
        double sum = 0;
        bool always = true;
        for (const RunMatrix::Cell& cell : matrix.self[f]) {
            sum += cell.samples;
            always = always && cell.time > 0;
        }
        if (always && sum >= samples * static_cast<double>(matrix.runs())) found.push_back(f);
    }
    return found;
}

}  // namespace

HostFactor::HostFactor(const RunMatrix& matrix, bool alternating) {
    used_ = functions_with(matrix, kEnough);
    if (used_.size() < 2 * kLeast) used_ = functions_with(matrix, kFew);
    fill(matrix);
    if (leave_out_changed(matrix, alternating)) fill(matrix);
}

void HostFactor::fill(const RunMatrix& matrix) {
    place_.assign(matrix.self.size(), kUnused);
    runs_.assign(matrix.runs(), Run{});
    for (Run& run : runs_) run.sorted.resize(used_.size());
    for (std::uint32_t i = 0; i < used_.size(); ++i) {
        place_[used_[i]] = i;
        const auto& row = matrix.self[used_[i]];
        double base_mean = 0;
        double now_mean = 0;
        double samples = 0;
        for (std::size_t run = 0; run < matrix.runs(); ++run) {
            const double log = std::log(row[run].time);
            runs_[run].sorted[i] = {log, 0, i};
            (matrix.is_now(run) ? now_mean : base_mean) += log;
            samples += row[run].samples;
        }
        // Each side counts the same, however many runs it has.
        double mean = base_mean / static_cast<double>(std::max<std::size_t>(matrix.base_runs, 1));
        if (matrix.now_runs > 0) mean = (mean + now_mean / static_cast<double>(matrix.now_runs)) / 2;
        const double weight = 1 / (static_cast<double>(matrix.runs()) / samples + kOwnVariance);
        for (Run& run : runs_) {
            run.sorted[i].log -= mean;
            run.sorted[i].weight = weight;
        }
    }
    for (Run& run : runs_) {
        add_up(run);
        run.of_all = known() ? middle_half(run) : 0;
    }
}

void HostFactor::add_up(Run& run) {
    std::sort(run.sorted.begin(), run.sorted.end(), [](const Deviation& a, const Deviation& b) {
        return a.log != b.log ? a.log < b.log : a.place < b.place;
    });
    run.position.resize(run.sorted.size());
    run.weight_before = {0};
    run.sum_before = {0};
    for (std::uint32_t i = 0; i < run.sorted.size(); ++i) {
        const Deviation& deviation = run.sorted[i];
        run.position[deviation.place] = i;
        run.weight_before.push_back(run.weight_before.back() + deviation.weight);
        run.sum_before.push_back(run.sum_before.back() + deviation.log * deviation.weight);
    }
}

/// A large function that has changed lies at one end of the base runs and at the other of the new ones, and so moves the middle
/// half of all the others: they would seem to have changed the other way. False: there was none to leave out.
bool HostFactor::leave_out_changed(const RunMatrix& matrix, bool alternating) {
    if (!known() || matrix.base_runs == 0 || matrix.now_runs == 0) return false;
    std::vector<double> change(used_.size(), 0);
    std::vector<double> noise(used_.size(), 0);
    const double base_runs = static_cast<double>(matrix.base_runs);
    const double now_runs = static_cast<double>(matrix.now_runs);
    for (std::size_t run = 0; run < matrix.runs(); ++run)
        for (const Deviation& deviation : runs_[run].sorted) {
            const double of_host = deviation.log - runs_[run].of_all;
            change[deviation.place] += matrix.is_now(run) ? of_host / now_runs : -of_host / base_runs;
            noise[deviation.place] = (1 / base_runs + 1 / now_runs) / deviation.weight;
        }
    double middle = median(change);
    std::vector<double> distances;
    for (const double each : change) distances.push_back(std::abs(each - middle));
    double spread = kDeviationOfMedian * median(distances);
    const auto near = [&](std::size_t i, double centre, double wide) {
        return std::abs(change[i] - centre) <= kClearly * std::sqrt(noise[i] + wide * wide);
    };
    const auto weight_near = [&](double centre) {
        double sum = 0;
        for (std::size_t i = 0; i < used_.size(); ++i) sum += near(i, centre, kUsualSpread) ? 1 / noise[i] : 0;
        return sum;
    };
    // Sides that took turns had the same host. If they seem to differ by more than it does from run to run, most of the time is
    // in functions that changed, and those that stand where they stood tell.
    const Shift sides = shift(matrix);
    bool unchanged_only = false;
    const double all =
        std::accumulate(noise.begin(), noise.end(), 0.0, [](double sum, double n) { return sum + 1 / n; });
    if (alternating && std::abs(sides.value) > kMoreThanHosts * sides.error &&
        weight_near(-sides.value) >= kEnoughUnchanged * all) {
        middle = -sides.value;
        spread = kUsualSpread;
        unchanged_only = true;
    }
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < used_.size(); ++i)
        if (near(i, middle, spread)) kept.push_back(used_[i]);
    if (kept.size() == used_.size()) return false;
    if (kept.size() < kLeast) {
        if (!unchanged_only) return false;
        kept.clear();  // too few to tell: better no yardstick than one that grew
    }
    used_ = std::move(kept);
    return true;
}

HostFactor::Shift HostFactor::shift(const RunMatrix& matrix) const {
    const auto base_runs = static_cast<double>(matrix.base_runs);
    const auto now_runs = static_cast<double>(matrix.now_runs);
    double mean[2] = {0, 0};
    for (std::size_t run = 0; run < runs_.size(); ++run)
        mean[matrix.is_now(run) ? 1 : 0] += runs_[run].of_all / (matrix.is_now(run) ? now_runs : base_runs);
    double squares = 0;
    for (std::size_t run = 0; run < runs_.size(); ++run)
        squares += std::pow(runs_[run].of_all - mean[matrix.is_now(run) ? 1 : 0], 2);
    const double variance = squares / std::max(base_runs + now_runs - 2, 1.0);
    return {mean[1] - mean[0], std::max(std::sqrt(variance * (1 / base_runs + 1 / now_runs)), kLeastError)};
}

/// Sum over the smallest deviations that together weigh so much; the last one in part.
double HostFactor::sum_to(const Run& run, double weight) {
    const auto above = std::upper_bound(run.weight_before.begin(), run.weight_before.end(), weight);
    if (above == run.weight_before.end()) return run.sum_before.back();
    const auto i = static_cast<std::size_t>(above - run.weight_before.begin()) - 1;
    return run.sum_before[i] + run.sorted[i].log * (weight - run.weight_before[i]);
}

/// Mean of what lies between the quartiles of the weight.
double HostFactor::middle_half(const Run& run) {
    const double all = run.weight_before.back();
    return (sum_to(run, all * 3 / 4) - sum_to(run, all / 4)) / (all / 2);
}

double HostFactor::middle_half_without(const Run& run, std::uint32_t place) {
    const std::uint32_t position = run.position[place];
    const Deviation& out = run.sorted[position];
    const double all = run.weight_before.back() - out.weight;
    const auto sum_of_others = [&](double weight) {
        if (weight <= run.weight_before[position]) return sum_to(run, weight);
        return sum_to(run, weight + out.weight) - out.log * out.weight;
    };
    return (sum_of_others(all * 3 / 4) - sum_of_others(all / 4)) / (all / 2);
}

double HostFactor::log_of(std::size_t run, std::size_t function) const {
    if (!known()) return 0;
    const std::uint32_t place = function < place_.size() ? place_[function] : kUnused;
    return place == kUnused ? runs_[run].of_all : middle_half_without(runs_[run], place);
}

}  // namespace lampyr::check

// SPDX-License-Identifier: MIT
#include "check/host_factor.hpp"

#include "check/median.hpp"

#include <algorithm>
#include <cmath>

namespace lampyr::check {
namespace {

constexpr std::uint32_t kUnused = 0xffffffffU;
constexpr double kEnough = 40;  // samples a run: the logarithm is then known to 16 %
constexpr double kFew = 15;
constexpr double kClearly = 2.5;               // standard errors
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

HostFactor::HostFactor(const RunMatrix& matrix) {
    used_ = functions_with(matrix, kEnough);
    if (used_.size() < 2 * kLeast) used_ = functions_with(matrix, kFew);
    fill(matrix);
    if (leave_out_changed(matrix)) fill(matrix);
}

void HostFactor::fill(const RunMatrix& matrix) {
    place_.assign(matrix.self.size(), kUnused);
    sorted_.assign(matrix.runs(), std::vector<Deviation>(used_.size()));
    of_all_.clear();
    for (std::uint32_t i = 0; i < used_.size(); ++i) {
        place_[used_[i]] = i;
        const auto& row = matrix.self[used_[i]];
        double base_mean = 0;
        double now_mean = 0;
        double samples = 0;
        for (std::size_t run = 0; run < matrix.runs(); ++run) {
            const double log = std::log(row[run].time);
            sorted_[run][i] = {log, 0, i};
            (matrix.is_now(run) ? now_mean : base_mean) += log;
            samples += row[run].samples;
        }
        // Each side counts the same, however many runs it has.
        double mean = base_mean / static_cast<double>(std::max<std::size_t>(matrix.base_runs, 1));
        if (matrix.now_runs > 0) mean = (mean + now_mean / static_cast<double>(matrix.now_runs)) / 2;
        const double weight = 1 / (static_cast<double>(matrix.runs()) / samples + kOwnVariance);
        for (auto& deviations : sorted_) {
            deviations[i].log -= mean;
            deviations[i].weight = weight;
        }
    }
    for (auto& deviations : sorted_) {
        std::sort(deviations.begin(), deviations.end(), [](const Deviation& a, const Deviation& b) {
            return a.log != b.log ? a.log < b.log : a.place < b.place;
        });
        of_all_.push_back(known() ? middle_half(deviations, kUnused) : 0);
    }
}

/// A large function that has changed lies at one end of the base runs and at the other of the new ones, and so moves the middle
/// half of all the others: they would seem to have changed the other way. False: there was none to leave out.
bool HostFactor::leave_out_changed(const RunMatrix& matrix) {
    if (!known() || matrix.base_runs == 0 || matrix.now_runs == 0) return false;
    std::vector<double> change(used_.size(), 0);
    std::vector<double> noise(used_.size(), 0);
    const double base_runs = static_cast<double>(matrix.base_runs);
    const double now_runs = static_cast<double>(matrix.now_runs);
    for (std::size_t run = 0; run < matrix.runs(); ++run)
        for (const Deviation& deviation : sorted_[run]) {
            const double of_host = deviation.log - of_all_[run];
            change[deviation.place] += matrix.is_now(run) ? of_host / now_runs : -of_host / base_runs;
            noise[deviation.place] = (1 / base_runs + 1 / now_runs) / deviation.weight;
        }
    const double middle = median(change);
    std::vector<double> distances;
    for (const double each : change) distances.push_back(std::abs(each - middle));
    const double spread = kDeviationOfMedian * median(distances);
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < used_.size(); ++i)
        if (distances[i] <= kClearly * std::sqrt(noise[i] + spread * spread)) kept.push_back(used_[i]);
    if (kept.size() == used_.size() || kept.size() < kLeast) return false;
    used_ = std::move(kept);
    return true;
}

/// Mean of what lies between the quartiles of the weight.
double HostFactor::middle_half(const std::vector<Deviation>& sorted, std::uint32_t left_out) {
    double all = 0;
    for (const Deviation& deviation : sorted) all += deviation.place != left_out ? deviation.weight : 0;
    double before = 0;
    double sum = 0;
    for (const Deviation& deviation : sorted) {
        if (deviation.place == left_out) continue;
        const double from = std::max(before, all / 4);
        before += deviation.weight;
        const double to = std::min(before, all * 3 / 4);
        if (to > from) sum += deviation.log * (to - from);
    }
    return sum / (all / 2);
}

double HostFactor::log_of(std::size_t run, std::size_t function) const {
    if (!known()) return 0;
    const std::uint32_t place = function < place_.size() ? place_[function] : kUnused;
    return place == kUnused ? of_all_[run] : middle_half(sorted_[run], place);
}

}  // namespace lampyr::check

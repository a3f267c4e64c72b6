// SPDX-License-Identifier: MIT
#pragma once

#include "check/statistics.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace lampyr::check::test {

enum class RunOrder { kAlternating, kBlocked };

/// A program of functions with Zipf's shares in six groups below one main function, run on a machine with moods.
struct World {
    std::size_t functions = 60;
    double samples = 10'000;    ///< a run
    double own_noise = 0;       ///< standard deviation of a function's logarithm from run to run
    double host_noise = 0.03;   ///< of the whole machine
    double outlier_chance = 0;  ///< that a function has a wild run
    double drift = 0;           ///< standard deviation of a slow state that slows functions unequally
    RunOrder order = RunOrder::kAlternating;
};

struct Injected {
    std::size_t function = 0;
    double factor = 1;
};

class Simulator {
  public:
    Simulator(World world, std::uint64_t seed) : world_(world), random_(seed) {
        double sum = 0;
        for (std::size_t i = 0; i < world.functions; ++i) {
            shares_.push_back(std::pow(static_cast<double>(i + 1), -1.1));
            sum += shares_.back();
        }
        for (double& share : shares_) share /= sum;
    }

    [[nodiscard]] double share(std::size_t function) const { return shares_[function]; }

    /// `runs` a side.
    RunMatrix measure(std::size_t runs, Injected injected = {}) {
        RunMatrix matrix;
        matrix.base_runs = matrix.now_runs = runs;
        const std::size_t rows = world_.functions + kGroups + 1;
        matrix.self.assign(rows, std::vector<RunMatrix::Cell>(2 * runs));
        matrix.total = matrix.self;
        matrix.program.assign(2 * runs, 0);
        matrix.all.assign(2 * runs, 0);
        std::vector<double> sensitive(world_.functions);  // to the slow state
        for (double& s : sensitive) s = normal_(random_);
        double state = normal_(random_);
        for (std::size_t moment = 0; moment < 2 * runs; ++moment) {
            state = kMemory * state + std::sqrt(1 - kMemory * kMemory) * normal_(random_);
            run(matrix, column(moment, runs), injected, sensitive, state);
        }
        return matrix;
    }

  private:
    static constexpr std::size_t kGroups = 6;
    static constexpr double kMemory = 0.95;

    /// The place in the matrix of the run made at a moment.
    [[nodiscard]] std::size_t column(std::size_t moment, std::size_t runs) const {
        if (world_.order == RunOrder::kBlocked) return moment;
        const bool is_now = moment % 4 == 1 || moment % 4 == 2;  // A B B A
        return moment / 2 + (is_now ? runs : 0);
    }

    void run(RunMatrix& matrix, std::size_t at, Injected injected, const std::vector<double>& sensitive, double state) {
        const double host = std::exp(world_.host_noise * normal_(random_));
        const auto add = [at](std::vector<std::vector<RunMatrix::Cell>>& table, std::size_t row, double count) {
            table[row][at].time += count;
            table[row][at].samples += count;
        };
        for (std::size_t f = 0; f < world_.functions; ++f) {
            double log = world_.own_noise * normal_(random_) + world_.drift * sensitive[f] * state;
            if (std::uniform_real_distribution<double>()(random_) < world_.outlier_chance)
                log += 0.3 * normal_(random_);
            double time = shares_[f] * std::exp(log) * host;
            if (matrix.is_now(at) && f == injected.function) time *= injected.factor;
            matrix.program[at] += time;
            const double count = poisson(world_.samples * time);
            add(matrix.self, f, count);
            add(matrix.total, f, count);
            add(matrix.total, world_.functions + f % kGroups, count);
            add(matrix.total, world_.functions + kGroups, count);
            matrix.all[at] += count;
        }
    }

    /// Of large means the normal distribution, which is as good and far quicker.
    double poisson(double mean) {
        if (mean > 200) return std::round(mean + std::sqrt(mean) * normal_(random_));
        return static_cast<double>(std::poisson_distribution<std::int64_t>(mean)(random_));
    }

    World world_;
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
    std::vector<double> shares_;
};

}  // namespace lampyr::check::test

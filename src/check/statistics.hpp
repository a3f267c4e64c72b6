// SPDX-License-Identifier: MIT
#pragma once

#include "check/run_matrix.hpp"

#include <lampyr/compare.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace lampyr::check {

/// The unit of replication is the run: samples of one run are as alike as they are many, so pooling them makes every
/// fluctuation of a run a discovery. Each function has one number a run (the logarithm of its time for a unit of work,
/// less the host's), and the two sides are compared by a t test whose variance leans on that of all functions: it
/// is drawn towards what counting gives plus what functions of this program usually vary by, as if six runs more had shown
/// that, and is never below what counting gives.
struct Tested {
    std::optional<Estimate> self{};
    std::optional<Estimate> total{};
    bool self_in_family = false;  ///< tested for alarms, not only estimated
    bool total_in_family = false;
    bool self_slower = false;  ///< growth that is not chance, all functions considered
    bool self_faster = false;
    bool total_slower = false;
    bool total_faster = false;
};

struct TestOptions {
    double tested_share = 0.01;
    double chance = 0.002;  ///< for functions alone; half of it for functions with callees, and for the program
    std::optional<std::vector<bool>> only{};  ///< functions to test; the program is tested if `only_program`
    bool only_program = true;
    bool alternating = false;  ///< the sides' runs took turns, so both had the same host
};

/// Growth that is worth an alarm: significant, not small, and above nothing even at the lower end of its interval.
struct AlarmLimits {
    double least_effect = 0.03;
};
[[nodiscard]] bool is_alarm(const Estimate& estimate, bool significant, const AlarmLimits& limits);

struct Analysis {
    std::vector<Tested> functions;
    std::optional<Estimate> program{};
    bool program_slower = false;
    bool program_faster = false;
    bool host_factor = false;
    double dispersion = 1;
    double smallest_p = 0;  ///< what the first of the functions' growths has to stay below
};

/// Needs two runs a side; with fewer nothing is tested.
[[nodiscard]] Analysis analyse(const RunMatrix& matrix, const TestOptions& options);

/// The first stage of an adaptive check: what looks slower at a lenient level, to be tested with fresh runs.
inline constexpr std::size_t kScreenRuns = 5;
inline constexpr std::size_t kConfirmRuns = 15;
inline constexpr double kScreenChance = 0.1;
struct Screening {
    std::vector<bool> functions;
    bool program = false;
    [[nodiscard]] bool any() const;
};
[[nodiscard]] Screening screen(const Analysis& analysis, const AlarmLimits& limits);

/// Benjamini and Hochberg: which of these are discoveries if of all discoveries at most `rate` may be false.
[[nodiscard]] std::vector<bool> discoveries(const std::vector<double>& p, double rate);

/// Mean difference of one number a run, by t; `freedom` 0: by the normal distribution.
struct Interval {
    double low = 0;
    double high = 0;
};
[[nodiscard]] Interval interval95(double difference, double standard_error, double freedom);

/// Runs a side needed to find growth by `effect` nine times in ten, if a run's logarithm varies by `variance`, at level `p`.
[[nodiscard]] std::size_t runs_needed(double effect, double variance, double p);

}  // namespace lampyr::check

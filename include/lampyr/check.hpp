// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/compare.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lampyr {

/// A limit for functions whose name matches; of the limits given, none may be passed.
struct Budget {
    std::string function;                     ///< a pattern as a shell's, for `name` or `file:name`
    bool self = false;                        ///< of the function alone; else with what it calls
    std::optional<double> max_share{};        ///< of the program's time, 0 to 1
    std::optional<double> max_growth{};       ///< against the base, 0.1 is 10 %
    std::optional<double> max_ms_per_work{};  ///< CPU milliseconds for a unit of work
};

/// A function that may be slower for a while.
struct Allowance {
    std::string function;
    std::string until;  ///< the last day, "2026-12-31"
    std::string reason;
    std::optional<double> max_growth{};  ///< not more than this
};

/// What a check demands; docs/ci.md explains each. Defaults are those of an empty file.
struct CheckRules {
    std::size_t runs = 10;
    double rate_hz = 1000;
    double chance = 0.002;  ///< as in CompareOptions
    double min_effect = 0.03;
    double min_total = 0.005;  ///< growth of less than this share of the program is let pass
    double min_samples = 500;  ///< a run
    std::optional<double>
        largest_detectable{};  ///< inconclusive when the program's smallest detectable effect is above
    double max_failed = 0.2;   ///< share of runs that may fail
    bool fail_on_slower = true;
    bool fail_on_budget = true;
    std::vector<std::string> ignore{};
    std::vector<Budget> budgets{};
    std::vector<Allowance> allowances{};
    std::vector<std::pair<std::string, std::string>> renames{};
    std::vector<PathMap> path_maps{};
};

/// Reads rules from TOML. Errors name the file, the line and what would be right.
[[nodiscard]] Result<CheckRules> parse_rules(std::string_view toml, const std::string& file_name);

enum class Finding : std::uint8_t {
    kWithinNoise,
    kSlower,
    kFaster,
    kMovedCost,  ///< slower, and its neighbours are faster by as much
    kCarried,    ///< slower with what it calls, because of functions named elsewhere
    kSmall,      ///< surely slower, by less than matters
    kNew,
    kGone,
    kAllowed,
    kIgnored,
    kNotTested,  ///< too small, or too few runs
};
[[nodiscard]] std::string_view to_string(Finding finding);

struct FunctionFinding {
    Finding finding = Finding::kNotTested;
    bool with_callees = false;  ///< it is the function with what it calls that changed
    std::string note{};         ///< a sentence more, not yet safe for any sink
};

struct BudgetFinding {
    enum class State : std::uint8_t { kKept, kBroken, kUnsure, kNoFunction };
    Budget budget;
    State state = State::kKept;
    std::string function;  ///< the worst that matches
    std::string words;     ///< what was found against what is allowed
};
[[nodiscard]] std::string_view to_string(BudgetFinding::State state);

enum class Outcome : std::uint8_t { kPass = 0, kSlower = 1, kInconclusive = 3, kFailed = 4 };

/// How the runs were made, for the report.
struct CheckFacts {
    std::string today;  ///< "2026-11-25"
    std::size_t base_failed = 0;
    std::size_t now_failed = 0;
    std::string order{};                      ///< "ABBA", "blocked", "as recorded"
    std::vector<std::string> warnings{};      ///< not yet safe for any sink
    std::vector<std::string> inconclusive{};  ///< reasons known beforehand
    std::string root{};                       ///< of the repository, for files in reports of CI systems
    bool screened = false;                    ///< the first stage of --adaptive found nothing to confirm
};

struct CheckResult {
    Comparison comparison;
    CheckRules rules;
    CheckFacts facts;
    Outcome outcome = Outcome::kPass;
    std::vector<FunctionFinding> functions;  ///< as Comparison::functions
    Finding program = Finding::kNotTested;
    std::vector<BudgetFinding> budgets;
    std::vector<std::string> reasons;  ///< of the outcome, each a sentence; not yet safe for any sink
    /// Rows of the functions that fail the check, largest growth first.
    [[nodiscard]] std::vector<std::size_t> slower() const;
};

[[nodiscard]] CheckResult judge(Comparison comparison, const CheckRules& rules, CheckFacts facts);

/// What a lenient first look would have confirmed by fresh runs. Empty functions and no program: nothing.
struct Suspects {
    std::vector<std::string> functions;  ///< `identity`
    bool program = false;
    [[nodiscard]] bool any() const { return program || !functions.empty(); }
};
/// For a comparison made with `kScreenLevel` as its chance.
[[nodiscard]] Suspects suspects(const Comparison& comparison, const CheckRules& rules);
inline constexpr double kScreenLevel = 0.1;
inline constexpr std::size_t kFirstStageRuns = 5;
inline constexpr std::size_t kSecondStageRuns = 15;

enum class CheckFormat : std::uint8_t { kText, kMarkdown, kJson, kJunit, kGithub, kGitlab };
/// The verdict in a format. `kGithub`: workflow commands, at most ten errors. Equal results give equal bytes.
[[nodiscard]] Result<void> write_check(const CheckResult& result, CheckFormat format, ByteSink& sink);

/// How many runs a side would be needed, from runs of one program: a table in words.
[[nodiscard]] Result<std::string> plan_text(const ProfileSide& runs, const CheckRules& rules);

/// Splits the runs of one program at random in two, `trials` times, and counts the checks that alarm.
struct SelfTest {
    std::size_t trials = 0;
    std::size_t alarms = 0;
    double upper_bound = 0;  ///< the true rate is below it, in 99 of 100
};
[[nodiscard]] Result<SelfTest> self_test(const ProfileSide& runs, const CheckRules& rules, std::size_t trials);

}  // namespace lampyr

// SPDX-License-Identifier: MIT
#include "base_checkout.hpp"
#include "check_recorder.hpp"
#include "check_reports.hpp"
#include "commands.hpp"
#include "exit_codes.hpp"
#include "profile_sides.hpp"
#include "recorded_runs.hpp"
#include "terminal.hpp"

#include <lampyr/check.hpp>
#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <optional>

namespace lampyr::tool {
namespace {

std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    std::array<char, 16> text{};
    if (::gmtime_r(&now, &utc) == nullptr) return "";
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc)};
}

/// One `lampyr check`, from its sides to the exit status.
class CheckRun {
  public:
    CheckRun(const CheckArgs& args, const Messages& messages) : args_(args), messages_(messages) {}
    int run();

  private:
    int failed(const Error& error) const {
        messages_.error(error);
        return error.code == ErrorCode::kUsage ? kExitUsage : kExitMeasurementFailed;
    }
    Result<CheckResult> check_recorded();
    Result<CheckResult> check_live(CheckRecorder& recorder);
    Result<CheckResult> check_adaptive(CheckRecorder& recorder);
    Result<CheckResult> judged(const CheckSides& sides, const CompareOptions& options) const;
    int tell(const CheckResult& result) const;
    int plan(const ProfileSide& side) const;
    int split(const ProfileSide& side) const;
    [[nodiscard]] CompareOptions comparing() const {
        CompareOptions options;
        options.renames = args_.rules.renames;
        options.chance = args_.rules.chance;
        options.alternating = !args_.blocked;
        return options;
    }

    const CheckArgs& args_;
    const Messages& messages_;
    std::string root_ = std::filesystem::current_path().string();
};

Result<CheckResult> CheckRun::judged(const CheckSides& sides, const CompareOptions& options) const {
    Result<Comparison> comparison = compare(sides.base, sides.now, options);
    if (!comparison) return comparison.error();
    CheckFacts facts = sides.facts;
    facts.today = today();
    facts.root = root_;
    for (const std::string& difference : differences(sides.base_conditions, sides.now_conditions))
        (args_.force ? facts.warnings : facts.inconclusive)
            .push_back(difference + (args_.force ? "" : " (--force compares all the same)"));
    CheckResult result = judge(std::move(*comparison), args_.rules, std::move(facts));
    // A difference in how the sides were measured speaks against every verdict, not only against a pass.
    if (!result.facts.inconclusive.empty() && result.outcome == Outcome::kSlower) {
        result.outcome = Outcome::kInconclusive;
        result.reasons = result.facts.inconclusive;
    }
    return result;
}

Result<CheckResult> CheckRun::check_recorded() {
    CheckSides sides{ProfileSide(args_.rules.path_maps), ProfileSide(), {}, {}, {}};
    sides.facts.order = "as recorded";
    if (const auto added = add_recorded(sides.base, sides.base_conditions, args_.base_profiles, messages_); !added)
        return added.error();
    if (const auto added = add_recorded(sides.now, sides.now_conditions, args_.now_profiles, messages_); !added)
        return added.error();
    CompareOptions options = comparing();
    options.alternating = sides.base_conditions.all_know && sides.now_conditions.all_know;
    if (sides.base_conditions.all_before(sides.now_conditions) ||
        sides.now_conditions.all_before(sides.base_conditions)) {
        options.alternating = false;
        sides.facts.warnings.push_back(
            "all runs of one side were recorded before those of the other; what drifted on the "
            "machine meanwhile looks like a change. Record them in turn");
    }
    return judged(sides, options);
}

Result<CheckResult> CheckRun::check_live(CheckRecorder& recorder) {
    Result<CheckSides> sides = recorder.record(args_.rules.runs);
    if (!sides) return sides.error();
    return judged(*sides, comparing());
}

/// Few runs first. What looks slower in them is tested with fresh ones; looking again at the same runs would find the
/// same chance again.
Result<CheckResult> CheckRun::check_adaptive(CheckRecorder& recorder) {
    Result<CheckSides> first = recorder.record(kFirstStageRuns);
    if (!first) return first.error();
    CompareOptions options = comparing();
    options.chance = kScreenLevel;
    const Result<Comparison> comparison = compare(first->base, first->now, options);
    if (!comparison) return comparison.error();
    const Suspects suspected = suspects(*comparison, args_.rules);
    if (!suspected.any()) {
        first->facts.screened = true;
        return judged(*first, options);
    }
    messages_.note(fmt::format("{} to confirm with {} fresh runs a side",
                               suspected.functions.empty() ? std::string{"the whole program"}
                                                           : fmt::format("{} functions", suspected.functions.size()),
                               kSecondStageRuns));
    Result<CheckSides> second = recorder.record(kSecondStageRuns);
    if (!second) return second.error();
    options = comparing();
    options.only = suspected.functions;
    options.only_program = suspected.program;
    return judged(*second, options);
}

int CheckRun::tell(const CheckResult& result) const {
    if (const auto told = write_reports(args_, result); !told) return failed(told.error());
    return static_cast<int>(result.outcome);
}

int CheckRun::plan(const ProfileSide& side) const {
    const Result<std::string> text = plan_text(side, args_.rules);
    if (!text) return failed(text.error());
    return write_all(STDOUT_FILENO, *text) ? kExitOk : kExitMeasurementFailed;
}

int CheckRun::split(const ProfileSide& side) const {
    const Result<SelfTest> test = self_test(side, args_.rules, args_.trials);
    if (!test) return failed(test.error());
    const std::string text = fmt::format(
        "{} of {} random splits of {} equal runs alarm ({:.2f} %; the rate is below {:.2f} % in 99 of 100)\n",
        test->alarms, test->trials, side.runs(),
        100.0 * static_cast<double>(test->alarms) / static_cast<double>(test->trials), 100 * test->upper_bound);
    if (!write_all(STDOUT_FILENO, text)) return kExitMeasurementFailed;
    return test->alarms * 100 <= test->trials ? kExitOk : kExitFailed;
}

int CheckRun::run() {
    if (!args_.records()) {
        if (args_.job == CheckArgs::Job::kCheck) {
            const Result<CheckResult> result = check_recorded();
            return result ? tell(*result) : failed(result.error());
        }
        ProfileSide side(args_.rules.path_maps);
        Conditions conditions;
        if (const auto added = add_recorded(side, conditions, args_.base_profiles, messages_); !added)
            return failed(added.error());
        return args_.job == CheckArgs::Job::kPlan ? plan(side) : split(side);
    }
    std::optional<BaseCheckout> checkout;
    if (!args_.base_ref.empty()) {
        Result<BaseCheckout> opened = BaseCheckout::open(args_.base_ref);
        if (!opened) return failed(opened.error());
        checkout.emplace(std::move(*opened));
        root_ = checkout->own_root();
    }
    Result<CheckRecorder> recorder = CheckRecorder::open(args_, checkout ? &*checkout : nullptr, messages_);
    if (!recorder) return failed(recorder.error());
    if (args_.job == CheckArgs::Job::kPlan) {
        const Result<ProfileSide> side = recorder->record_one_side(args_.rules.runs);
        return side ? plan(*side) : failed(side.error());
    }
    const Result<CheckResult> result = args_.adaptive ? check_adaptive(*recorder) : check_live(*recorder);
    return result ? tell(*result) : failed(result.error());
}

}  // namespace

int run_check(const CheckArgs& args) {
    const Messages messages{args.verbosity, args.colour};
    return CheckRun{args, messages}.run();
}

}  // namespace lampyr::tool

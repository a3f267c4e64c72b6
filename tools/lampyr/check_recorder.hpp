// SPDX-License-Identifier: MIT
#pragma once

#include "base_checkout.hpp"
#include "check_args.hpp"
#include "measured_run.hpp"
#include "profile_sides.hpp"
#include "recorded_runs.hpp"
#include "signals.hpp"

#include <memory>
#include <string>
#include <vector>

namespace lampyr::tool {

/// The two sides of a check, and under which conditions each was recorded.
struct CheckSides {
    ProfileSide base;
    ProfileSide now;
    Conditions base_conditions;
    Conditions now_conditions;
    CheckFacts facts;
};

/// Runs the sides' commands in turn and records each run. A run that fails is counted and made again, as long as no more
/// fail than the rules allow.
class CheckRecorder {
  public:
    /// `checkout`, if any, is where the base runs; it must outlive this.
    [[nodiscard]] static Result<CheckRecorder> open(const CheckArgs& args, const BaseCheckout* checkout,
                                                    const Messages& messages);
    CheckRecorder(CheckRecorder&&) noexcept = default;
    CheckRecorder& operator=(CheckRecorder&&) = delete;
    ~CheckRecorder();

    /// `runs` a side, A B B A …; fresh ones at every call.
    [[nodiscard]] Result<CheckSides> record(std::size_t runs);
    [[nodiscard]] Result<ProfileSide> record_one_side(std::size_t runs);

  private:
    struct Side {
        std::string name;  ///< "base", "new"
        RunOrders orders;
        std::size_t made = 0;
        std::size_t failed = 0;
        std::size_t warmed = 0;
        std::vector<RunEntry> entries{};
    };
    CheckRecorder(const CheckArgs& args, const Messages& messages) : args_(&args), messages_(&messages) {}
    [[nodiscard]] Result<void> run_once(Side& side, ProfileSide& profiles, Conditions& conditions, std::size_t planned);
    [[nodiscard]] Result<void> keep(Side& side, const MeasuredRun& run) const;
    [[nodiscard]] Result<void> warm_up(Side& side);

    const CheckArgs* args_;
    const Messages* messages_;
    std::unique_ptr<StopSignals> signals_;
    std::string directory_;  ///< for logs and, with --artifacts, profiles
    bool temporary_ = true;
    Side base_{};
    Side now_{};
};

}  // namespace lampyr::tool

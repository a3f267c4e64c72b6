// SPDX-License-Identifier: MIT
#include "sampler/audit_verdict.hpp"

#include "profile/labels.hpp"

namespace lampyr::sampler {

namespace {
/// With fewer, ten points of difference may be chance.
constexpr double kFewest = 100;
constexpr double kNinetyFive = 1.96;
}  // namespace

Audit judge_profile(const Profile& profile, const profile::EffectiveCount& effective,
                    const profile::WeighedSamples& stopped) {
    Audit audit;
    for (const Sample& sample : stopped.samples)
        if (sample.weight.count() > 0) audit.stopped_samples += sample.count;
    const profile::ShareComparison found = profile::compare_shares(profile, profile.samples, effective.value(),
                                                                   stopped.samples, stopped.effective.value());
    audit.shares_tested = found.tested;
    audit.largest_difference = found.largest;
    if (stopped.effective.value() < kFewest || effective.value() < kFewest || found.tested == 0) return audit;
    audit.verdict = found.significant ? Audit::Verdict::kBiased : Audit::Verdict::kAgrees;
    if (!found.significant) return audit;
    const profile::ShareDifference& worst = *found.significant;
    const Function& function = profile.functions[worst.function.value];
    audit.function = profile::location_label(profile.string(function.name), profile.string(function.short_file),
                                             function.first_line);
    audit.inclusive = !worst.self;
    audit.shown = worst.first;
    audit.stopped = worst.second;
    audit.uncertainty = kNinetyFive * worst.standard_error;
    return audit;
}

}  // namespace lampyr::sampler

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/sampler.hpp>

#include "profile/share_comparison.hpp"

namespace lampyr::sampler {

/// What the stopped samples say of a finished profile. `effective`: of the profile's own samples.
[[nodiscard]] Audit judge_profile(const Profile& profile, const profile::EffectiveCount& effective,
                                  const profile::WeighedSamples& stopped);

}  // namespace lampyr::sampler

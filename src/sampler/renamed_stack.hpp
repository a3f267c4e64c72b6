// SPDX-License-Identifier: MIT
#pragma once

#include "profile/builder.hpp"

#include <span>

namespace lampyr::sampler {

/// The stack with `(reused code)` in the place of every frame of these functions; the stack itself if it has none.
[[nodiscard]] StackId without_names_of(profile::Builder& builder, StackId stack, std::span<const FunctionId> functions);

}  // namespace lampyr::sampler

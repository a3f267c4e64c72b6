// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

namespace lampyr::profile {

/// Takes out what no sample needs: stacks, frames, functions, threads, processes, texts. The order of the rest stays.
void compact(Profile& profile);

}  // namespace lampyr::profile

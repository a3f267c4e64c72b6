// SPDX-License-Identifier: MIT
#pragma once

#include "check_args.hpp"

#include <lampyr/check.hpp>

namespace lampyr::tool {

/// Everything a check was asked to tell: the text on standard output, files, annotations, the step's summary.
[[nodiscard]] Result<void> write_reports(const CheckArgs& args, const CheckResult& result);

}  // namespace lampyr::tool

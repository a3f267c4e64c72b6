// SPDX-License-Identifier: MIT
#pragma once

#include "cli.hpp"

namespace lampyr::tool {

/// Each does its command to the end and returns the exit status.
[[nodiscard]] int run_record(const RecordArgs& args);
[[nodiscard]] int run_dump(const DumpArgs& args);
[[nodiscard]] int run_top(const TopArgs& args);
[[nodiscard]] int run_report(const ReportArgs& args);
[[nodiscard]] int run_diff(const DiffArgs& args);
[[nodiscard]] int run_check(const CheckArgs& args);
[[nodiscard]] int run_doctor(const DoctorArgs& args);

}  // namespace lampyr::tool

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/read_profile.hpp>

#include <string_view>

namespace lampyr::importer {

/// pprof's profile.proto (unpacked). Of its values, samples are counts and time is weight; where one is missing, the
/// period makes it from the other. Labels of thread and process make the threads.
[[nodiscard]] Result<ReadProfile> read_pprof(std::string_view bytes, const ReadLimits& limits);

}  // namespace lampyr::importer

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/read_profile.hpp>

#include <string_view>

namespace lampyr::importer {

/// speedscope's file format, sampled and evented profiles of time: each is a thread. Entries become samples with the time
/// they have there; how many samples an entry stands for is its weight in sampling intervals, which are those of the file
/// where lampyr wrote it, else the smallest weight.
[[nodiscard]] Result<ReadProfile> read_speedscope(std::string_view json, const ReadLimits& limits);

}  // namespace lampyr::importer

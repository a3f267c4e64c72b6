// SPDX-License-Identifier: MIT
#pragma once

#include "export/json_writer.hpp"

#include <lampyr/compare.hpp>

#include <optional>

namespace lampyr::check {

// Parts of reports in JSON, the same in those of diff and of check.
void put_estimate(exporter::JsonWriter& json, const std::optional<Estimate>& estimate);
void put_side(exporter::JsonWriter& json, const SideFacts& side);
/// The fields of a function; the caller makes the object.
void put_function(exporter::JsonWriter& json, const FunctionChange& function);

}  // namespace lampyr::check

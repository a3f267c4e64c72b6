// SPDX-License-Identifier: MIT
#pragma once

#include <protozero/types.hpp>

/// Field numbers of pprof's profile.proto (https://github.com/google/pprof/blob/main/proto/profile.proto), for the writer
/// and the reader.
namespace lampyr::profile::pprof {

enum class ProfileTag : protozero::pbf_tag_type {
    kSampleType = 1,
    kSample = 2,
    kMapping = 3,
    kLocation = 4,
    kFunction = 5,
    kString = 6,
    kTime = 9,       // ns since 1970
    kDuration = 10,  // ns
    kPeriodType = 11,
    kPeriod = 12,
    kComment = 13,
    kDefaultSampleType = 14,
};
enum class ValueTypeTag : protozero::pbf_tag_type { kType = 1, kUnit = 2 };
enum class SampleRowTag : protozero::pbf_tag_type { kLocation = 1, kValue = 2, kLabel = 3 };
enum class LabelTag : protozero::pbf_tag_type { kKey = 1, kText = 2, kNumber = 3, kUnit = 4 };
enum class MappingTag : protozero::pbf_tag_type {
    kId = 1,
    kFile = 5,
    kHasFunctions = 7,
    kHasFilenames = 8,
    kHasLineNumbers = 9,
};
enum class LocationTag : protozero::pbf_tag_type { kId = 1, kMapping = 2, kAddress = 3, kLine = 4 };
enum class LineTag : protozero::pbf_tag_type { kFunction = 1, kLine = 2 };
enum class FunctionRowTag : protozero::pbf_tag_type {
    kId = 1,
    kName = 2,
    kSystemName = 3,
    kFile = 4,
    kStartLine = 5,
};

}  // namespace lampyr::profile::pprof

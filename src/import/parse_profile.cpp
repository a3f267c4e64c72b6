// SPDX-License-Identifier: MIT
#include <lampyr/read_profile.hpp>

#include "profile/file/read_file.hpp"

namespace lampyr {

std::string_view to_string(SourceFormat format) {
    switch (format) {
        case SourceFormat::kLampyr: return "lampyr";
        case SourceFormat::kRaw: return "raw";
        case SourceFormat::kAustin: return "Austin";
        case SourceFormat::kSpeedscope: return "speedscope";
        case SourceFormat::kPprof: return "pprof";
    }
    return "unknown";
}

Result<ReadProfile> parse_profile(std::string_view bytes, const ReadLimits& limits) {
    if (bytes.empty()) return Error{ErrorCode::kCorrupt, "the file is empty", "", 0};
    if (profile::file::is_profile_file(bytes)) return profile::file::read_file(bytes, limits);
    return Error{ErrorCode::kCorrupt, "this is no profile that lampyr can read", "", 0};
}

}  // namespace lampyr

// SPDX-License-Identifier: MIT
#include <lampyr/read_profile.hpp>

#include "import/folded.hpp"
#include "import/gunzip.hpp"
#include "import/parse.hpp"
#include "import/pprof.hpp"
#include "import/speedscope.hpp"

#include <algorithm>

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

namespace {

constexpr std::size_t kLook = 64 * 1024;

/// Text has no control characters but those that part lines and columns, and those that colour a name.
bool is_text(std::string_view bytes) {
    const std::string_view start = bytes.substr(0, kLook);
    return std::all_of(start.begin(), start.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\x1b';
    });
}

/// Behind a byte order mark and blanks.
std::string_view begin_of_text(std::string_view bytes) {
    if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string_view() : bytes.substr(first);
}

/// pprof without gzip begins with one of its fields; every one of them is smaller than a blank.
bool may_be_pprof(std::string_view bytes) {
    const auto tag = static_cast<unsigned char>(bytes.front());
    return (tag & 7U) == 2 && tag >> 3U >= 1 && tag >> 3U <= 14;
}

Result<ReadProfile> parse_unpacked(std::string_view bytes, const ReadLimits& limits, profile::file::Scratch& scratch) {
    if (bytes.empty()) return Error{ErrorCode::kCorrupt, "the file is empty", "", 0};
    if (profile::file::is_profile_file(bytes)) return profile::file::read_file(bytes, limits, scratch);
    if (is_text(bytes)) {
        const std::string_view text = begin_of_text(bytes);
        if (text.starts_with('{') || text.starts_with('[')) return importer::read_speedscope(text, limits);
        return importer::read_folded(text, limits);
    }
    if (may_be_pprof(bytes)) return importer::read_pprof(bytes, limits);
    return Error{ErrorCode::kCorrupt, "this is no profile that lampyr can read",
                 "it reads lampyr, raw (folded), speedscope and pprof files", 0};
}

}  // namespace

namespace importer {

Result<ReadProfile> parse(std::string_view bytes, const ReadLimits& limits, profile::file::Scratch& scratch) {
    if (!is_gzip(bytes)) return parse_unpacked(bytes, limits, scratch);
    const Result<std::string> unpacked = gunzip(bytes, limits.memory / 2);
    if (!unpacked) return unpacked.error();
    return parse_unpacked(*unpacked, limits, scratch);
}

}  // namespace importer

Result<ReadProfile> parse_profile(std::string_view bytes, const ReadLimits& limits) {
    profile::file::Scratch scratch;
    return importer::parse(bytes, limits, scratch);
}

}  // namespace lampyr

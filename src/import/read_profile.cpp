// SPDX-License-Identifier: MIT
#include <lampyr/read_profile.hpp>

#include "base/escape.hpp"
#include "import/file_bytes.hpp"

#include <fmt/format.h>

namespace lampyr {

Result<ReadProfile> read_profile(const std::string& path, const ReadLimits& limits) {
    const Result<std::string> bytes = importer::read_bytes(path, limits.memory);
    if (!bytes) return bytes.error();
    Result<ReadProfile> read = parse_profile(*bytes, limits);
    if (!read) {
        Error error = read.error();
        error.message = fmt::format("cannot use \"{}\": {}", base::terminal_text(path), error.message);
        return error;
    }
    return read;
}

}  // namespace lampyr

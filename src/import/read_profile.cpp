// SPDX-License-Identifier: MIT
#include <lampyr/read_profile.hpp>

#include "base/escape.hpp"
#include "import/file_bytes.hpp"
#include "import/parse.hpp"

#include <fmt/format.h>

namespace lampyr {

struct ProfileReader::Impl {
    ReadLimits limits;
    std::string bytes;
    profile::file::Scratch scratch;
};

ProfileReader::ProfileReader(const ReadLimits& limits) : impl_(std::make_unique<Impl>()) { impl_->limits = limits; }
ProfileReader::ProfileReader(ProfileReader&&) noexcept = default;
ProfileReader& ProfileReader::operator=(ProfileReader&&) noexcept = default;
ProfileReader::~ProfileReader() = default;

Result<ReadProfile> ProfileReader::read(const std::string& path) {
    if (const auto got = importer::read_bytes(path, impl_->limits.memory, impl_->bytes); !got) return got.error();
    Result<ReadProfile> read = importer::parse(impl_->bytes, impl_->limits, impl_->scratch);
    if (!read) {
        Error error = read.error();
        error.message = fmt::format("cannot use \"{}\": {}", base::terminal_text(path), error.message);
        return error;
    }
    return read;
}

void ProfileReader::reuse(Profile&& profile) { impl_->scratch.tables = std::move(profile); }

Result<ReadProfile> read_profile(const std::string& path, const ReadLimits& limits) {
    return ProfileReader(limits).read(path);
}

}  // namespace lampyr

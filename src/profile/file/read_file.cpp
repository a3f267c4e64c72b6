// SPDX-License-Identifier: MIT
#include "profile/file/read_file.hpp"

#include "profile/file/block_scanner.hpp"
#include "profile/file/checksum.hpp"
#include "profile/file/format.hpp"
#include "profile/file/little_endian.hpp"
#include "profile/file/table_reader.hpp"

#include <fmt/format.h>

namespace lampyr::profile::file {

namespace {

Error corrupt(std::string message, std::string hint = {}) {
    return Error{ErrorCode::kCorrupt, std::move(message), std::move(hint), 0};
}

Result<void> check_header(std::string_view bytes) {
    if (bytes.size() < kHeaderSize) return corrupt("the file ends within its header");
    if (checksum(bytes.substr(0, kHeaderSize - 4)) != read_little_endian<std::uint32_t>(bytes, kHeaderSize - 4))
        return corrupt("the file's header is damaged");
    const auto major = read_little_endian<std::uint16_t>(bytes, kMagic.size());
    if (major != kMajor)
        return corrupt(
            fmt::format("the file has version {} of the format; this lampyr reads version {}", major, kMajor),
            "use the lampyr that wrote it, or a newer one");
    return {};
}

/// Why the file was not read to its end; empty: it was.
std::string_view reason(BlockScanner::Step last) {
    switch (last) {
        case BlockScanner::Step::kMessage:
        case BlockScanner::Step::kEnd: return "";
        case BlockScanner::Step::kCut: return "the file ends within a block";
        case BlockScanner::Step::kDamaged: return "a block is damaged";
        case BlockScanner::Step::kForeign: return "a block is packed in a way that this lampyr does not know";
    }
    return "";
}

std::string what_is_missing(const ReadProfile& read, std::string_view why) {
    const double seconds = std::chrono::duration<double>(read.profile.info.duration).count();
    if (why.empty()) return fmt::format("the recording was cut off after {:.1f} s", seconds);
    return fmt::format("{}; {} bytes are left out, what was recorded up to {:.1f} s is here", why, read.bytes_cut,
                       seconds);
}

}  // namespace

bool is_profile_file(std::string_view bytes) { return bytes.starts_with(kMagic); }

Result<ReadProfile> read_file(std::string_view bytes, const ReadLimits& limits, Scratch& scratch) {
    if (auto good = check_header(bytes); !good) return good.error();
    BlockScanner scanner(bytes.substr(kHeaderSize), scratch.unpacked);
    TableReader tables(limits, std::move(scratch.tables));
    BlockScanner::Step step = scanner.next();
    for (; step == BlockScanner::Step::kMessage; step = scanner.next())
        if (auto added = tables.add(scanner.message()); !added) return added.error();
    ReadProfile read = std::move(tables).finish();
    read.format = SourceFormat::kLampyr;
    read.bytes_cut = scanner.rest();
    if (!read.complete || read.bytes_cut != 0) read.notes.push_back(what_is_missing(read, reason(step)));
    return read;
}

}  // namespace lampyr::profile::file

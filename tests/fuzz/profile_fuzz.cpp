// SPDX-License-Identifier: MIT
// The input is a profile to be read. If its first byte is 0xff, the rest is what a block of a lampyr file says, framed with
// the right checksums, so that a mutation is not lost to them. What is read must be writable.
#include "profile/file/block_packer.hpp"
#include "profile/file/format.hpp"

#include <lampyr/export.hpp>
#include <lampyr/read_profile.hpp>
#include <lampyr/transform.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace {

/// Takes what is written and forgets it, up to a size that keeps one input quick.
class Drain final : public lampyr::ByteSink {
  public:
    [[nodiscard]] bool write(std::string_view bytes) override {
        written_ += bytes.size();
        return written_ < std::size_t{16} << 20;
    }

  private:
    std::size_t written_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lampyr;
    if (size > 1U << 20) return 0;
    std::string bytes(reinterpret_cast<const char*>(data), size);
    if (bytes.starts_with('\xff')) {
        auto packer = profile::file::BlockPacker::make();
        if (!packer) return 0;
        const std::string_view block = packer->pack(std::string_view(bytes).substr(1));
        bytes = profile::file::file_header().append(block);
    }
    const Result<ReadProfile> read = parse_profile(bytes, {.memory = std::uint64_t{64} << 20});
    if (!read) {
        if (read.error().message.empty() || read.error().message.find('\n') != std::string::npos) __builtin_trap();
        return 0;
    }
    for (std::size_t i = 0; i < kFormatCount; ++i) {
        Drain drain;
        static_cast<void>(write_profile(read->profile, static_cast<Format>(i), {.threads = true, .title = ""}, drain));
    }
    return 0;
}

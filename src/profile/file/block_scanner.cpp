// SPDX-License-Identifier: MIT
#include "profile/file/block_scanner.hpp"

#include "profile/file/checksum.hpp"
#include "profile/file/format.hpp"
#include "profile/file/little_endian.hpp"

#include <zstd.h>

namespace lampyr::profile::file {

struct BlockScanner::Decompressor {
    ZSTD_DCtx* context = ZSTD_createDCtx();
    Decompressor() = default;
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;
    ~Decompressor() { ZSTD_freeDCtx(context); }
};

BlockScanner::BlockScanner(std::string_view bytes, std::string& buffer)
    : rest_(bytes), buffer_(buffer), decompressor_(std::make_unique<Decompressor>()) {}
BlockScanner::~BlockScanner() = default;

BlockScanner::Step BlockScanner::next() {
    if (rest_.empty()) return Step::kEnd;
    if (rest_.size() < kBlockHeaderSize) return Step::kCut;
    const auto stored = read_little_endian<std::uint32_t>(rest_, 4);
    const auto size = read_little_endian<std::uint32_t>(rest_, 8);
    const auto packing = read_little_endian<std::uint32_t>(rest_, 12);
    const auto sum = read_little_endian<std::uint32_t>(rest_, 16);
    if (read_little_endian<std::uint32_t>(rest_, 0) != kBlockMark) return Step::kDamaged;
    if (stored > kMaxMessage || size > kMaxMessage) return Step::kDamaged;
    if (rest_.size() - kBlockHeaderSize < stored) return Step::kCut;
    const std::string_view payload = rest_.substr(kBlockHeaderSize, stored);
    if (checksum(rest_.substr(0, 16), payload) != sum) return Step::kDamaged;
    const Step step = unpack(payload, size, packing);
    if (step == Step::kMessage) rest_.remove_prefix(kBlockHeaderSize + stored);
    return step;
}

BlockScanner::Step BlockScanner::unpack(std::string_view payload, std::uint32_t size, std::uint32_t packing) {
    switch (static_cast<Packing>(packing)) {
        case Packing::kPlain:
            if (payload.size() != size) return Step::kDamaged;
            message_ = payload;
            return Step::kMessage;
        case Packing::kZstd: {
            if (buffer_.size() < size) buffer_.resize(size);
            const std::size_t got =
                ZSTD_decompressDCtx(decompressor_->context, buffer_.data(), size, payload.data(), payload.size());
            if (ZSTD_isError(got) != 0 || got != size) return Step::kDamaged;
            message_ = std::string_view(buffer_).substr(0, size);
            return Step::kMessage;
        }
    }
    return Step::kForeign;
}

}  // namespace lampyr::profile::file

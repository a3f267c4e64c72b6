// SPDX-License-Identifier: MIT
#include "elf/stream_unpacker.hpp"

#include <zlib.h>
#include <zstd.h>

namespace lampyr::elf {

void StreamUnpacker::Closer::operator()(z_stream_s* stream) const {
    ::inflateEnd(stream);
    delete stream;
}
void StreamUnpacker::Closer::operator()(ZSTD_DCtx_s* stream) const { ::ZSTD_freeDCtx(stream); }

StreamUnpacker::StreamUnpacker(Format format) {
    if (format == Format::kZstd) {
        zstd_.reset(::ZSTD_createDCtx());
    } else {
        auto made = std::make_unique<z_stream_s>();
        if (::inflateInit2(made.get(), 15 + 16) == Z_OK) gzip_.reset(made.release());
    }
}

UnpackStep StreamUnpacker::step(std::span<const std::byte> in, std::span<std::byte> out) {
    if (zstd_) return step_zstd(in, out);
    if (gzip_) return step_gzip(in, out);
    return {0, 0, UnpackStatus::kNoMemory};
}

UnpackStep StreamUnpacker::step_gzip(std::span<const std::byte> in, std::span<std::byte> out) {
    z_stream_s& z = *gzip_;
    // zlib only reads what next_in points to.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
    z.avail_in = static_cast<uInt>(in.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    const int status = ::inflate(&z, Z_NO_FLUSH);
    UnpackStep step{in.size() - z.avail_in, out.size() - z.avail_out, UnpackStatus::kMore};
    if (status == Z_STREAM_END)
        step.status = ::inflateReset(&z) == Z_OK ? UnpackStatus::kEnd : UnpackStatus::kDamaged;
    else if (status == Z_MEM_ERROR)
        step.status = UnpackStatus::kNoMemory;
    else if (status != Z_OK && status != Z_BUF_ERROR)
        step.status = UnpackStatus::kDamaged;
    return step;
}

UnpackStep StreamUnpacker::step_zstd(std::span<const std::byte> in, std::span<std::byte> out) {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ::ZSTD_decompressStream(zstd_.get(), &to, &from);
    if (::ZSTD_isError(left) != 0) return {from.pos, to.pos, UnpackStatus::kDamaged};
    return {from.pos, to.pos, left == 0 ? UnpackStatus::kEnd : UnpackStatus::kMore};
}

}  // namespace lampyr::elf

// SPDX-License-Identifier: MIT
#include "export/gzip_output.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace lampyr::exporter {

struct GzipOutput::Stream {
    z_stream z{};
    bool open = false;
    Stream() {
        constexpr int kGzip = 15 + 16;  // the largest window, with gzip's header and checksum
        open = ::deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() {
        if (open) ::deflateEnd(&z);
    }
};

GzipOutput::GzipOutput(ByteSink& sink) : sink_(sink), stream_(std::make_unique<Stream>()), ok_(stream_->open) {}
GzipOutput::~GzipOutput() = default;

bool GzipOutput::deflate(std::string_view bytes, int flush) {
    z_stream& z = stream_->z;
    std::array<char, 64 * 1024> out{};
    // zlib only reads what next_in points to.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    do {
        z.next_out = reinterpret_cast<Bytef*>(out.data());
        z.avail_out = static_cast<uInt>(out.size());
        if (::deflate(&z, flush) == Z_STREAM_ERROR) return false;
        const std::size_t got = out.size() - z.avail_out;
        if (got != 0 && !sink_.write({out.data(), got})) return false;
    } while (z.avail_out == 0);
    return true;
}

bool GzipOutput::write(std::string_view bytes) {
    constexpr std::size_t kPiece = std::size_t{1} << 30;  // zlib counts in 32 bits
    for (; ok_ && !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size())))
        ok_ = deflate(bytes.substr(0, kPiece), Z_NO_FLUSH);
    return ok_;
}

bool GzipOutput::finish() {
    ok_ = ok_ && deflate({}, Z_FINISH);
    return ok_;
}

}  // namespace lampyr::exporter

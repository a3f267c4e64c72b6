// SPDX-License-Identifier: MIT
#include "import/gunzip.hpp"

#include <zlib.h>

#include <algorithm>

namespace lampyr::importer {

namespace {

Error corrupt(const char* message) { return Error{ErrorCode::kCorrupt, message, "", 0}; }

struct Inflater {
    z_stream z{};
    bool open = false;
    Inflater() { open = ::inflateInit2(&z, 15 + 16) == Z_OK; }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() {
        if (open) ::inflateEnd(&z);
    }
};

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::uint64_t most) {
    if (bytes.size() > UINT32_MAX) return corrupt("the file is too large");  // zlib counts in 32 bits
    Inflater inflater;
    if (!inflater.open) return corrupt("no memory to unpack the file");
    z_stream& z = inflater.z;
    // zlib only reads what next_in points to.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    for (;;) {
        constexpr std::size_t kPiece = 256 * 1024;
        const std::size_t before = out.size();
        out.resize(before + kPiece);
        z.next_out = reinterpret_cast<Bytef*>(out.data() + before);
        z.avail_out = static_cast<uInt>(kPiece);
        const int status = ::inflate(&z, Z_NO_FLUSH);
        out.resize(out.size() - z.avail_out);
        if (out.size() > most) return corrupt("the file unpacks to more than may be read into memory");
        if (status == Z_STREAM_END) {
            if (z.avail_in == 0) return out;
            if (::inflateReset(&z) != Z_OK) return corrupt("the gzip file is damaged");  // another member follows
        } else if (status != Z_OK) {
            return corrupt(status == Z_BUF_ERROR ? "the gzip file ends too early" : "the gzip file is damaged");
        }
    }
}

}  // namespace lampyr::importer

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lampyr::profile::file {

/// Goes through a file's blocks. Nothing in the bytes is believed before the checksum agreed, and sizes not even then.
class BlockScanner {
  public:
    /// `bytes` begin after the file's header. Messages are unpacked into `buffer`, which only grows.
    BlockScanner(std::string_view bytes, std::string& buffer);
    ~BlockScanner();
    BlockScanner(const BlockScanner&) = delete;
    BlockScanner& operator=(const BlockScanner&) = delete;

    enum class Step : std::uint8_t {
        kMessage,  ///< `message` is the next block's
        kEnd,      ///< the bytes ended with the last block
        kCut,      ///< the bytes end within a block
        kDamaged,  ///< what follows is no block, or one whose checksum or packing is wrong
        kForeign,  ///< a block packed in a way this version does not know
    };
    [[nodiscard]] Step next();
    [[nodiscard]] std::string_view message() const { return message_; }
    /// Bytes not used: of those given, what is behind the last block that was.
    [[nodiscard]] std::size_t rest() const { return rest_.size(); }

  private:
    [[nodiscard]] Step unpack(std::string_view payload, std::uint32_t size, std::uint32_t packing);

    struct Decompressor;
    std::string_view rest_;
    std::string_view message_;
    std::string& buffer_;
    std::unique_ptr<Decompressor> decompressor_;
};

}  // namespace lampyr::profile::file

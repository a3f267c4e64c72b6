// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace lampyr::exporter {

/// Gathers small pieces and hands them to a sink in large ones. After the sink refused, everything is swallowed, so a
/// writer needs to look at `ok` only where stopping early saves work. `flush` before the end; the destructor does not.
class BufferedOutput {
  public:
    explicit BufferedOutput(ByteSink& sink) : sink_(sink) { buffer_.reserve(kSize); }
    BufferedOutput(const BufferedOutput&) = delete;
    BufferedOutput& operator=(const BufferedOutput&) = delete;

    void put(char byte) {
        buffer_.push_back(byte);
        if (buffer_.size() >= kSize) drain();
    }
    void write(std::string_view bytes) {
        buffer_.append(bytes);
        if (buffer_.size() >= kSize) drain();
    }
    [[nodiscard]] bool ok() const noexcept { return ok_; }
    /// Everything written so far reached the sink, or the error that says it did not.
    [[nodiscard]] Result<void> flush() {
        drain();
        if (!ok_) return Error{ErrorCode::kOutput, "the output could not be written", "", 0};
        return {};
    }

  private:
    static constexpr std::size_t kSize = 64 * 1024;

    void drain() {
        if (ok_ && !buffer_.empty()) ok_ = sink_.write(buffer_);
        buffer_.clear();
    }

    ByteSink& sink_;
    std::string buffer_;
    bool ok_ = true;
};

}  // namespace lampyr::exporter

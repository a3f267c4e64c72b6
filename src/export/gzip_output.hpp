// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

#include <memory>
#include <string_view>

namespace lampyr::exporter {

/// Compresses what is written into a gzip file without a time, so that equal input gives equal bytes. `finish` ends it.
class GzipOutput final : public ByteSink {
  public:
    explicit GzipOutput(ByteSink& sink);
    ~GzipOutput() override;
    GzipOutput(const GzipOutput&) = delete;
    GzipOutput& operator=(const GzipOutput&) = delete;

    [[nodiscard]] bool write(std::string_view bytes) override;
    [[nodiscard]] bool finish();

  private:
    struct Stream;
    [[nodiscard]] bool deflate(std::string_view bytes, int flush);

    ByteSink& sink_;
    std::unique_ptr<Stream> stream_;
    bool ok_ = true;
};

}  // namespace lampyr::exporter

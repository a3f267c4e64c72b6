// SPDX-License-Identifier: MIT
#pragma once

#include "process/remote_memory.hpp"

#include <cstddef>
#include <functional>
#include <utility>

namespace lampyr::test {

/// Another memory that changes while it is read, as that of a running program does: before every segment of a call
/// `change` is told which one comes.
class ChangingMemory final : public process::RemoteMemory {
  public:
    using Change = std::function<void(process::RemoteSegment next)>;
    ChangingMemory(const process::RemoteMemory& inner, Change change) : inner_(inner), change_(std::move(change)) {}

    [[nodiscard]] std::size_t read_segments(std::span<const process::RemoteSegment> segments,
                                            std::span<std::byte> out) const override {
        std::size_t got = 0;
        for (std::size_t i = 0; i < segments.size(); ++i) {
            change_(segments[i]);
            const std::size_t part = inner_.read_segments(segments.subspan(i, 1), out.subspan(got));
            got += part;
            if (part != segments[i].size) break;
        }
        return got;
    }

  private:
    const process::RemoteMemory& inner_;
    Change change_;
};

}  // namespace lampyr::test

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>

#include <string>

namespace lampyr::test {

class StringSink final : public ByteSink {
  public:
    [[nodiscard]] bool write(std::string_view bytes) override {
        text.append(bytes);
        return true;
    }
    std::string text;
};

/// Takes `room` bytes, then refuses.
class FullSink final : public ByteSink {
  public:
    explicit FullSink(std::size_t room) : room_(room) {}
    [[nodiscard]] bool write(std::string_view bytes) override {
        ++calls;
        if (bytes.size() > room_) refused = true;
        if (refused) return false;
        room_ -= bytes.size();
        return true;
    }
    int calls = 0;
    bool refused = false;

  private:
    std::size_t room_;
};

inline std::string written(const Profile& profile, Format format, const ExportOptions& options = {}) {
    StringSink sink;
    return write_profile(profile, format, options, sink) ? sink.text : "failed";
}

}  // namespace lampyr::test

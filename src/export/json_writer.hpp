// SPDX-License-Identifier: MIT
#pragma once

#include "export/buffered_output.hpp"

#include <rapidjson/writer.h>

#include <cstdint>
#include <string_view>

namespace lampyr::exporter {

/// Writes JSON piece by piece into a sink. Structure and numbers are RapidJSON's; strings go through base::json_string,
/// so that names are safe in a terminal and in a script element. Numbers read back as the same double.
class JsonWriter {
  public:
    explicit JsonWriter(ByteSink& sink) : out_(sink), stream_{out_}, writer_(stream_) {}
    JsonWriter(const JsonWriter&) = delete;
    JsonWriter& operator=(const JsonWriter&) = delete;

    void begin_object() { writer_.StartObject(); }
    void end_object() { writer_.EndObject(); }
    void begin_array() { writer_.StartArray(); }
    void end_array() { writer_.EndArray(); }
    void string(std::string_view text);
    void number(std::uint64_t value) { writer_.Uint64(value); }
    void number(double value);  ///< null when it is not finite: JSON has no word for that
    void boolean(bool value) { writer_.Bool(value); }
    void null() { writer_.Null(); }

    JsonWriter& key(std::string_view name) {
        string(name);
        return *this;
    }
    void field(std::string_view name, std::string_view text) { key(name).string(text); }
    void field(std::string_view name, std::uint64_t value) { key(name).number(value); }
    void field(std::string_view name, double value) { key(name).number(value); }

    [[nodiscard]] bool ok() const noexcept { return out_.ok(); }
    /// Ends the document with a newline.
    [[nodiscard]] Result<void> finish();

  private:
    /// RapidJSON's output stream concept.
    struct Stream {
        using Ch = char;
        BufferedOutput& out;
        void Put(char c) { out.put(c); }
        void Flush() {}
    };

    BufferedOutput out_;
    Stream stream_;
    rapidjson::Writer<Stream> writer_;
};

}  // namespace lampyr::exporter

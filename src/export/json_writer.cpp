// SPDX-License-Identifier: MIT
#include "export/json_writer.hpp"

#include "base/escape.hpp"

#include <cmath>

namespace lampyr::exporter {

void JsonWriter::string(std::string_view text) {
    const std::string quoted = base::json_string(text);
    writer_.RawValue(quoted.data(), quoted.size(), rapidjson::kStringType);
}

void JsonWriter::number(double value) {
    if (std::isfinite(value))
        writer_.Double(value);
    else
        writer_.Null();
}

Result<void> JsonWriter::finish() {
    out_.put('\n');
    return out_.flush();
}

}  // namespace lampyr::exporter

// SPDX-License-Identifier: MIT
#include "export/json_writer.hpp"

#include "base/escape.hpp"

namespace lampyr::exporter {

void JsonWriter::string(std::string_view text) {
    const std::string quoted = base::json_string(text);
    writer_.RawValue(quoted.data(), quoted.size(), rapidjson::kStringType);
}

Result<void> JsonWriter::finish() {
    out_.put('\n');
    return out_.flush();
}

}  // namespace lampyr::exporter

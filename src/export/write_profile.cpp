// SPDX-License-Identifier: MIT
#include "export/chrome_trace.hpp"
#include "export/flamegraph/flamegraph.hpp"
#include "export/folded.hpp"
#include "export/pprof.hpp"
#include "export/speedscope.hpp"
#include "profile/file/write_file.hpp"

#include <lampyr/export.hpp>

namespace lampyr {

Result<void> write_profile(const Profile& profile, Format format, const ExportOptions& options, ByteSink& sink) {
    switch (format) {
        case Format::kFlamegraph: return exporter::write_flamegraph(profile, options, sink);
        case Format::kSpeedscope: return exporter::write_speedscope(profile, options, sink);
        case Format::kRaw: return exporter::write_folded(profile, options, sink);
        case Format::kChromeTrace: return exporter::write_chrome_trace(profile, options, sink);
        case Format::kPprof: return exporter::write_pprof(profile, options, sink);
        case Format::kLampyr: return profile::file::write_file(profile, sink);
    }
    return Error{ErrorCode::kUsage, "there is no such output format", "", 0};
}

}  // namespace lampyr

// SPDX-License-Identifier: MIT
#include <lampyr/profile.hpp>

namespace lampyr {

std::string_view to_string(Loss loss) {
    switch (loss) {
        case Loss::kUnproven: return "unproven";
        case Loss::kMispredicted: return "mispredicted";
        case Loss::kLate: return "late";
        case Loss::kUnreadable: return "unreadable";
        case Loss::kElided: return "elided";
        case Loss::kBadFrame: return "bad frame";
        case Loss::kReusedCode: return "reused code";
        case Loss::kNativeCut: return "native cut";
        case Loss::kNativeUnmatched: return "native unmatched";
        case Loss::kTaskUnknown: return "task unknown";
    }
    return "unknown";
}

}  // namespace lampyr

// SPDX-License-Identifier: MIT
#include "cpython/decode_error.hpp"

namespace lampyr::cpython {

std::string_view to_string(DecodeError error) {
    switch (error) {
        case DecodeError::kOk: return "ok";
        case DecodeError::kUnreadable: return "unreadable memory";
        case DecodeError::kBadPointer: return "bad pointer";
        case DecodeError::kBadSize: return "bad size";
        case DecodeError::kBadValue: return "bad value";
        case DecodeError::kWrongType: return "wrong type";
        case DecodeError::kChanged: return "changed while read";
    }
    return "unknown";
}

}  // namespace lampyr::cpython

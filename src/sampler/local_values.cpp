// SPDX-License-Identifier: MIT
#include "sampler/local_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace lampyr::sampler {
namespace {

constexpr int kAttempts = 3;

DumpLocalKind kind_of(cpython::LocalKind kind) {
    switch (kind) {
        case cpython::LocalKind::kArgument: return DumpLocalKind::kArgument;
        case cpython::LocalKind::kLocal: break;
        case cpython::LocalKind::kFree: return DumpLocalKind::kFree;
    }
    return DumpLocalKind::kLocal;
}

}  // namespace

std::optional<std::vector<DumpLocal>> LocalValues::read_once(const cpython::RawFrame& frame) {
    const auto found = locals_.read(frame);
    if (!found) return std::nullopt;
    std::vector<DumpLocal> shown;
    shown.reserve(found->size());
    for (const cpython::FrameLocal& local : *found)
        shown.push_back({local.name, local.small_int ? fmt::format("{}", *local.small_int) : text_.of(local.value),
                         kind_of(local.kind)});
    return shown;
}

/// Two readings that agree were of one state. Addresses alone would not tell: a number's is soon another number's.
std::optional<std::vector<DumpLocal>> LocalValues::read(const cpython::RawFrame& frame) {
    auto before = read_once(frame);
    for (int attempt = 0; before && attempt < kAttempts; ++attempt) {
        auto after = read_once(frame);
        if (!after || *after == *before) return after;
        if (attempt + 1 == kAttempts)
            for (DumpLocal& local : *after)
                local.changed = std::find(before->begin(), before->end(), local) == before->end();
        before = std::move(after);
    }
    return before;
}

}  // namespace lampyr::sampler

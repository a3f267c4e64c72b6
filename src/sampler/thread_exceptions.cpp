// SPDX-License-Identifier: MIT
#include "sampler/thread_exceptions.hpp"

#include <algorithm>
#include <utility>

namespace lampyr::sampler {
namespace {

constexpr int kAttempts = 3;

}  // namespace

std::vector<DumpException> thread_exceptions(cpython::ExceptionReader& reader, RemoteAddr thread_state) {
    auto before = reader.read(thread_state);
    auto after = reader.read(thread_state);
    for (int attempt = 1; attempt < kAttempts && before != after; ++attempt) {
        before = std::move(after);
        after = reader.read(thread_state);
    }
    std::vector<DumpException> shown;
    shown.reserve(after.size());
    for (cpython::ThreadException& one : after) {
        const bool changed = std::find(before.begin(), before.end(), one) == before.end();
        shown.push_back({std::move(one.type), std::move(one.value), one.raised, changed});
    }
    return shown;
}

}  // namespace lampyr::sampler

// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/dump.hpp>

#include "cpython/exceptions.hpp"

#include <vector>

namespace lampyr::sampler {

/// The exceptions of a thread in words. What the target changed while it was read is read again a few times, then marked.
[[nodiscard]] std::vector<DumpException> thread_exceptions(cpython::ExceptionReader& reader, RemoteAddr thread_state);

}  // namespace lampyr::sampler

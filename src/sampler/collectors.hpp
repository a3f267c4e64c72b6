// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/dump.hpp>

#include "cpython/collection.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/runtime_locator.hpp"
#include "process/remote_memory.hpp"

#include <map>
#include <span>
#include <vector>

namespace lampyr::sampler {

/// Says which threads of a dump collect garbage. A collection counts that ran before the stacks were read and after.
/// Use: `begin` before a sweep, `judge` each stack, `finish` behind it, then `told`.
class Collectors {
  public:
    /// Both must outlive it.
    Collectors(const process::RemoteMemory& memory, const cpython::RuntimeLocation& runtime)
        : memory_(memory), runtime_(runtime) {}

    void begin(std::span<const RemoteAddr> interpreters);
    void judge(const cpython::RawStack& stack);
    void finish();
    [[nodiscard]] DumpAnswer told(RemoteAddr thread_state) const;

  private:
    struct Candidate {
        RemoteAddr thread_state;
        cpython::Collector judged = cpython::Collector::kNo;
    };
    struct Run {
        cpython::Collection collection;
        std::vector<Candidate> candidates{};
    };

    const process::RemoteMemory& memory_;
    const cpython::RuntimeLocation& runtime_;
    std::map<RemoteAddr, Run> runs_;  // by interpreter
};

}  // namespace lampyr::sampler

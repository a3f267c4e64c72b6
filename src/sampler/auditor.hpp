// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/stack_reader.hpp"
#include "process/thread_status.hpp"
#include "process/thread_stopper.hpp"
#include "profile/builder.hpp"
#include "profile/sample_table.hpp"
#include "profile/share_comparison.hpp"
#include "sampler/code_cache.hpp"
#include "sampler/cpu_share.hpp"
#include "sampler/stack_resolver.hpp"
#include "sampler/target_impl.hpp"
#include "sampler/thread_clock.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace lampyr::sampler {

/// A few samples a second for which the running threads of one process are stopped, beside those that are taken without
/// stopping: they test the profile and are no part of it. Reader, clocks and names are its own, so that nothing it learns
/// is lent to what it tests. Weights are CPU time, as in the profile.
class Auditor {
  public:
    using nanoseconds = std::chrono::nanoseconds;

    /// Fails when stopping is not permitted.
    [[nodiscard]] static Result<std::unique_ptr<Auditor>> open(Target::Impl& target, profile::Builder& builder);

    /// A thread that may be audited.
    struct Subject {
        RemoteAddr tstate;
        std::uint64_t ident = 0;
        Tid tid;
        ThreadId row;
    };
    /// One audit at `when`; a sample stands for `span`.
    void sample(std::span<const Subject> subjects, nanoseconds when, nanoseconds span);

    /// What was found; the stacks are rows of the builder's table.
    [[nodiscard]] profile::WeighedSamples finish() &&;
    [[nodiscard]] process::StopStatistics stops() const { return stopper_->statistics(); }

  private:
    Auditor(Target::Impl& target, profile::Builder& builder, std::unique_ptr<process::ThreadStopper> stopper);

    struct Track {
        ThreadClock clock;
        CpuShare share;
        StackResolver resolver;
    };
    struct Chosen {
        const Subject* subject;
        Track* track;
        std::uint64_t switches = 0;  // given up its CPU by itself so often, before it was found running
        bool ran = false;            // up to the stop
    };
    void give(std::span<const CpuShare::Given> weights);
    void choose(std::span<const Subject> subjects, nanoseconds when);
    [[nodiscard]] bool ran_until_stopped(const Chosen& chosen);
    void add(const Chosen& chosen, nanoseconds when, nanoseconds span);

    profile::Builder& builder_;
    cpython::StackReader reader_;
    FileNames files_;
    CodeCache cache_;
    process::ThreadStatusReader status_;
    process::ThreadCpuReader cpu_;
    std::unique_ptr<process::ThreadStopper> stopper_;
    std::unordered_map<ThreadId, Track> tracks_;
    std::vector<Chosen> chosen_;
    std::vector<Tid> tids_;
    std::size_t turn_ = 0;
    profile::SampleTable samples_{false, nanoseconds(0)};
    profile::EffectiveCount effective_;
};

}  // namespace lampyr::sampler

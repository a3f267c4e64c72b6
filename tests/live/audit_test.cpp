// SPDX-License-Identifier: MIT
// `record --audit` passes what lampyr reads, and flags a reader that gives late names (in phases of about 1 us).
#include "cpython/code_object.hpp"
#include "sampler/target_impl.hpp"
#include "support/interpreters.hpp"
#include "support/late_names.hpp"
#include "support/python_process.hpp"

#include <lampyr/sampler.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <map>
#include <optional>

namespace lampyr {
namespace {

using namespace std::chrono_literals;

class AuditTest : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        python_ = test::find_interpreter(GetParam());
        if (!python_) GTEST_SKIP() << "no python" << GetParam() << " here";
    }

    void start(const char* script, std::vector<std::string> arguments) {
        victim_ = std::make_unique<test::PythonProcess>(python_->path, script, std::move(arguments));
        ASSERT_TRUE(victim_->read_line()) << "the victim is not ready";
        auto target = Target::attach(victim_->pid());
        ASSERT_TRUE(target) << to_string(target.error());
        target_.emplace(std::move(*target));
    }

    Recording sample() {
        SamplerOptions options;
        options.rate_hz = 2000;
        options.duration = 6s;
        options.audit_hz = 200;
        const std::atomic<bool> stop{false};
        auto recording = record({&*target_, 1}, options, stop);
        EXPECT_TRUE(recording) << to_string(recording.error());
        return std::move(*recording);
    }

    /// A frame of each function that was met innermost.
    std::map<std::string, test::LateNames::Function> functions() {
        const Target::Impl& impl = target_->impl();
        cpython::StackReader reader(*impl.memory, impl.runtime.layout, impl.anchor());
        std::map<std::string, test::LateNames::Function> found;
        std::map<RemoteAddr, std::string> names;
        for (int i = 0; i < 100'000 && !(found.count("inline") && found.count("calling")); ++i) {
            if (reader.sweep() != cpython::StackReader::Outcome::kOk) continue;
            for (const cpython::RawStack* stack : reader.stacks()) {
                if (stack->status != cpython::StackStatus::kOk || stack->frames.empty() || stack->unproven != 0)
                    continue;
                const cpython::RawFrame& frame = stack->frames.front();
                if (!names.count(frame.code)) {
                    const auto code = cpython::read_code_object(*impl.memory, impl.runtime.layout, frame.code, {});
                    names[frame.code] = code ? code->name : "";
                }
                found.try_emplace(names[frame.code], test::LateNames::Function{frame.code.value, frame.instruction});
            }
        }
        return found;
    }

    std::optional<test::Interpreter> python_;
    std::unique_ptr<test::PythonProcess> victim_;
    std::optional<Target> target_;
};

/// One recording in a hundred is called biased where nothing is (docs/accuracy.md). A bias that is one is beyond four standard errors.
void expect_no_bias(const Audit& audit) {
    ASSERT_NE(audit.verdict, Audit::Verdict::kTooFew);
    if (audit.verdict == Audit::Verdict::kAgrees) return;
    EXPECT_LT(std::abs(audit.shown - audit.stopped), 2 * audit.uncertainty)
        << audit.function << " is shown with " << audit.shown << ", stopped samples say " << audit.stopped << " +- "
        << audit.uncertainty;
}

/// Phases of several us: functions of some 20 ns are shown wrong (docs/accuracy.md), which the audit would find.
TEST_P(AuditTest, PassesTheOrdinaryReader) {
    start("phases.py", {"--report", "1", "400", "0", "200"});
    const Recording recording = sample();
    ASSERT_TRUE(recording.audit);
    const Audit& audit = *recording.audit;
    if (audit.verdict == Audit::Verdict::kTooFew)
        GTEST_SKIP() << "the machine is busy: only " << audit.stopped_samples << " stopped samples";
    expect_no_bias(audit);
    EXPECT_GE(audit.shares_tested, 5U);
    std::uint64_t counted = 0;
    for (const Sample& row : recording.profile.samples) counted += row.count;
    EXPECT_EQ(counted, recording.profile.info.stacks) << "stopped samples are no part of the profile";
    EXPECT_LE(recording.profile.info.stacks, recording.profile.info.ticks * recording.profile.threads.size());
    std::printf("agrees within %.1f points, %llu stopped samples\n", 100 * audit.largest_difference,
                static_cast<unsigned long long>(audit.stopped_samples));
}

/// A thread that loses its CPU inside a system call ran, one that waits there did not.
TEST_P(AuditTest, CountsThreadsThatRunInSystemCalls) {
    start("kernel_time.py", {"--report", "1"});
    const Recording recording = sample();
    ASSERT_TRUE(recording.audit);
    const Audit& audit = *recording.audit;
    if (audit.verdict == Audit::Verdict::kTooFew)
        GTEST_SKIP() << "the machine is busy: only " << audit.stopped_samples << " stopped samples";
    expect_no_bias(audit);
    EXPECT_GE(audit.shares_tested, 3U);
}

TEST_P(AuditTest, FlagsAReaderThatGivesLateNames) {
    start("phases.py", {"--report", "1", "40", "15", "5"});
    auto met = functions();
    ASSERT_TRUE(met.count("inline") && met.count("calling")) << "the phases were not met";
    Target::Impl& impl = target_->impl();
    const cpython::FrameLayout& frame = impl.runtime.layout.frame;
    impl.reading = std::make_unique<test::LateNames>(*impl.memory, impl.pid, met["inline"], met["calling"],
                                                     frame.instruction.value() - frame.code.value());
    const Recording recording = sample();
    ASSERT_TRUE(recording.audit);
    const Audit& audit = *recording.audit;
    if (audit.verdict == Audit::Verdict::kTooFew)
        GTEST_SKIP() << "the machine is busy: only " << audit.stopped_samples << " stopped samples";
    EXPECT_EQ(audit.verdict, Audit::Verdict::kBiased) << "largest difference " << audit.largest_difference;
    const bool early = audit.function.starts_with("inline (phases.py:");
    EXPECT_TRUE(early || audit.function.starts_with("calling (phases.py:")) << audit.function;
    EXPECT_EQ(early, audit.shown < audit.stopped) << "time was taken from `inline`";
    EXPECT_GT(std::abs(audit.shown - audit.stopped), audit.uncertainty);
    std::printf("`%s` is shown with %.1f %%, stopped samples say %.1f +- %.1f\n", audit.function.c_str(),
                100 * audit.shown, 100 * audit.stopped, 100 * audit.uncertainty);
}

INSTANTIATE_TEST_SUITE_P(All, AuditTest, testing::Values("3.11", "3.13", "3.14"),
                         [](const auto& version) { return test::test_name(version.param); });

}  // namespace
}  // namespace lampyr

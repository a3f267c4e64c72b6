// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/layout.hpp"
#include "cpython/raw_stack.hpp"
#include "cpython/read_plan.hpp"
#include "cpython/thread_reader.hpp"
#include "cpython/timed_read.hpp"
#include "process/held_copy.hpp"
#include "process/remote_memory.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace lampyr::cpython {

/// Where one runtime of a process is; what `locate_runtime` found out.
struct RuntimeAnchor {
    RemoteAddr runtime;         ///< _PyRuntime (3.7+), or the `interp_head` variable (2.7, 3.6)
    RemoteAddr current_thread;  ///< &_PyThreadState_Current (2.7, 3.6)
};

/// Sweeps over all threads of all interpreters of one process. In the steady state a sweep is one read call for the whole
/// process: list heads, then each thread by its own prediction (`ThreadReader`). A thread that fails costs only itself, and
/// one that is known not to have run for a while costs nothing.
/// Use: construct, `sweep()` again and again, look at `stacks()` after each. Memory and layout must outlive the reader.
class StackReader {
  public:
    StackReader(const process::RemoteMemory& memory, const Layout& layout, RuntimeAnchor anchor);

    enum class Outcome : std::uint8_t {
        kOk,
        kNoInterpreter,  ///< not initialised yet, or finalised
        kUnreadable,     ///< the runtime itself could not be read: the process is gone or became something else
    };
    Outcome sweep();

    /// For threads that are held while they are copied, and read afterwards. Before: adds to `ranges` what the next sweep will ask of
    /// one thread of `stacks()`, or of the interpreters.
    void foresee(std::size_t thread, std::vector<process::RemoteSegment>& ranges);
    void foresee_interpreters(std::vector<process::RemoteSegment>& ranges);
    /// After: a sweep whose bytes come from these copies, one for each of `stacks()`, those of the interpreters from the first there is.
    /// Null: this thread was not held, and is read now. What was not foreseen is read now, too, and marked as mispredicted: a sample of
    /// a moment later.
    Outcome sweep_copies(std::span<const process::HeldCopy* const> copies);

    /// For the next sweep only: whether this thread, of `stacks()` as it is now, is known not to have run since the last sweep.
    void set_still(std::size_t thread, bool still) { readers_[thread]->set_still(still); }
    /// How long it is from one sweep to the next. A small part of that may be used to look for calls in doubt; nothing is known of it
    /// at first, and they are looked for but briefly.
    void set_pause(std::chrono::nanoseconds pause);
    /// Reads this word of each thread state together with its stack, in the same moment: `RawStack::watched`.
    void watch(Offset word);
    /// Threads that rest are not read, so the list is not followed through them at every sweep. Looks whether it still holds;
    /// what has changed is found in the next sweep. Wants to be called some ten times a second.
    void check_list();

    /// One entry a thread state, newest first within an interpreter. Valid until the next sweep.
    [[nodiscard]] const std::vector<RawStack*>& stacks() const { return stacks_; }
    /// Addresses of the interpreters found, newest first; parallel to nothing else.
    [[nodiscard]] std::vector<RemoteAddr> interpreters() const;
    /// 3.14+: grows when code objects are freed; as of after the last sweep's stacks, but for mispredicted ones. 0 where the
    /// interpreter does not publish it, or it was not reached.
    [[nodiscard]] std::uint64_t code_generation() const { return code_generation_; }
    /// Whether the calls of a stack that was `recognisable` are known by now. `frames`: those in doubt, innermost first, and their
    /// caller; a caller that was copied `apart` is put where it calls from.
    [[nodiscard]] bool recognise(std::span<RawFrame> frames, std::uint64_t apart) const;
    /// Changes whenever threads came or went.
    [[nodiscard]] std::uint64_t thread_list_version() const { return list_version_; }
    /// All that was planned was there in the last sweep, in the copies of those that were held.
    [[nodiscard]] bool read_whole() const { return comparable_; }
    /// The thread list could not be followed to its end in the last sweep.
    [[nodiscard]] bool list_broken() const { return list_broken_; }

    /// Whether something at this address belongs to an interpreter's GIL: its words, conditions and mutexes. 3.7 and later.
    [[nodiscard]] bool is_part_of_gil(RemoteAddr address) const;

  private:
    struct Interpreter {
        RemoteAddr address;
        RemoteAddr gil;  // GIL struct (GilRule::kInterpreterGil)
        RemoteAddr first_thread;
        std::uint64_t id = 0;
        std::uint32_t links_offset = 0;
        std::uint32_t gil_offset = 0;
        std::uint32_t generation_offset = 0;
        std::size_t first_reader = 0;
        std::size_t reader_count = 0;
    };
    struct Links {
        RemoteAddr next;
        RemoteAddr threads_head;
    };

    using Copies = std::span<const process::HeldCopy* const>;

    Outcome sweep_once(Copies copies);
    [[nodiscard]] std::size_t read_plan(Copies copies, std::span<std::byte> out);
    [[nodiscard]] RemoteAddr head_address() const;
    [[nodiscard]] RemoteAddr current_thread_address() const;
    [[nodiscard]] Links links(const std::byte* sweep, const Interpreter& interpreter) const;
    [[nodiscard]] RemoteAddr holder(const std::byte* sweep, const Interpreter& interpreter) const;
    void build_plan();
    void plan_head();
    void plan_generations();
    bool discover();
    bool describe(Interpreter& interpreter);
    bool same_interpreters(const std::byte* sweep) const;
    void decode_threads(std::size_t received, const std::byte* sweep, const std::byte* before);
    void follow_list(Interpreter& interpreter, RemoteAddr first);
    bool read_links(std::span<const std::unique_ptr<ThreadReader>> readers);
    bool decode_thread(ThreadReader& reader, std::size_t& received, const std::byte* sweep, const std::byte* before);
    void settle_rest();
    void study();
    int study(ThreadReader& reader, int more);
    void mark_gil(const std::byte* sweep);

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    RuntimeAnchor anchor_;

    Offset watched_ = kAbsent;
    ReadPlan plan_;
    std::array<std::vector<std::byte>, 2> buffers_;
    std::size_t current_ = 0;
    bool replan_ = true;
    bool comparable_ = false;  // the other buffer was filled by the same plan
    std::uint32_t head_offset_ = 0;
    std::uint32_t current_thread_offset_ = 0;
    std::size_t head_bytes_ = 0;
    std::size_t head_segments_ = 0;
    std::size_t generation_segments_ = 0;

    ReadPlan links_plan_;
    std::vector<std::byte> links_bytes_;
    std::uint64_t sweeps_ = 0;
    std::uint64_t planned_at_ = 0;  // sweep of the last plan
    bool check_list_ = false;       // follow every list in the next sweep

    TimedRead timed_;
    KnownCalls known_calls_;
    static constexpr double kMostStudyCredit = 512;
    double credit_ = kMostStudyCredit;
    double study_credit_ = 0;  // a sweep; as `set_pause` has it
    int more_studies_ = 0;     // a sweep, likewise
    std::vector<Interpreter> interpreters_;
    std::vector<std::unique_ptr<ThreadReader>> readers_;
    std::vector<RawStack*> stacks_;
    std::uint64_t code_generation_ = 0;
    std::uint64_t list_version_ = 0;
    std::uint64_t stacks_version_ = ~std::uint64_t{0};  // list version of `stacks_`
    bool list_broken_ = false;
};

}  // namespace lampyr::cpython

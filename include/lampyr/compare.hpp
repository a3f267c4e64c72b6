// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/export.hpp>
#include <lampyr/profile.hpp>
#include <lampyr/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lampyr {

/// What is known of one run of a program besides its profile.
struct RunFacts {
    std::string source{};  ///< a file or what else a person would call it
    double cpu_s = 0;      ///< CPU time of the process and its children, by the kernel; 0: the samples' time is taken
    double work = 1;       ///< units of work it did
};

/// `old_prefix` of a file name is to be read as `new_prefix`.
struct PathMap {
    std::string old_prefix;
    std::string new_prefix;
};

/// The runs of one side of a comparison. A profile is condensed when it is added, to one tree of functions for the side and
/// a column of times for the run, so memory grows with distinct stacks.
class ProfileSide {
  public:
    explicit ProfileSide(std::vector<PathMap> maps = {});
    ProfileSide(ProfileSide&&) noexcept;
    ProfileSide& operator=(ProfileSide&&) noexcept;
    ~ProfileSide();

    void add(const Profile& profile, RunFacts facts);
    [[nodiscard]] std::size_t runs() const;

    struct Impl;
    [[nodiscard]] const Impl& impl() const { return *impl_; }  ///< internal

  private:
    std::unique_ptr<Impl> impl_;
};

/// How a function of the base was found again.
enum class MatchKind : std::uint8_t {
    kSame,      ///< same file below its root, same name
    kPath,      ///< same name, and the end of the file's path is the same (another checkout)
    kMoved,     ///< same qualified name in another file
    kRenamed,   ///< same file, and it stands where the old one stood: matched by structure
    kAsked,     ///< a rename the user named
    kOnlyBase,  ///< gone
    kOnlyNew,
};
[[nodiscard]] std::string_view to_string(MatchKind kind);

/// A ratio of new to base and how sure it is. All of it is about the natural logarithm; `effect` and its bounds are what a
/// person reads: 0.05 is 5 % more.
struct Estimate {
    double log_ratio = 0;
    double standard_error = 0;
    double freedom = 0;   ///< degrees of freedom of its t
    double p_slower = 1;  ///< of so much growth by chance, for this one alone
    double p_faster = 1;
    double detectable = 0;  ///< the smallest growth that would have been found nine times in ten
    [[nodiscard]] double effect() const;
    [[nodiscard]] double low() const;  ///< 95 % interval
    [[nodiscard]] double high() const;
};

/// A mean share (0 to 1) and its 95 % interval, which needs several runs.
struct ShareChange {
    double base = 0;
    double now = 0;
    std::optional<double> low{};  ///< of now - base
    std::optional<double> high{};
    double now_error = 0;  ///< standard error of `now`
};

/// A test's answer, all functions of the comparison considered.
struct Significance {
    bool tested = false;  ///< large enough to be tested
    bool slower = false;
    bool faster = false;
};

/// One side of a function's story: itself, or itself and what it calls.
struct Change {
    ShareChange share{};
    double base_ns = 0;  ///< sums over all runs of a side, as they were recorded
    double now_ns = 0;
    double base_samples = 0;  ///< effective samples a run
    double now_samples = 0;
    double now_ms_per_work = 0;  ///< mean of the new runs' CPU milliseconds for a unit of work
    double now_ms_error = 0;     ///< its standard error
    std::optional<Estimate>
        time{};  ///< of the time for a unit of work, host speed taken out; needs both sides, and runs
    Significance significant{};
};

struct FunctionChange {
    std::string name;
    std::string file;       ///< shortened; of the new side unless the function is gone
    std::string full_file;  ///< as the code object holds it
    std::string base_name;  ///< where it differs
    std::string base_file;
    std::uint32_t line = 0;  ///< first line, 0: not known
    FunctionKind kind = FunctionKind::kProject;
    MatchKind match = MatchKind::kSame;
    Change self{};
    Change total{};
};

/// A path in the call tree of both sides, for pictures. In preorder, a caller before what it calls; node 0 is everything.
struct PathChange {
    std::uint32_t depth = 0;
    std::uint32_t function = 0;  ///< row of Comparison::functions; not for node 0
    double base_self = 0;        ///< mean shares, 0 to 1
    double now_self = 0;
    double base_total = 0;
    double now_total = 0;
    bool noise = false;  ///< the difference of the totals is within what chance gives (95 %)
};

/// What a function is called from one comparison to the next.
[[nodiscard]] std::string identity(const FunctionChange& function);

struct SideFacts {
    std::size_t runs = 0;
    double cpu_s = 0;    ///< mean a run
    double samples = 0;  ///< mean a run
    double work = 0;     ///< mean a run
    std::vector<std::string> sources{};
};

struct Comparison {
    SideFacts base{};
    SideFacts now{};
    std::vector<FunctionChange> functions;  ///< most self time of either side first
    std::vector<PathChange> paths;
    std::optional<Estimate> program;  ///< CPU time of the whole program for a unit of work
    Significance program_significant{};
    bool host_factor = false;  ///< host speed could be told from the functions and was taken out
    double dispersion = 1;     ///< median of the functions' variance in terms of that of counting alone
    double smallest_p = 0;     ///< the level an estimate's `detectable` is for
    [[nodiscard]] bool has_intervals() const { return base.runs > 1 && now.runs > 1; }
};

struct CompareOptions {
    std::vector<std::pair<std::string, std::string>> renames{};  ///< base → new: `name` or `file:name`
    double tested_share = 0.01;                                  ///< functions below it on both sides are not tested
    double chance = 0.002;  ///< of a false discovery among functions; half of it with callees, and for the program
    std::optional<std::vector<std::string>> only{};  ///< test these functions (`identity`) and no others
    bool only_program = true;                        ///< with `only`: test the program as a whole, too
    bool alternating = false;  ///< the sides' runs took turns, so that the host was the same for both
};

/// Both sides need at least one run.
[[nodiscard]] Result<Comparison> compare(const ProfileSide& base, const ProfileSide& now,
                                         const CompareOptions& options = {});

enum class DiffFormat : std::uint8_t { kText, kMarkdown, kJson, kSvg };

struct DiffOptions {
    std::size_t top = 20;  ///< rows of the tables in text and Markdown
    bool full_filenames = false;
    std::string base_name = "base";
    std::string now_name = "new";
};
[[nodiscard]] Result<void> write_diff(const Comparison& comparison, DiffFormat format, const DiffOptions& options,
                                      ByteSink& sink);

}  // namespace lampyr

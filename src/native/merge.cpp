// SPDX-License-Identifier: MIT
#include "native/merge.hpp"

#include <algorithm>

namespace lampyr::native {
namespace {

using Kind = MergedFrame::Kind;

/// An eval loop that is being entered or left has no Python frame yet or any more. It is this near to the top.
constexpr std::size_t kEnteringDepth = 3;

bool is_shown(Role role, bool innermost) {
    return role == Role::kCode || role == Role::kLandmark || (innermost && role == Role::kInterpreter);
}

/// Goes along both stacks, from the inside out.
class Merger {
  public:
    Merger(std::span<const Role> roles, std::span<const Caller> callers, std::vector<MergedFrame>& merged)
        : roles_(roles), callers_(callers), merged_(merged) {}

    /// The machine frames up to the next eval loop, which is passed over.
    void take_native(bool innermost) {
        while (native_ < roles_.size() && roles_[native_] != Role::kEval) take_one(innermost);
        ++native_;
    }
    /// All of the machine frames that are left.
    void take_rest(bool innermost) {
        while (native_ < roles_.size()) take_one(innermost);
    }
    /// The Python frames of one eval loop.
    void take_run() {
        while (python_ < callers_.size()) {
            const bool last = callers_[python_] == Caller::kC;
            take_python();
            if (last) return;
        }
    }
    void take_python() { merged_.push_back({Kind::kPython, static_cast<std::uint32_t>(python_++)}); }
    [[nodiscard]] bool python_left() const { return python_ < callers_.size(); }

  private:
    void take_one(bool innermost) {
        if (is_shown(roles_[native_], innermost))
            merged_.push_back({Kind::kNative, static_cast<std::uint32_t>(native_)});
        ++native_;
    }

    std::span<const Role> roles_;
    std::span<const Caller> callers_;
    std::vector<MergedFrame>& merged_;
    std::size_t native_ = 0;
    std::size_t python_ = 0;
};

/// The outermost frame was entered from C, whatever is known of its caller.
std::size_t count_runs(std::span<const Caller> callers) {
    if (callers.empty()) return 0;
    const auto inner = callers.first(callers.size() - 1);
    return static_cast<std::size_t>(std::count(inner.begin(), inner.end(), Caller::kC)) + 1;
}

}  // namespace

MergeResult merge(std::span<const Role> roles, std::span<const Caller> callers, bool complete,
                  std::vector<MergedFrame>& merged) {
    merged.clear();
    const auto loops = static_cast<std::size_t>(std::count(roles.begin(), roles.end(), Role::kEval));
    const std::size_t runs = count_runs(callers);
    const auto first = std::find(roles.begin(), roles.end(), Role::kEval);
    const bool entering =
        complete && loops == runs + 1 && first - roles.begin() < static_cast<std::ptrdiff_t>(kEnteringDepth);
    const bool matches = complete ? loops == runs || entering : loops <= runs;
    Merger merger(roles, callers, merged);
    if (!matches) {
        while (merger.python_left()) merger.take_python();
        return MergeResult::kUnmatched;
    }
    if (entering) merger.take_native(true);
    bool innermost = true;
    for (std::size_t i = entering ? 1 : 0; i < loops; ++i) {
        merger.take_native(innermost);
        merger.take_run();
        innermost = false;
    }
    merger.take_rest(innermost);
    if (complete) return MergeResult::kWhole;
    merged.push_back({Kind::kLost, 0});
    while (merger.python_left()) merger.take_python();
    return MergeResult::kCut;
}

}  // namespace lampyr::native

// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/raw_stack.hpp"
#include "native/frame_names.hpp"
#include "native/merge.hpp"
#include "native/module_list.hpp"
#include "native/stack_copy.hpp"
#include "native/unwinder.hpp"
#include "process/process_handle.hpp"
#include "process/remote_memory.hpp"
#include "profile/builder.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace lampyr::sampler {

/// Puts the machine frames of one process's threads between their Python frames. What must happen while a thread is held
/// is `copy`; the rest is made of copies.
class NativeStacks {
  public:
    /// `runtime`: where the interpreter is, as for reading its stacks.
    NativeStacks(const process::ProcessHandle& process, const process::RemoteMemory& memory, RemoteAddr runtime,
                 profile::Builder& builder);

    /// On the tracing thread, while `tid` is held, and the copy has been made room. Leaves it empty when it is not.
    void copy(Tid tid, native::StackCopy& stack) const;
    /// Reads what naming the frames of this stack takes, so that no tick has to.
    void prepare(native::StackCopy& copy);
    /// Before the stacks of a tick are merged.
    void refresh(std::chrono::nanoseconds now);
    /// `python`: the row of the same stack without machine frames, read while it was held; kEmptyStack: there are none.
    [[nodiscard]] StackId merge(const cpython::RawStack& stack, StackId python, native::StackCopy& copy,
                                std::array<std::uint64_t, kLossCount>& losses);

  private:
    struct Named {
        FrameId frame;
        std::vector<FrameId> inlined;  // innermost first
        native::Role role = native::Role::kCode;
        bool system = false;
        bool wrapper = false;
    };
    [[nodiscard]] const Named& name(std::uint64_t address);
    [[nodiscard]] FrameId intern(const native::FrameName& frame, const std::string& function);
    void take_roles();
    [[nodiscard]] StackId unmatched(StackId python, std::array<std::uint64_t, kLossCount>& losses);

    const process::RemoteMemory& memory_;
    profile::Builder& builder_;
    native::ModuleList modules_;
    native::Unwinder unwinder_;
    std::unordered_map<std::uint64_t, Named> names_;  // by address
    FrameId lost_;
    FrameId unmatched_;

    // Of the stack at hand, innermost first.
    std::vector<FrameId> python_;
    std::vector<FrameId> native_;
    std::vector<native::Role> roles_;
    std::vector<native::Caller> callers_;
    std::vector<native::MergedFrame> merged_;
};

}  // namespace lampyr::sampler

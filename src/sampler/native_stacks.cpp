// SPDX-License-Identifier: MIT
#include "sampler/native_stacks.hpp"

#include "base/utf8.hpp"

namespace lampyr::sampler {
namespace {

constexpr std::size_t kMostNames = 1U << 20;  ///< addresses whose names are remembered

void count(std::array<std::uint64_t, kLossCount>& losses, Loss loss) { ++losses[static_cast<std::size_t>(loss)]; }

}  // namespace

NativeStacks::NativeStacks(const process::ProcessHandle& process, const process::RemoteMemory& memory,
                           RemoteAddr runtime, profile::Builder& builder)
    : memory_(memory),
      builder_(builder),
      modules_(process, memory, runtime),
      unwinder_(modules_),
      lost_(builder.intern_marker("(native frames lost)")),
      unmatched_(builder.intern_marker("(native frames unmatched)")) {}

void NativeStacks::copy(Tid tid, native::StackCopy& stack) const {
    if (const auto registers = process::read_registers(tid)) stack.take(memory_, *registers);
}

void NativeStacks::prepare(native::StackCopy& copy) {
    if (!copy.taken()) return;
    static_cast<void>(unwinder_.unwind(copy));
    take_roles();
}

void NativeStacks::refresh(std::chrono::nanoseconds now) {
    if (!modules_.refresh(now)) return;
    unwinder_.forget();
    names_.clear();
}

FrameId NativeStacks::intern(const native::FrameName& frame, const std::string& function) {
    Function row;
    row.name = builder_.intern_string(base::utf8_from_bytes(function));
    row.file = builder_.intern_string(base::utf8_from_bytes(frame.path));
    row.short_file = builder_.intern_string(base::utf8_from_bytes(frame.file));
    row.kind = frame.interpreter ? FunctionKind::kInterpreter : FunctionKind::kNative;
    return builder_.intern_frame(builder_.intern_function(row), 0);
}

const NativeStacks::Named& NativeStacks::name(std::uint64_t address) {
    if (const auto found = names_.find(address); found != names_.end()) return found->second;
    if (names_.size() >= kMostNames) names_.clear();
    const native::FrameName frame = native::name_frame(modules_, address);
    Named named{intern(frame, frame.function), {}, frame.role, frame.system, frame.wrapper};
    for (const std::string& function : frame.inlined) named.inlined.push_back(intern(frame, function));
    return names_.emplace(address, std::move(named)).first->second;
}

/// Names the machine frames. What the C library and the interpreter do before the first function of anybody else, or the first
/// eval loop, is no part of the stack.
void NativeStacks::take_roles() {
    native_.clear();
    roles_.clear();
    FrameId landmark = lost_;  // the one met last; this is none
    std::size_t own = 0;       // frames up to the last that is somebody's
    for (const std::uint64_t address : unwinder_.frames()) {
        const Named& named = name(address);
        for (const FrameId inlined : named.inlined) {
            native_.push_back(inlined);
            roles_.push_back(named.role);
        }
        bool twice = named.wrapper && !native_.empty() && native_.back() == named.frame;
        if (named.role == native::Role::kLandmark) {  // several functions may be parts of one
            twice = landmark == named.frame;
            landmark = named.frame;
        } else if (named.role == native::Role::kEval || named.role == native::Role::kCode) {
            landmark = lost_;
        }
        native_.push_back(named.frame);
        roles_.push_back(twice ? native::Role::kPlumbing : named.role);
        const bool inside = named.role == native::Role::kInterpreter || named.role == native::Role::kPlumbing;
        if (!named.system && !inside) own = roles_.size();
    }
    for (std::size_t i = own; i < roles_.size() && own > 0; ++i) roles_[i] = native::Role::kStart;
}

StackId NativeStacks::unmatched(StackId python, std::array<std::uint64_t, kLossCount>& losses) {
    count(losses, Loss::kNativeUnmatched);
    return builder_.intern_stack(python, unmatched_);
}

StackId NativeStacks::merge(const cpython::RawStack& stack, StackId python, native::StackCopy& copy,
                            std::array<std::uint64_t, kLossCount>& losses) {
    if (!copy.taken()) return unmatched(python, losses);
    python_.clear();
    for (StackId id = python; id != kEmptyStack; id = builder_.stack(id).parent)
        python_.push_back(builder_.stack(id).frame);
    // Rows that are no frames (what was left out, or is not proven) have no place among machine frames.
    if (python_.size() != stack.frames.size()) return unmatched(python, losses);
    callers_.clear();
    for (const cpython::RawFrame& frame : stack.frames)
        callers_.push_back(frame.through_c ? native::Caller::kC : native::Caller::kPython);
    const native::UnwindEnd end = unwinder_.unwind(copy);
    take_roles();
    const auto result = native::merge(roles_, callers_, end == native::UnwindEnd::kRoot, merged_);
    if (result == native::MergeResult::kUnmatched) return unmatched(python, losses);
    if (result == native::MergeResult::kCut) count(losses, Loss::kNativeCut);
    StackId id = kEmptyStack;
    for (auto row = merged_.rbegin(); row != merged_.rend(); ++row) {
        switch (row->kind) {
            case native::MergedFrame::Kind::kPython: id = builder_.intern_stack(id, python_[row->index]); break;
            case native::MergedFrame::Kind::kNative: id = builder_.intern_stack(id, native_[row->index]); break;
            case native::MergedFrame::Kind::kLost: id = builder_.intern_stack(id, lost_); break;
        }
    }
    return id;
}

}  // namespace lampyr::sampler

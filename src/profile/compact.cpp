// SPDX-License-Identifier: MIT
#include "profile/compact.hpp"

#include <cstdint>
#include <limits>
#include <vector>

namespace lampyr::profile {

namespace {

/// Which rows of a table are needed, and where they are once the others are gone.
class Needed {
  public:
    explicit Needed(std::size_t rows) : place_(rows, kNo) {}
    void need(std::uint32_t row) { place_[row] = kYes; }
    [[nodiscard]] bool has(std::uint32_t row) const { return place_[row] != kNo; }
    [[nodiscard]] std::uint32_t operator[](std::uint32_t row) const { return place_[row]; }

    template <typename Row>
    void remove_others(std::vector<Row>& rows) {
        std::uint32_t next = 0;
        for (std::uint32_t row = 0; row < rows.size(); ++row) {
            if (place_[row] == kNo) continue;
            place_[row] = next;
            if (row != next) rows[next] = std::move(rows[row]);
            ++next;
        }
        rows.resize(next);
    }

  private:
    static constexpr std::uint32_t kNo = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint32_t kYes = kNo - 1;
    std::vector<std::uint32_t> place_;
};

struct AllNeeded {
    explicit AllNeeded(const Profile& profile)
        : strings(profile.strings.size()),
          functions(profile.functions.size()),
          frames(profile.frames.size()),
          stacks(profile.stacks.size()),
          processes(profile.processes.size()),
          threads(profile.threads.size()) {}
    Needed strings, functions, frames, stacks, processes, threads;
};

void mark(const Profile& profile, AllNeeded& needed) {
    for (const Sample& sample : profile.samples) {
        needed.threads.need(sample.thread.value);
        for (StackId at = sample.stack; at != kEmptyStack && !needed.stacks.has(at.value);
             at = profile.stacks[at.value].parent) {
            needed.stacks.need(at.value);
            needed.frames.need(profile.stacks[at.value].frame.value);
        }
    }
    for (std::uint32_t i = 0; i < profile.frames.size(); ++i)
        if (needed.frames.has(i)) needed.functions.need(profile.frames[i].function.value);
    for (std::uint32_t i = 0; i < profile.threads.size(); ++i)
        if (needed.threads.has(i)) needed.processes.need(profile.threads[i].process.value);
    needed.strings.need(0);
    for (std::uint32_t i = 0; i < profile.functions.size(); ++i) {
        if (!needed.functions.has(i)) continue;
        const Function& function = profile.functions[i];
        for (const StringId text : {function.name, function.file, function.short_file}) needed.strings.need(text.value);
    }
    for (std::uint32_t i = 0; i < profile.processes.size(); ++i) {
        if (!needed.processes.has(i)) continue;
        const Process& process = profile.processes[i];
        for (const StringId text : {process.command_line, process.executable, process.python_version})
            needed.strings.need(text.value);
    }
    for (std::uint32_t i = 0; i < profile.threads.size(); ++i)
        if (needed.threads.has(i)) needed.strings.need(profile.threads[i].name.value);
}

template <typename Id>
void move(Id& id, const Needed& needed) {
    id = Id{needed[id.value]};
}

}  // namespace

void compact(Profile& profile) {
    if (profile.strings.empty()) return;
    AllNeeded needed(profile);
    mark(profile, needed);
    needed.strings.remove_others(profile.strings);
    needed.functions.remove_others(profile.functions);
    needed.frames.remove_others(profile.frames);
    needed.stacks.remove_others(profile.stacks);
    needed.processes.remove_others(profile.processes);
    needed.threads.remove_others(profile.threads);
    for (Function& function : profile.functions) {
        move(function.name, needed.strings);
        move(function.file, needed.strings);
        move(function.short_file, needed.strings);
    }
    for (Frame& frame : profile.frames) move(frame.function, needed.functions);
    for (StackNode& node : profile.stacks) {
        if (node.parent != kEmptyStack) move(node.parent, needed.stacks);
        move(node.frame, needed.frames);
    }
    for (Process& process : profile.processes) {
        move(process.command_line, needed.strings);
        move(process.executable, needed.strings);
        move(process.python_version, needed.strings);
    }
    for (Thread& thread : profile.threads) {
        move(thread.process, needed.processes);
        move(thread.name, needed.strings);
    }
    for (Sample& sample : profile.samples) {
        move(sample.thread, needed.threads);
        if (sample.stack != kEmptyStack) move(sample.stack, needed.stacks);
    }
}

}  // namespace lampyr::profile

// SPDX-License-Identifier: MIT
#include "base/escape.hpp"
#include "profile/labels.hpp"

#include <lampyr/dump.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace lampyr {

namespace {

enum class Style : std::uint8_t { kPlain, kHead, kName, kFile, kDim, kActive, kNote };

std::string_view code_of(Style style) {
    switch (style) {
        case Style::kPlain: return "";
        case Style::kHead: return "\x1b[1;33m";
        case Style::kName: return "\x1b[32m";
        case Style::kFile: return "\x1b[36m";
        case Style::kDim: return "\x1b[2m";
        case Style::kActive: return "\x1b[1;32m";
        case Style::kNote: return "\x1b[33m";
    }
    return "";
}

/// Of the tasks that one waits for, so many are named.
constexpr std::size_t kMostTaskNames = 8;

/// A tab is as wide as a blank, so that what stands below can be counted out.
std::string one_line(std::string_view source) {
    std::string text(source);
    std::replace(text.begin(), text.end(), '\t', ' ');
    return text;
}

/// Characters that a terminal shows for it.
std::size_t shown_width(std::string_view source) {
    const std::string shown = base::terminal_text(one_line(source));
    return static_cast<std::size_t>(std::count_if(
        shown.begin(), shown.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Text of the dump. Every word of the target goes through `add`, which escapes it; colours are ours.
class DumpText {
  public:
    explicit DumpText(const DumpTextOptions& options) : options_(options) {}

    void add_process(const ProcessDump& dump);
    [[nodiscard]] std::string take() && { return std::move(text_); }

  private:
    void add(Style style, std::string_view words) {
        const std::string_view code = options_.colour ? code_of(style) : std::string_view();
        text_ += code;
        text_ += base::terminal_text(words);
        if (!code.empty()) text_ += "\x1b[0m";
    }
    void add(std::string_view words) { add(Style::kPlain, words); }
    void end_line() { text_.push_back('\n'); }
    void add_thread(const DumpThread& thread, const ProcessDump& dump);
    void add_state(const DumpThread& thread, bool from_core);
    void add_exceptions(const DumpThread& thread);
    void add_frames(const std::vector<DumpFrame>& frames, const ProcessDump& dump);
    void add_frame(const DumpFrame& frame);
    void add_task(const DumpTask& task, const ProcessDump& dump);
    void add_task_names(const std::vector<std::size_t>& tasks, const ProcessDump& dump);
    void add_source(const DumpFrame& frame);
    void add_locals(const DumpFrame& frame, std::string_view title, bool arguments);

    DumpTextOptions options_;
    std::string text_;
};

void DumpText::add_frame(const DumpFrame& frame) {
    add("    ");
    add(frame.kind == FunctionKind::kMarker ? Style::kNote : Style::kName, frame.name);
    const std::string& file = options_.full_filenames ? frame.file : frame.short_file;
    if (!file.empty()) {
        add(" (");
        add(Style::kFile, file);
        if (frame.line != 0) add(Style::kDim, fmt::format(":{}", frame.line));
        add(")");
    }
    end_line();
}

/// The line of source, and under it carets where the positions say what of it is being run.
void DumpText::add_source(const DumpFrame& frame) {
    const std::string_view line = frame.source;
    const std::size_t indent = line.find_first_not_of(" \t\f");
    if (indent == std::string_view::npos) return;
    add("        ");
    add(one_line(line.substr(indent)));
    end_line();
    const std::size_t end = frame.end_line == frame.line && frame.end_column >= 0
                                ? static_cast<std::size_t>(frame.end_column)
                                : line.size();  // it goes on in further lines
    const auto begin = static_cast<std::size_t>(std::max(frame.column, 0));
    if (frame.column < 0 || frame.end_column < 0 || begin < indent || begin >= end || end > line.size()) return;
    add(std::string(8 + shown_width(line.substr(indent, begin - indent)), ' '));
    add(Style::kActive, std::string(shown_width(line.substr(begin, end - begin)), '^'));
    end_line();
}

/// Arguments, or all else, under a title of their own.
void DumpText::add_locals(const DumpFrame& frame, std::string_view title, bool arguments) {
    bool first = true;
    for (const DumpLocal& local : frame.locals) {
        if ((local.kind == DumpLocalKind::kArgument) != arguments) continue;
        if (first) {
            add(Style::kDim, title);
            end_line();
        }
        first = false;
        add("            ");
        add(local.name);
        add(": ");
        add(Style::kFile, local.value);
        if (local.changed) add(Style::kNote, " (changed while it was read)");
        end_line();
    }
}

void DumpText::add_state(const DumpThread& thread, bool from_core) {
    add(" (");
    if (from_core)
        add(Style::kDim, "stopped");
    else
        add(thread.active ? Style::kActive : Style::kDim, thread.active ? "active" : "idle");
    if (thread.holds_gil) add("+gil");
    if (thread.waits_for_gil == DumpAnswer::kYes) add(Style::kNote, ", waiting for the GIL");
    if (thread.attachment == DumpAttachment::kSuspended) add(Style::kNote, ", suspended");
    if (thread.collects_garbage == DumpAnswer::kYes) add(Style::kNote, ", collecting garbage");
    add(")");
}

/// Less indented than frames: they are the thread's, and none of its callers.
void DumpText::add_exceptions(const DumpThread& thread) {
    for (const DumpException& one : thread.exceptions) {
        add(one.raised ? "  raising " : "  handling ");
        add(Style::kNote, one.value);
        if (one.changed) add(Style::kNote, " (changed while it was read)");
        end_line();
    }
}

void DumpText::add_thread(const DumpThread& thread, const ProcessDump& dump) {
    add("Thread ");
    add(Style::kHead,
        thread.os_tid.value != 0 ? fmt::format("{}", thread.os_tid.value) : fmt::format("{:#x}", thread.ident));
    add_state(thread, dump.from_core);
    if (thread.interpreter != 0) add(fmt::format(" interpreter {}", thread.interpreter));
    if (!thread.name.empty()) {
        add(": \"");
        add(thread.name);
        add("\"");
    }
    end_line();
    if (!thread.proven) {
        add(Style::kNote, "    (stack moved while it was read)");
        end_line();
    }
    add_exceptions(thread);
    add_frames(thread.frames, dump);
}

void DumpText::add_frames(const std::vector<DumpFrame>& frames, const ProcessDump& dump) {
    for (const DumpFrame& frame : frames) {
        add_frame(frame);
        add_source(frame);
        if (frame.kind == FunctionKind::kMarker || frame.machine || !dump.with_locals) continue;
        if (!frame.locals_read) {
            add(Style::kNote, "        (variables could not be read)");
            end_line();
        }
        add_locals(frame, "        Arguments:", true);
        add_locals(frame, "        Locals:", false);
    }
    if (frames.empty()) {
        add(Style::kDim, "    " + std::string(profile::kNoFrames));
        end_line();
    }
}

/// `task "a", task "b" and 7 more`.
void DumpText::add_task_names(const std::vector<std::size_t>& tasks, const ProcessDump& dump) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (i == kMostTaskNames) {
            add(fmt::format(" and {} more", tasks.size() - i));
            break;
        }
        add(i == 0 ? "task \"" : ", task \"");
        add(dump.tasks[tasks[i]].name);
        add("\"");
    }
}

void DumpText::add_task(const DumpTask& task, const ProcessDump& dump) {
    add("Task ");
    add(Style::kHead, "\"" + task.name + "\"");
    add(" (");
    switch (task.state) {
        case DumpTaskState::kRunning: add(Style::kActive, "running"); break;
        case DumpTaskState::kReady: add("ready"); break;
        case DumpTaskState::kWaiting:
            add(Style::kDim, "waiting");
            add(" for ");
            if (!task.waits_for.empty()) {
                add_task_names(task.waits_for, dump);
            } else {
                const std::string_view type = task.waits_in;
                add("a " + std::string(type.substr(type.rfind('.') + 1)));
            }
            break;
    }
    add(")");
    if (task.interpreter != 0) add(fmt::format(" interpreter {}", task.interpreter));
    if (!task.awaited_by.empty()) {
        add(", awaited by ");
        add_task_names(task.awaited_by, dump);
    }
    end_line();
    if (!task.proven) {
        add(Style::kNote, "    (task went on while it was read)");
        end_line();
    }
    add_frames(task.frames, dump);
}

void DumpText::add_process(const ProcessDump& dump) {
    add("Process ");
    add(Style::kHead, fmt::format("{}", dump.pid.value));
    add(": ");
    add(dump.command_line);
    end_line();
    add(fmt::format("Python v{} (", dump.python_version));
    add(Style::kFile, dump.executable);
    add(")");
    end_line();
    if (std::any_of(dump.threads.begin(), dump.threads.end(),
                    [](const DumpThread& thread) { return thread.collects_garbage == DumpAnswer::kPerhaps; })) {
        add(Style::kNote, "Garbage is being collected; by which thread cannot be told");
        end_line();
    }
    end_line();
    for (const DumpThread& thread : dump.threads) add_thread(thread, dump);
    for (const DumpTask& task : dump.tasks) add_task(task, dump);
    if (dump.tasks_whole) return;
    add(Style::kNote, "(not all tasks could be listed)");
    end_line();
}

}  // namespace

std::string format_dump(const ProcessDump& dump, const DumpTextOptions& options) {
    DumpText text(options);
    text.add_process(dump);
    return std::move(text).take();
}

}  // namespace lampyr

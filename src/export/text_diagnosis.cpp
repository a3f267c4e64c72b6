// SPDX-License-Identifier: MIT
#include "base/utf8.hpp"

#include <lampyr/doctor.hpp>
#include <lampyr/text.hpp>

#include <fmt/format.h>

#include <string_view>

namespace lampyr {

namespace {

constexpr std::size_t kMostCommandLine = 200;

/// Lines of "label  value".
class Lines {
  public:
    void add(std::string_view label, std::string_view value) { text_ += fmt::format("{:<12} {}\n", label, value); }
    [[nodiscard]] std::string take() && { return std::move(text_); }

  private:
    std::string text_;
};

std::string shortened(const std::string& command_line) {
    if (command_line.size() <= kMostCommandLine) return terminal_safe(command_line);
    const std::string_view head = std::string_view(command_line).substr(0, kMostCommandLine);
    return terminal_safe(head.substr(0, base::complete_utf8_prefix(head))) + "…";
}

void add_interpreter(Lines& lines, const InterpreterFacts& facts) {
    lines.add("interpreter", fmt::format("Python {}{}", terminal_safe(facts.version),
                                         facts.file.empty() ? "" : " in " + terminal_safe(facts.file)));
    lines.add("found by", terminal_safe(facts.how));
    lines.add("layout", facts.own_layout ? "as the interpreter itself publishes it" : "from the table of this version");
    if (!facts.note.empty()) lines.add("note", terminal_safe(facts.note));
}

void add_threads(Lines& lines, const ThreadFacts& facts) {
    const std::string more = facts.interpreters > 1 ? fmt::format(" in {} interpreters", facts.interpreters) : "";
    lines.add("threads",
              fmt::format("{}{}: {} active, {} idle{}", plural(facts.threads, "Python thread"), more, facts.active,
                          facts.threads - facts.active, facts.gil_held ? "; one holds the GIL" : ""));
    lines.add("reading", fmt::format("works without stopping it; all stacks in {:.0f} us",
                                     std::chrono::duration<double, std::micro>(facts.read_time).count()));
    lines.add("time", facts.cpu_time ? "samples stand for CPU time as the kernel counts it"
                                     : "the kernel does not count its CPU time: samples stand for time that passed");
}

std::string stopping_text(const Diagnosis& diagnosis) {
    if (diagnosis.stop_forbidden) return "not possible: a seccomp filter on lampyr forbids ptrace";
    if (diagnosis.tracer == 0) return "possible, if asked for with --blocking";
    return fmt::format("not possible: process {} ({}) traces it", diagnosis.tracer,
                       terminal_safe(diagnosis.tracer_name));
}

}  // namespace

std::string format_diagnosis(const Diagnosis& diagnosis) {
    Lines lines;
    lines.add("process", fmt::format("{}: {}", diagnosis.pid.value, shortened(diagnosis.command_line)));
    lines.add("user", fmt::format("{}; lampyr runs as {}", diagnosis.user, diagnosis.our_user));
    if (diagnosis.pid_inside)
        lines.add("container", fmt::format("a pid namespace of its own, in which it is {}", *diagnosis.pid_inside));
    if (diagnosis.interpreter) add_interpreter(lines, *diagnosis.interpreter);
    if (diagnosis.threads) add_threads(lines, *diagnosis.threads);
    if (diagnosis.can_be_profiled()) lines.add("stopping", stopping_text(diagnosis));
    std::string text = std::move(lines).take();
    if (diagnosis.can_be_profiled())
        return text + fmt::format("\nIt can be profiled: lampyr record -p {} -o profile.svg\n", diagnosis.pid.value);
    text += fmt::format("\nIt cannot be profiled: {}\n", diagnosis.obstacle->message);
    if (!diagnosis.obstacle->hint.empty()) text += fmt::format("  {}\n", diagnosis.obstacle->hint);
    return text;
}

}  // namespace lampyr

// SPDX-License-Identifier: MIT
#include "export/json_writer.hpp"

#include <lampyr/dump.hpp>

#include <fmt/format.h>

#include <ctime>
#include <string_view>

namespace lampyr {

namespace {

using exporter::JsonWriter;

class StringSink final : public ByteSink {
  public:
    [[nodiscard]] bool write(std::string_view bytes) override {
        text.append(bytes);
        return true;
    }
    std::string text;
};

/// RFC 3339 in UTC, to the millisecond.
std::string time_text(std::chrono::system_clock::time_point time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto rest = std::chrono::floor<std::chrono::milliseconds>(time - whole);
    const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
    std::tm utc{};
    if (::gmtime_r(&seconds, &utc) == nullptr) return {};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec, rest.count());
}

std::string_view kind_text(FunctionKind kind) {
    switch (kind) {
        case FunctionKind::kProject: return "project";
        case FunctionKind::kSitePackages: return "package";
        case FunctionKind::kStandardLibrary: return "stdlib";
        case FunctionKind::kNative: return "native";
        case FunctionKind::kInterpreter: return "interpreter";
        case FunctionKind::kMarker: break;
    }
    return "marker";
}

/// Unknown is null, so that every object of a kind has the same members.
void text_or_null(JsonWriter& json, std::string_view name, std::string_view text, bool known) {
    if (known)
        json.field(name, text);
    else
        json.key(name).null();
}
void number_or_null(JsonWriter& json, std::string_view name, std::uint64_t value, bool known) {
    if (known)
        json.field(name, value);
    else
        json.key(name).null();
}
void column_or_null(JsonWriter& json, std::string_view name, std::int32_t column) {
    number_or_null(json, name, column < 0 ? 0 : static_cast<std::uint64_t>(column), column >= 0);
}

std::string_view kind_text(DumpLocalKind kind) {
    switch (kind) {
        case DumpLocalKind::kArgument: return "argument";
        case DumpLocalKind::kLocal: return "local";
        case DumpLocalKind::kFree: break;
    }
    return "free";
}

void write_locals(JsonWriter& json, const DumpFrame& frame) {
    json.key("locals");
    if (!frame.locals_read) return json.null();
    json.begin_array();
    for (const DumpLocal& local : frame.locals) {
        json.begin_object();
        json.field("name", local.name);
        json.field("kind", kind_text(local.kind));
        json.field("value", local.value);
        json.key("changed").boolean(local.changed);
        json.end_object();
    }
    json.end_array();
}

void write_frame(JsonWriter& json, const DumpFrame& frame, const ProcessDump& dump) {
    const bool code = frame.kind != FunctionKind::kMarker;
    const bool qualified = dump.qualified_names && code && !frame.machine;
    const std::string_view name = frame.name;
    json.begin_object();
    json.field("function", qualified ? name.substr(name.rfind('.') + 1) : name);
    text_or_null(json, "qualified_name", name, qualified);
    text_or_null(json, "file", frame.file, code);
    text_or_null(json, "short_file", frame.short_file, code);
    number_or_null(json, "line", frame.line, frame.line != 0);
    number_or_null(json, "end_line", frame.end_line, frame.end_line != 0);
    column_or_null(json, "column", frame.column);
    column_or_null(json, "end_column", frame.end_column);
    json.field("kind", kind_text(frame.kind));
    if (dump.with_source) text_or_null(json, "source", frame.source, !frame.source.empty());
    if (dump.with_locals) write_locals(json, frame);
    json.end_object();
}

std::string_view answer_text(DumpAnswer answer) {
    switch (answer) {
        case DumpAnswer::kNo: return "no";
        case DumpAnswer::kPerhaps: return "perhaps";
        case DumpAnswer::kYes: return "yes";
        case DumpAnswer::kUnknown: break;
    }
    return {};
}

std::string_view attachment_text(DumpAttachment attachment) {
    switch (attachment) {
        case DumpAttachment::kDetached: return "detached";
        case DumpAttachment::kAttached: return "attached";
        case DumpAttachment::kSuspended: return "suspended";
        case DumpAttachment::kUnknown: break;
    }
    return {};
}

void write_waits(JsonWriter& json, const DumpThread& thread) {
    json.key("waits_for_gil");
    if (thread.waits_for_gil == DumpAnswer::kUnknown)
        json.null();
    else
        json.boolean(thread.waits_for_gil == DumpAnswer::kYes);
    text_or_null(json, "collects_garbage", answer_text(thread.collects_garbage),
                 thread.collects_garbage != DumpAnswer::kUnknown);
    text_or_null(json, "attachment", attachment_text(thread.attachment), thread.attachment != DumpAttachment::kUnknown);
}

void write_exceptions(JsonWriter& json, const DumpThread& thread) {
    json.key("exceptions").begin_array();
    for (const DumpException& one : thread.exceptions) {
        json.begin_object();
        json.field("type", one.type);
        json.field("value", one.value);
        json.key("raised").boolean(one.raised);
        json.key("changed").boolean(one.changed);
        json.end_object();
    }
    json.end_array();
}

void write_thread(JsonWriter& json, const DumpThread& thread, const ProcessDump& dump) {
    json.begin_object();
    number_or_null(json, "os_thread_id", static_cast<std::uint64_t>(thread.os_tid.value), thread.os_tid.value != 0);
    json.field("thread_id", thread.ident);
    text_or_null(json, "name", thread.name, !thread.name.empty());
    json.field("interpreter", thread.interpreter);
    json.field("state", std::string_view(dump.from_core ? "stopped" : thread.active ? "active" : "idle"));
    json.key("holds_gil").boolean(thread.holds_gil);
    write_waits(json, thread);
    json.key("proven").boolean(thread.proven);
    write_exceptions(json, thread);
    json.key("frames").begin_array();
    for (const DumpFrame& frame : thread.frames) write_frame(json, frame, dump);
    json.end_array();
    json.end_object();
}

std::string_view state_text(DumpTaskState state) {
    switch (state) {
        case DumpTaskState::kRunning: return "running";
        case DumpTaskState::kReady: return "ready";
        case DumpTaskState::kWaiting: break;
    }
    return "waiting";
}

void write_task_ids(JsonWriter& json, std::string_view name, const std::vector<std::size_t>& tasks,
                    const ProcessDump& dump) {
    json.key(name).begin_array();
    for (const std::size_t task : tasks) json.number(dump.tasks[task].id);
    json.end_array();
}

void write_task(JsonWriter& json, const DumpTask& task, const ProcessDump& dump) {
    json.begin_object();
    json.field("id", task.id);
    json.field("name", task.name);
    json.field("interpreter", task.interpreter);
    json.field("state", state_text(task.state));
    number_or_null(json, "thread_id", task.thread, task.state == DumpTaskState::kRunning);
    text_or_null(json, "waits_in", task.waits_in, !task.waits_in.empty());
    write_task_ids(json, "waits_for", task.waits_for, dump);
    write_task_ids(json, "awaited_by", task.awaited_by, dump);
    json.key("proven").boolean(task.proven);
    json.key("frames").begin_array();
    for (const DumpFrame& frame : task.frames) write_frame(json, frame, dump);
    json.end_array();
    json.end_object();
}

void write_process(JsonWriter& json, const ProcessDump& dump) {
    json.begin_object();
    json.field("pid", static_cast<std::uint64_t>(dump.pid.value));
    json.field("time", time_text(dump.taken));
    json.field("command_line", dump.command_line);
    json.field("executable", dump.executable);
    json.field("python_version", dump.python_version);
    json.key("threads").begin_array();
    for (const DumpThread& thread : dump.threads) write_thread(json, thread, dump);
    json.end_array();
    json.key("tasks").begin_array();
    for (const DumpTask& task : dump.tasks) write_task(json, task, dump);
    json.end_array();
    json.key("tasks_whole").boolean(dump.tasks_whole);
    json.end_object();
}

}  // namespace

std::string format_dumps_json(std::span<const ProcessDump> dumps) {
    StringSink sink;
    JsonWriter json(sink);
    json.begin_object();
    json.field("format", std::string_view("lampyr-dump"));
    json.field("version", std::uint64_t{1});
    json.key("processes").begin_array();
    for (const ProcessDump& dump : dumps) write_process(json, dump);
    json.end_array();
    json.end_object();
    static_cast<void>(json.finish());  // a string has always room
    return std::move(sink.text);
}

}  // namespace lampyr

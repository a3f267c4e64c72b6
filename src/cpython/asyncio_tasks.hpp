// SPDX-License-Identifier: MIT
#pragma once

#include "cpython/dict_reader.hpp"
#include "cpython/layout.hpp"
#include "cpython/layouts/asyncio_fields.hpp"
#include "cpython/type_facts.hpp"
#include "process/remote_memory.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lampyr::cpython {

/// A task of asyncio as it stands: where its parts are.
struct TaskFields {
    RemoteAddr task;
    RemoteAddr coro;
    RemoteAddr name;        ///< text, or an int: "Task-" and that number
    RemoteAddr fut_waiter;  ///< the future it waits for; null: none, or not known
    bool pending = true;
};

struct TaskList {
    std::vector<RemoteAddr> tasks;    ///< each once
    std::vector<RemoteAddr> running;  ///< one of each event loop at most; may be missing in `tasks`
    bool whole = true;                ///< false: there are more, or a list could not be followed
};

/// More tasks of one interpreter are not listed.
inline constexpr std::size_t kMostTasks = 10'000;

/// As `Task-7`: made up by asyncio because the program gave none.
[[nodiscard]] bool is_made_up_task_name(std::string_view name);

/// Reads tasks and futures: those written in C with their subclasses, and those written in Python. Nothing holds them still: a
/// reader that wants to be sure reads again and compares. Not for the sampling path: allocates, many reads.
class TaskReader {
  public:
    /// All must outlive it.
    TaskReader(const process::RemoteMemory& memory, const Layout& layout, const AsyncioLayout& asyncio,
               TypeReader& types)
        : memory_(memory), layout_(layout), asyncio_(asyncio), types_(types), dicts_(memory, layout) {}

    /// The tasks of an interpreter and of its threads: asyncio's lists (3.14+), and what its Python part keeps of others.
    [[nodiscard]] TaskList list(RemoteAddr interpreter, std::span<const RemoteAddr> threads);
    /// `asyncio.tasks._current_tasks`, a dict from event loops to running tasks; null where there is none.
    [[nodiscard]] RemoteAddr current_tasks(RemoteAddr interpreter);

    /// Nothing when there is no task at this address (any more).
    [[nodiscard]] std::optional<TaskFields> fields(RemoteAddr task);
    /// Only its coroutine and its name, which stay the same as long as it lives.
    [[nodiscard]] std::optional<TaskFields> identity(RemoteAddr task);
    [[nodiscard]] std::string name(const TaskFields& task) const;

    /// The tasks that wait for this future or task: by itself, or through gather(), wait(), shield() or a TaskGroup.
    [[nodiscard]] std::vector<RemoteAddr> awaiters(RemoteAddr future);
    [[nodiscard]] bool is_task(RemoteAddr object) { return kind_of(object) == Kind::kTask || is_python_task(object); }

  private:
    enum class Kind : std::uint8_t { kNone, kFuture, kTask, kPythonFuture, kPythonTask };

    [[nodiscard]] Kind kind_of(RemoteAddr object);
    [[nodiscard]] Kind kind_of_type(RemoteAddr type);
    [[nodiscard]] bool is_python_task(RemoteAddr object) { return kind_of(object) == Kind::kPythonTask; }
    [[nodiscard]] RemoteAddr attribute(RemoteAddr object, std::string_view name) const;
    [[nodiscard]] std::vector<DictItem> module_items(RemoteAddr interpreter) const;
    [[nodiscard]] std::vector<RemoteAddr> set_items(RemoteAddr set) const;
    [[nodiscard]] std::vector<RemoteAddr> list_items(RemoteAddr list) const;
    [[nodiscard]] std::vector<RemoteAddr> tuple_items(RemoteAddr tuple) const;
    [[nodiscard]] bool has_type(RemoteAddr object, unsigned flag);
    bool follow_list(RemoteAddr head, std::vector<RemoteAddr>& tasks) const;
    void take_weak_set(RemoteAddr weak_set, std::vector<RemoteAddr>& tasks);
    [[nodiscard]] std::vector<RemoteAddr> callbacks(RemoteAddr future, Kind kind);
    void published_awaiters(RemoteAddr future, std::vector<RemoteAddr>& found);
    void called_back(RemoteAddr callback, RemoteAddr future, std::vector<RemoteAddr>& tasks,
                     std::vector<RemoteAddr>& futures);

    const process::RemoteMemory& memory_;
    const Layout& layout_;
    const AsyncioLayout& asyncio_;
    TypeReader& types_;
    DictReader dicts_;
    std::unordered_map<RemoteAddr, Kind> kinds_;  // by type
};

}  // namespace lampyr::cpython

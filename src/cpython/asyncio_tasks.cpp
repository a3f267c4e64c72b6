// SPDX-License-Identifier: MIT
#include "cpython/asyncio_tasks.hpp"

#include "cpython/py_string.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kLongestTaskName = 200;
constexpr int kMostBases = 16;
/// tp_base in PyTypeObject, from tp_flags (Include/cpython/object.h); the same in all versions.
constexpr std::uint64_t kBaseBehindFlags = 88;
constexpr std::size_t kMostItems = 4096;
constexpr std::string_view kMadeUp = "Task-";

bool is_object(RemoteAddr address) { return address.is_plausible() && address.is_aligned(); }

void add_once(std::vector<RemoteAddr>& list, RemoteAddr item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

void drop_doubles(std::vector<RemoteAddr>& list) {
    std::unordered_set<RemoteAddr> seen;
    std::erase_if(list, [&](RemoteAddr item) { return !seen.insert(item).second; });
}

}  // namespace

/// By the types it is derived from. Those in Python are known by their names, and by having the attributes of one.
TaskReader::Kind TaskReader::kind_of_type(RemoteAddr type) {
    if (const auto known = kinds_.find(type); known != kinds_.end()) return known->second;
    Kind kind = Kind::kNone;
    bool named_task = false;
    RemoteAddr base = type;
    for (int i = 0; i < kMostBases && kind == Kind::kNone; ++i) {
        const TypeFacts* facts = types_.facts(base);
        if (facts == nullptr) break;
        if (facts->name == "_asyncio.Task")
            kind = Kind::kTask;
        else if (facts->name == "_asyncio.Future")
            kind = Kind::kFuture;
        else if (facts->name == "Task")
            named_task = true;
        else if (facts->name == "Future")
            kind = named_task ? Kind::kPythonTask : Kind::kPythonFuture;
        base = memory_.read_pointer(base + layout_.object.type_flags.value() + kBaseBehindFlags).value_or(RemoteAddr());
    }
    return kinds_.emplace(type, kind).first->second;
}

TaskReader::Kind TaskReader::kind_of(RemoteAddr object) {
    if (!is_object(object)) return Kind::kNone;
    const auto type = memory_.read_pointer(object + layout_.object.type.value());
    return type && is_object(*type) ? kind_of_type(*type) : Kind::kNone;
}

bool TaskReader::has_type(RemoteAddr object, unsigned flag) {
    const TypeFacts* type = types_.type_of(object);
    return type != nullptr && type->has_flag(flag);
}

RemoteAddr TaskReader::attribute(RemoteAddr object, std::string_view name) const {
    return dicts_.find(dicts_.instance_items(object, kMostItems), name);
}

std::optional<TaskFields> TaskReader::fields(RemoteAddr task) {
    TaskFields found;
    found.task = task;
    switch (kind_of(task)) {
        case Kind::kTask: {
            const auto coro = memory_.read_pointer(task + asyncio_.coro.value());
            const auto name = memory_.read_pointer(task + asyncio_.name.value());
            if (!coro || !name) return std::nullopt;
            found.coro = *coro;
            found.name = *name;
            if (asyncio_.fut_waiter.present())
                found.fut_waiter = memory_.read_pointer(task + asyncio_.fut_waiter.value()).value_or(RemoteAddr());
            if (asyncio_.state.present())
                found.pending = memory_.read_value<std::uint32_t>(task + asyncio_.state.value()).value_or(0) == 0;
            break;
        }
        case Kind::kPythonTask: {
            const auto attributes = dicts_.instance_items(task, kMostItems);
            found.coro = dicts_.find(attributes, "_coro");
            found.name = dicts_.find(attributes, "_name");
            const RemoteAddr waiter = dicts_.find(attributes, "_fut_waiter");
            if (kind_of(waiter) != Kind::kNone) found.fut_waiter = waiter;  // else None
            // `_state` is in the dict of the instance only once it is another than that of the class, "PENDING".
            if (const RemoteAddr state = dicts_.find(attributes, "_state"); is_object(state)) {
                const auto text = read_text(memory_, layout_, state, kLongestTaskName);
                found.pending = text && text->utf8 == "PENDING";
            }
            break;
        }
        default: return std::nullopt;
    }
    if (!is_object(found.coro)) return std::nullopt;
    return found;
}

std::optional<TaskFields> TaskReader::identity(RemoteAddr task) {
    if (!is_object(task)) return std::nullopt;
    // All by one call; what a task in Python has at these places is not looked at.
    const std::array<process::RemoteSegment, 3> places{{{(task + layout_.object.type.value()).value, 8},
                                                        {(task + asyncio_.coro.value()).value, 8},
                                                        {(task + asyncio_.name.value()).value, 8}}};
    std::array<std::uint64_t, 3> words{};
    const auto bytes = std::as_writable_bytes(std::span(words));
    if (memory_.read_segments(places, bytes) != bytes.size() || !is_object(RemoteAddr(words[0]))) return std::nullopt;
    const Kind kind = kind_of_type(RemoteAddr(words[0]));
    if (kind == Kind::kPythonTask) return fields(task);
    if (kind != Kind::kTask || !is_object(RemoteAddr(words[1]))) return std::nullopt;
    return TaskFields{.task = task, .coro = RemoteAddr(words[1]), .name = RemoteAddr(words[2]), .fut_waiter = {}};
}

std::string TaskReader::name(const TaskFields& task) const {
    if (const auto number = dicts_.unsigned_value(task.name)) return fmt::format("{}{}", kMadeUp, *number);
    if (!dicts_.has_type_flag(task.name, kUnicodeSubclass)) return "?";
    const auto text = read_text(memory_, layout_, task.name, kLongestTaskName);
    return text ? text->utf8 : "?";
}

bool is_made_up_task_name(std::string_view name) {
    return name.size() > kMadeUp.size() && name.starts_with(kMadeUp) &&
           name.find_first_not_of("0123456789", kMadeUp.size()) == std::string_view::npos;
}

/// A set of Python objects.
std::vector<RemoteAddr> TaskReader::set_items(RemoteAddr set) const {
    const ValueLayout& l = layout_.value;
    std::vector<RemoteAddr> items;
    const auto mask = memory_.read_value<std::uint64_t>(set + l.set_mask.value());
    const auto table = memory_.read_pointer(set + l.set_table.value());
    if (!mask || !table || *mask >= kMaxDictSlots || !is_object(*table)) return items;
    std::vector<std::uint64_t> raw(2 * (static_cast<std::size_t>(*mask) + 1));
    if (!memory_.read(*table, std::as_writable_bytes(std::span(raw)))) return items;
    for (std::size_t i = 0; i < raw.size() && items.size() <= kMostTasks; i += 2) {
        const RemoteAddr key(raw[i + l.set_entry_key.value() / 8]);
        if (is_object(key) && raw[i + l.set_entry_hash.value() / 8] != ~std::uint64_t{0}) items.push_back(key);
    }
    return items;
}

std::vector<RemoteAddr> TaskReader::tuple_items(RemoteAddr tuple) const {
    const auto size = memory_.read_value<std::uint64_t>(tuple + layout_.bytes.size.value());
    std::vector<RemoteAddr> items(size && *size <= kMostItems ? static_cast<std::size_t>(*size) : 0);
    if (!memory_.read(tuple + layout_.value.tuple_items.value(), std::as_writable_bytes(std::span(items)))) return {};
    return items;
}

std::vector<RemoteAddr> TaskReader::list_items(RemoteAddr list) const {
    const auto size = memory_.read_value<std::uint64_t>(list + layout_.bytes.size.value());
    const auto place = memory_.read_pointer(list + layout_.value.list_items.value());
    if (!size || !place || !is_object(*place)) return {};
    std::vector<RemoteAddr> items(static_cast<std::size_t>(std::min<std::uint64_t>(*size, kMostItems)));
    if (!memory_.read(*place, std::as_writable_bytes(std::span(items)))) return {};
    return items;
}

/// struct llist_node {next, prev} in each task, in a circle through `head` (Include/internal/pycore_llist.h). False: it was not
/// followed all the way round.
bool TaskReader::follow_list(RemoteAddr head, std::vector<RemoteAddr>& tasks) const {
    std::unordered_set<RemoteAddr> seen;
    RemoteAddr node = memory_.read_pointer(head).value_or(RemoteAddr());
    if (node.is_null()) return true;  // of a thread that was never used
    while (node != head) {
        if (!is_object(node) || seen.size() >= kMostTasks || !seen.insert(node).second) return false;
        tasks.push_back(node - asyncio_.node.value());
        const auto next = memory_.read_pointer(node);
        if (!next) return false;
        node = *next;
    }
    return true;
}

std::vector<DictItem> TaskReader::module_items(RemoteAddr interpreter) const {
    const auto modules = memory_.read_pointer(interpreter + layout_.interpreter.modules.value());
    if (!modules) return {};
    const RemoteAddr module = dicts_.find(dicts_.items(*modules), "asyncio.tasks");
    if (module.is_null()) return {};
    const auto module_dict = memory_.read_pointer(module + layout_.object.module_dict.value());
    return module_dict ? dicts_.items(*module_dict) : std::vector<DictItem>{};
}

RemoteAddr TaskReader::current_tasks(RemoteAddr interpreter) {
    return dicts_.find(module_items(interpreter), "_current_tasks");
}

/// weakref.WeakSet keeps weak references in a set `data`.
void TaskReader::take_weak_set(RemoteAddr weak_set, std::vector<RemoteAddr>& tasks) {
    const RemoteAddr data = attribute(weak_set, "data");
    if (!is_object(data)) return;
    for (const RemoteAddr reference : set_items(data))
        if (const auto task = memory_.read_pointer(reference + asyncio_.wrapped.value()); task && is_task(*task))
            tasks.push_back(*task);
}

TaskList TaskReader::list(RemoteAddr interpreter, std::span<const RemoteAddr> threads) {
    TaskList list;
    if (asyncio_.running_task.present()) {
        list.whole = follow_list(interpreter + asyncio_.interpreter_tasks.value(), list.tasks);
        for (const RemoteAddr thread : threads) {
            list.whole = follow_list(thread + asyncio_.thread_tasks.value(), list.tasks) && list.whole;
            const auto running = memory_.read_pointer(thread + asyncio_.running_task.value());
            if (running && is_object(*running)) add_once(list.running, *running);
        }
    }
    const auto items = module_items(interpreter);
    // 3.12+: _scheduled_tasks, and _eager_tasks that have not waited yet; before: _all_tasks.
    for (const std::string_view name : {"_scheduled_tasks", "_all_tasks"})
        if (const RemoteAddr found = dicts_.find(items, name); is_object(found)) take_weak_set(found, list.tasks);
    if (const RemoteAddr eager = dicts_.find(items, "_eager_tasks"); is_object(eager))
        for (const RemoteAddr task : set_items(eager))
            if (is_task(task)) list.tasks.push_back(task);
    if (const RemoteAddr current = dicts_.find(items, "_current_tasks"); is_object(current))
        for (const DictItem& item : dicts_.items(current, kMostItems))
            if (is_task(item.value)) add_once(list.running, item.value);
    drop_doubles(list.tasks);
    if (list.tasks.size() > kMostTasks) {
        list.tasks.resize(kMostTasks);
        list.whole = false;
    }
    return list;
}

/// Objects that are called when the future is done.
std::vector<RemoteAddr> TaskReader::callbacks(RemoteAddr future, Kind kind) {
    std::vector<RemoteAddr> found;
    RemoteAddr list;
    if (kind == Kind::kTask || kind == Kind::kFuture) {
        if (!asyncio_.callback0.present()) return found;
        const auto first = memory_.read_pointer(future + asyncio_.callback0.value());
        if (first && is_object(*first)) found.push_back(*first);
        list = memory_.read_pointer(future + asyncio_.callbacks.value()).value_or(RemoteAddr());
    } else {
        list = attribute(future, "_callbacks");
    }
    if (!has_type(list, kListSubclass)) return found;
    for (const RemoteAddr pair : list_items(list)) {
        if (!has_type(pair, kTupleSubclass)) continue;
        const auto items = tuple_items(pair);
        if (!items.empty() && is_object(items.front())) found.push_back(items.front());
    }
    return found;
}

/// fut_awaited_by (3.14+): one task, or a set.
void TaskReader::published_awaiters(RemoteAddr future, std::vector<RemoteAddr>& found) {
    if (!asyncio_.awaited_by.present()) return;
    const auto awaiter = memory_.read_pointer(future + asyncio_.awaited_by.value());
    if (!awaiter || !is_object(*awaiter)) return;
    if (const TypeFacts* type = types_.type_of(*awaiter); type != nullptr && type->is_builtin("set")) {
        for (const RemoteAddr item : set_items(*awaiter)) add_once(found, item);
    } else {
        add_once(found, *awaiter);
    }
}

/// Whom a callback of `future` leads to: `tasks` that wait, and other `futures` that will be done then.
void TaskReader::called_back(RemoteAddr callback, RemoteAddr future, std::vector<RemoteAddr>& tasks,
                             std::vector<RemoteAddr>& futures) {
    const TypeFacts* type = types_.type_of(callback);
    if (type == nullptr) return;
    const auto take = [&](RemoteAddr object) {
        if (object != future && kind_of(object) != Kind::kNone) add_once(futures, object);
    };
    const auto bound = [&] {
        return memory_.read_pointer(callback + asyncio_.bound_to.value()).value_or(RemoteAddr());
    };
    if (type->is_builtin("builtin_function_or_method") || type->is_builtin("method")) {
        const RemoteAddr object = bound();
        if (is_task(object)) {
            // Its wake-up, or any other of its methods: it waits if it says so.
            const auto waiter = fields(object);
            if (waiter && waiter->fut_waiter == future) add_once(tasks, object);
        } else if (const TypeFacts* owner = types_.type_of(object); owner != nullptr && owner->name == "TaskGroup") {
            if (const RemoteAddr parent = attribute(object, "_parent_task"); is_task(parent)) add_once(tasks, parent);
        }
    } else if (type->is_builtin("function")) {
        const RemoteAddr closure = memory_.read_pointer(callback + asyncio_.closure.value()).value_or(RemoteAddr());
        if (!has_type(closure, kTupleSubclass)) return;
        for (const RemoteAddr cell : tuple_items(closure))
            if (is_object(cell))
                take(memory_.read_pointer(cell + layout_.value.cell_value.value()).value_or(RemoteAddr()));
    } else if (type->name == "functools.partial") {
        const RemoteAddr arguments = bound();
        if (!has_type(arguments, kTupleSubclass)) return;
        for (const RemoteAddr argument : tuple_items(arguments)) take(argument);
    }
}

std::vector<RemoteAddr> TaskReader::awaiters(RemoteAddr future) {
    constexpr std::size_t kMostFutures = 16;
    std::vector<RemoteAddr> tasks;
    std::vector<RemoteAddr> futures{future};
    for (std::size_t i = 0; i < futures.size() && i < kMostFutures; ++i) {
        const Kind kind = kind_of(futures[i]);
        // Another task may be in the way of a callback; who waits for that one does not wait for ours.
        if (i != 0 && (kind == Kind::kTask || kind == Kind::kPythonTask)) continue;
        std::vector<RemoteAddr> published;
        if (kind == Kind::kTask || kind == Kind::kFuture) published_awaiters(futures[i], published);
        for (const RemoteAddr awaiter : published) {
            if (is_task(awaiter))
                add_once(tasks, awaiter);
            else if (kind_of(awaiter) != Kind::kNone)
                add_once(futures, awaiter);
        }
        if (!published.empty()) continue;
        for (const RemoteAddr callback : callbacks(futures[i], kind)) called_back(callback, futures[i], tasks, futures);
    }
    std::erase(tasks, future);
    return tasks;
}

}  // namespace lampyr::cpython

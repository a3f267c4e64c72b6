#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""asyncio_tasks.py VERSION CASE: tasks of asyncio, against programs that know theirs (tests/targets/asyncio_tasks.py).

dump       `dump` lists each task with its whole await chain, what it waits for and who waits for it; JSON says the same
python     the same of tasks that are written in Python
busy       dumps of tasks that take turns: what is called proven is true of that task
many       more tasks than are listed; the dump says so
work       `record --async`: each function is run by one task only, and that task is the one that is named
churn      the same when tasks end and begin all the time, under names and addresses that were used before
unnamed    tasks without names of their own share a frame by their coroutine
threads    two event loops in two threads
blocking, native  `work` with other ways of reading
none       coroutines that nobody's task runs: no task is named, nothing is lost
plain      without --async nothing is added
"""
import json
import re

import support
from dump_json import check_schema
from support import check

SHARE = 0.95  # of samples must have the right task
SHARE_IN_CHURN = 0.75  # where a task lives for 3 ms, it is often gone before it can be read: 6 to 18 % of them, as busy as the machine is
WRONG = 0.01  # of samples may have another one
MOST_TASKS = 10000
# Each function's task, and the tasks that wait for it, with what stands between.
WAITING = {
    "alpha": ["task main", "main", "run_all", "task alpha", "chain_alpha", "inner_alpha"],
    "beta": ["task main", "main", "run_all", "task beta", "chain_beta", "inner_beta"],
    "gamma": ["task main", "main", "run_all", "task holder", "hold_gamma", "task gamma", "chain_gamma", "inner_gamma"],
    "delta": ["task main", "main", "run_all", "task grouper", "hold_delta", "TaskGroup.__aexit__", "task delta",
              "chain_delta", "inner_delta"],
}
# The tasks that a task waits for.
WAITS_FOR = {
    "main": {"sleeper", "on-future", "deep", "on-task", "in-gather", "in-group", "in-wait", "in-shield", "in-queue",
             "in-generator", "in-old-style"},
    "on-task": {"slept"},
    "in-gather": {"gathered-1", "gathered-2"},
    "in-group": {"grouped-1", "grouped-2"},
    "in-wait": {"waited"},
    "in-shield": {"shielded"},
}


def dump_json(victim):
    document = json.loads(support.lampyr_ok("dump", "--json", "-p", victim.pid).out)
    check_schema(document)
    return document["processes"][0]


def check_chain(task, expected, in_generator):
    """What the program sees of its chain must be there from the outermost on, and no more, but for what Python cannot see."""
    chain = [[frame["qualified_name"], frame["line"]] for frame in reversed(task["frames"])]
    wanted = expected + ([["numbers", None]] if in_generator else [])
    check(len(chain) >= len(wanted), "%s: %s is shorter than %s" % (task["name"], chain, wanted))
    for (name, line), (other, other_line) in zip(chain, wanted):
        check(name == other and other_line in (None, line), "%s: %s, not %s" % (task["name"], chain, wanted))
    rest = [name for name, _ in chain[len(wanted):]]
    check(all(name == "Future.__await__" for name in rest), "%s: %s is more than %s" % (task["name"], chain, wanted))


def test_dump(python, case):
    with support.Victim(python, "asyncio_tasks.py", case) as victim:
        process = dump_json(victim)
        text = support.lampyr_ok("dump", "-p", victim.pid).out.decode()
        check(victim.process.poll() is None, "the program did not survive")
    expected = victim.report
    check(process["tasks_whole"] is True, "the list is said not to be whole")
    tasks = {task["name"]: task for task in process["tasks"]}
    tasks = {name: task for name, task in tasks.items() if not name.startswith("Task-")}  # the reporter, if it is there still
    check(set(tasks) == set(expected), "tasks are %s, not %s" % (sorted(tasks), sorted(expected)))
    names = {task["id"]: task["name"] for task in process["tasks"]}
    awaited_by = {}
    for name, task in tasks.items():
        check(task["state"] == "waiting" and task["thread_id"] is None, "%s is %s" % (name, task["state"]))
        check(task["proven"] is True, "%s is not proven" % name)
        check(task["waits_in"], "%s waits in nothing" % name)
        check_chain(task, expected[name], name == "in-generator")
        found = {names[number] for number in task["waits_for"]}
        check(found == WAITS_FOR.get(name, set()), "%s waits for %s" % (name, sorted(found)))
        for other in found:
            awaited_by.setdefault(other, set()).add(name)
    for name, task in tasks.items():
        found = {names[number] for number in task["awaited_by"]}
        check(found == awaited_by.get(name, set()), "%s is awaited by %s" % (name, sorted(found)))
    check('\nTask "on-task" (waiting for task "slept"), awaited by task "main"\n' in text, text)
    check('\nTask "in-gather" (waiting for task "gathered-1", task "gathered-2"), awaited by task "main"\n' in text, text)
    check(re.search(r'\nTask "sleeper" \(waiting for a Future\).*\n    (Future.__await__ .*\n    )?sleep \(asyncio/tasks.py:\d+\)\n'
                    r'    sleeper \(', text), text)
    print("%d tasks" % len(tasks))


def test_busy(python):
    running = proven = 0
    with support.Victim(python, "asyncio_tasks.py", "work") as victim:
        for _ in range(20):
            process = dump_json(victim)
            check(process["tasks_whole"] is True, "the list is said not to be whole")
            tasks = {task["name"]: task for task in process["tasks"]}
            check(set(tasks) == {"main", "holder", "grouper"} | set(WAITING), "tasks are %s" % sorted(tasks))
            runs = [task for task in process["tasks"] if task["state"] == "running"]
            check(len(runs) <= 1, "one thread runs %d tasks" % len(runs))
            idents = {thread["thread_id"] for thread in process["threads"]}
            check(all(task["thread_id"] in idents for task in runs), "a task runs in no thread")
            running += len(runs)
            for name in WAITING:
                if not tasks[name]["proven"]:
                    continue
                proven += 1
                functions = [frame["function"] for frame in tasks[name]["frames"]]
                check(functions[-1] == "chain_" + name, "task %s runs %s" % (name, functions))
                others = [other for other in WAITING if other != name and any(other in function for function in functions)]
                check(not others, "task %s runs %s" % (name, functions))
        check(victim.process.poll() is None, "the program did not survive")
    print("%d tasks running, %d of %d proven" % (running, proven, 20 * len(WAITING)))
    check(running >= 5, "a task was seen to run in %d of 20 dumps" % running)
    check(proven >= 0.5 * 20 * len(WAITING), "only %d are proven" % proven)


def test_many(python):
    with support.Victim(python, "asyncio_tasks.py", "many", MOST_TASKS + 500) as victim:
        process = dump_json(victim)
        check(victim.process.poll() is None, "the program did not survive")
    check(process["tasks_whole"] is False, "nothing is said of the tasks that are left out")
    check(MOST_TASKS <= len(process["tasks"]) <= MOST_TASKS + 2, "%d tasks" % len(process["tasks"]))
    listed = {task["name"] for task in process["tasks"]}
    check(len(listed) == len(process["tasks"]), "tasks are listed twice")


def names_from_task(labels):
    """The names of a stack from its first task on."""
    names = [label if label.startswith("task ") else frame.name for label, frame in zip(labels, support.frames_of(labels))]
    names = [name for name in names if name != "TaskGroup._aexit"]  # some versions wait in a function of its own
    start = next((number for number, name in enumerate(names) if name.startswith("task ")), len(names))
    return names[start:]


def work_of(labels):
    """The task whose function runs; None when none does. What is not proven says nothing."""
    for frame in support.frames_of(support.claimed(labels)):
        if frame.name.startswith("work_"):
            return frame.name[len("work_"):]
    return None


def count_right(stacks, prefixes=("",), renamed=False):
    """(samples in known functions, with the right task, with all tasks that wait, without a task, of each function)."""
    known = right = whole = unknown = 0
    each = {}
    for labels, count in stacks:
        work = work_of(labels)
        if work is None:
            continue
        known += count
        each[work] = each.get(work, 0) + count
        names = names_from_task(labels)
        tasks = [name for name in names if name.startswith("task ")]
        unknown += 0 if tasks else count
        for prefix in prefixes:
            waiting = [name.replace("task ", "task " + prefix) for name in WAITING[work]]
            if renamed:
                waiting = [re.sub(r"^task (alpha|beta|gamma|delta)$", r"task chain_\1()", name) for name in waiting]
            if tasks and tasks[-1] == [name for name in waiting if name.startswith("task ")][-1]:
                right += count
                whole += count if names[:len(waiting)] == waiting else 0
    return known, right, whole, unknown, each


def record(python, case, *options, seconds=4):
    with support.scratch() as folder, support.Victim(python, "asyncio_tasks.py", case) as victim:
        stacks, summary, run = support.record_raw(folder, *options, "-p", victim.pid, "-d", seconds, "-r", 500)
        check(run.status == 0, str(run))
        check(victim.process.poll() is None, "the program did not survive")
    return stacks, summary


def test_work(python, case, *options):
    stacks, summary = record(python, case, "--async", *options)
    if "--native" in options:  # only the Python part is looked at
        stacks = [([label for label in labels if not is_native(label)], count) for labels, count in stacks]
    known, right, whole, unknown, each = count_right(stacks, ("", "other-") if case == "threads" else ("",), case == "unnamed")
    total = sum(count for _, count in stacks)
    print("%d samples, %d in known functions, right task %.2f %%, without one %.2f %%, with all that wait %.2f %%; %s; losses %s" % (
        total, known, 100.0 * right / max(known, 1), 100.0 * unknown / max(known, 1), 100.0 * whole / max(known, 1),
        each, summary["losses"]))
    check(summary["tasks"] is True, "the summary does not say that there are tasks")
    check(total >= 300 and known >= 0.3 * total, "only %d of %d samples are in known functions" % (known, total))
    check(set(each) == set(WAITING), "only %s were seen" % sorted(each))
    share = SHARE_IN_CHURN if case == "churn" else SHARE
    check(known - right - unknown <= WRONG * known, "%d of %d samples have a wrong task" % (known - right - unknown, known))
    check(right >= share * known, "only %d of %d samples have the right task" % (right, known))
    check(whole >= share * known, "only %d of %d samples have all tasks that wait" % (whole, known))
    if case == "threads":
        others = sum(count for labels, count in stacks if "task other-main" in labels)
        check(0.01 * total < others < 0.99 * total, "%d of %d samples are of the other thread" % (others, total))
    wrong = [labels for labels, _ in stacks if labels.count("task main") > 1 or labels.count("task other-main") > 1]
    check(not wrong, "a task waits for itself: %s" % wrong[:1])


def is_native(label):
    frame = support.parse_label(label)
    return not label.startswith(("task ", "(")) and not (frame.file or "").endswith(".py")


def test_none(python):
    stacks, summary = record(python, "none", "--async", seconds=2)
    check(sum(count for _, count in stacks) >= 100, "too few samples")
    check(summary["losses"]["task unknown"] == 0, "tasks are missed where there are none")
    check(not any(label.startswith(("task ", "(task")) for labels, _ in stacks for label in labels), "there is no task")


def test_plain(python):
    stacks, summary = record(python, "work", seconds=2)
    check(summary["tasks"] is False and summary["losses"]["task unknown"] == 0, "the summary speaks of tasks")
    check(not any(label.startswith(("task ", "(task")) for labels, _ in stacks for label in labels),
          "nobody asked for tasks")


def main(arguments):
    version, case = arguments
    python = support.find_python(version)
    if case == "dump":
        test_dump(python, "waiting")
    elif case == "python":
        test_dump(python, "python")
    elif case == "busy":
        test_busy(python)
    elif case == "many":
        test_many(python)
    elif case in ("work", "churn", "unnamed", "threads"):
        test_work(python, case)
    elif case == "blocking":
        test_work(python, "work", "--blocking")
    elif case == "native":
        test_work(python, "work", "--native")
    elif case == "none":
        test_none(python)
    elif case == "plain":
        test_plain(python)
    else:
        raise support.Failure("unknown case %s" % case)


support.run_test(main)

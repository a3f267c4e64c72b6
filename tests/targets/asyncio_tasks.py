# SPDX-License-Identifier: MIT
"""Programs whose asyncio tasks are known.

    asyncio_tasks.py --report FD work|churn|unnamed|threads|waiting|python|none [COUNT]

work     tasks take turns; each runs a function that no other task runs, and is waited for in a way of its own
churn    the same, but each task lives for a few turns only, and its name and memory are used again
unnamed  the same with names that asyncio makes up
threads  as `work`, in two threads with an event loop each
waiting  tasks that wait for each other in every way asyncio has, and stand still; the report says for what
python   likewise, with the tasks that are written in Python
many     COUNT tasks that wait
none     coroutines that are driven by hand
"""
import asyncio
import json
import os
import sys
import threading
import time
import types

REPORT = int(sys.argv[sys.argv.index("--report") + 1])
CASE = sys.argv[3]
NAMES = ("alpha", "beta", "gamma", "delta")
# A thread that lets go of the GIL often and wants it back at once may keep it for ever: the other is woken and finds it taken.
HANDS_OVER = CASE == "threads"

# What a task of that name runs, and who waits for it.
WORK = """
def work_{name}():
    total = 0
    for number in range({size}):
        total += number
    return total

async def inner_{name}(turns):
    while turns:
        turns -= 1
        work_{name}()
        if HANDS_OVER and turns % 50 == 0:
            time.sleep(0.001)
        await asyncio.sleep(0)

async def chain_{name}(turns):
    await inner_{name}(turns)
"""
for number, name in enumerate(NAMES):
    exec(compile(WORK.format(name=name, size=2000 * (number + 1)), __file__, "exec"))


def report(words):
    os.write(REPORT, json.dumps(words).encode() + b"\n")


def start(name, turns, prefix=""):
    given = {} if CASE == "unnamed" else {"name": prefix + name}
    return asyncio.create_task(globals()["chain_" + name](turns), **given)


async def hold_gamma(turns, prefix):
    await start("gamma", turns, prefix)


async def hold_delta(turns, prefix):
    async with asyncio.TaskGroup() as group:
        group.create_task(chain_delta(turns), name=None if CASE == "unnamed" else prefix + "delta")  # noqa: F821


async def run_all(turns, prefix=""):
    await asyncio.gather(start("alpha", turns, prefix), start("beta", turns, prefix),
                         asyncio.create_task(hold_gamma(turns, prefix), name=prefix + "holder"),
                         asyncio.create_task(hold_delta(turns, prefix), name=prefix + "grouper"))


async def main(turns, prefix=""):
    asyncio.current_task().set_name(prefix + "main")
    while True:
        await run_all(turns, prefix)


# --- tasks that stand still -------------------------------------------------------------------------------------------

async def sleeper():
    await asyncio.sleep(3600)


async def on_future(future):
    await future


async def level_one(future):
    await level_two(future)


async def level_two(future):
    event = asyncio.Event()
    await event.wait()


async def on_task(task):
    await task


async def in_group():
    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper(), name="grouped-1")
        group.create_task(sleeper(), name="grouped-2")


async def in_gather():
    await asyncio.gather(asyncio.create_task(sleeper(), name="gathered-1"),
                         asyncio.create_task(sleeper(), name="gathered-2"))


async def in_wait(task):
    await asyncio.wait([task])


async def in_shield(task):
    await asyncio.shield(task)


async def in_queue():
    await asyncio.Queue().get()


async def numbers(future):
    yield 1
    await future


async def in_generator(future):
    async for _ in numbers(future):
        pass


@types.coroutine
def by_generator(future):
    return (yield from future)


async def in_old_style(future):
    await by_generator(future)


def chain_of(coroutine):
    """What the interpreter itself says: [name, line] from the outermost, as far as Python code can see."""
    frames = []
    while coroutine is not None:
        for kind in ("cr", "gi"):
            if hasattr(coroutine, kind + "_frame"):
                code, frame = getattr(coroutine, kind + "_code"), getattr(coroutine, kind + "_frame")
                frames.append([code.co_qualname, frame.f_lineno])
                coroutine = getattr(coroutine, "cr_await" if kind == "cr" else "gi_yieldfrom")
                break
        else:
            break
    return frames


async def reporter():
    for _ in range(20):
        await asyncio.sleep(0)
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    report({task.get_name(): chain_of(task.get_coro()) for task in tasks})


async def stand():
    asyncio.current_task().set_name("main")
    future = asyncio.get_running_loop().create_future()

    def task(name, coroutine):
        return asyncio.create_task(coroutine, name=name)
    slept = task("slept", sleeper())
    waited = task("waited", sleeper())
    shielded = task("shielded", sleeper())
    tasks = [task("sleeper", sleeper()), task("on-future", on_future(future)), task("deep", level_one(future)),
             task("on-task", on_task(slept)), task("in-gather", in_gather()), task("in-group", in_group()),
             task("in-wait", in_wait(waited)), task("in-shield", in_shield(shielded)), task("in-queue", in_queue()),
             task("in-generator", in_generator(future)), task("in-old-style", in_old_style(future))]
    asyncio.create_task(reporter())
    await asyncio.gather(*tasks)


async def stand_many(count):
    tasks = [asyncio.create_task(sleeper(), name="waiting %d" % number) for number in range(count)]
    for _ in range(3):
        await asyncio.sleep(0)
    report("ready")
    await asyncio.wait(tasks)


# --- others -----------------------------------------------------------------------------------------------------------

@types.coroutine
def give_way():
    yield


async def by_hand():
    while True:
        work_alpha()  # noqa: F821
        await give_way()


def drive():
    coroutine = by_hand()
    while True:
        coroutine.send(None)


def use_python_tasks():
    """asyncio without its C part."""
    asyncio.tasks.Task = asyncio.Task = asyncio.tasks._PyTask
    asyncio.futures.Future = asyncio.Future = asyncio.futures._PyFuture
    asyncio.base_events.futures.Future = asyncio.futures._PyFuture
    for name in ("current_task", "_register_task", "_unregister_task", "_enter_task", "_leave_task", "all_tasks"):
        setattr(asyncio.tasks, name, getattr(asyncio.tasks, "_py_" + name.lstrip("_"), None)
                or getattr(asyncio.tasks, "_py" + name, None) or getattr(asyncio.tasks, name))
    asyncio.current_task, asyncio.all_tasks = asyncio.tasks.current_task, asyncio.tasks.all_tasks


def loop_thread(prefix):
    asyncio.run(main(10 ** 9, prefix))


if __name__ == "__main__":
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    if CASE == "waiting":
        asyncio.run(stand())
    elif CASE == "python":
        use_python_tasks()
        asyncio.run(stand())
    elif CASE == "many":
        asyncio.run(stand_many(int(sys.argv[4])))
    elif CASE == "none":
        report("ready")
        drive()
    elif CASE == "threads":
        threading.Thread(target=loop_thread, args=("other-",), daemon=True).start()
        report("ready")
        loop_thread("")
    else:
        report("ready")
        asyncio.run(main(5 if CASE == "churn" else 10 ** 9))

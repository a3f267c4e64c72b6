// SPDX-License-Identifier: MIT
#include "cpython/asyncio_tasks.hpp"

#include "cpython/coroutine_chain.hpp"
#include "cpython/running_task.hpp"
#include "support/fake_objects.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace lampyr::cpython {
namespace {

/// Where a fake thread state and interpreter keep their fields; published by asyncio, so any place is right.
constexpr Offset kRunning{64}, kThreadTasks{72}, kInterpreterTasks{128};

class AsyncioTasks : public test::LayoutTest {
  protected:
    void SetUp() override {
        asyncio_ = asyncio_layout(layout().version);
        if (asyncio_->node.present()) {
            asyncio_->running_task = kRunning;
            asyncio_->thread_tasks = kThreadTasks;
            asyncio_->interpreter_tasks = kInterpreterTasks;
        }
        types_.emplace(py_.memory(), layout());
        tasks_.emplace(py_.memory(), layout(), *asyncio_, *types_);
    }

    RemoteAddr object(std::size_t size, const char* type) {
        const RemoteAddr address = py_.allocate(size);
        py_.put(address, layout().object.type, py_.type(type));
        return address;
    }
    RemoteAddr task(RemoteAddr name, RemoteAddr coro) {
        const RemoteAddr address = object(asyncio_->task_size, "_asyncio.Task");
        py_.put(address, asyncio_->name, name);
        py_.put(address, asyncio_->coro, coro);
        return address;
    }
    RemoteAddr task(const char* name) { return task(py_.string(name), py_.none()); }
    /// A future or task waits for another, as C code says it.
    void wait_for(RemoteAddr task, RemoteAddr other) {
        py_.put(task, asyncio_->fut_waiter, other);
        if (asyncio_->awaited_by.present()) {
            py_.put(other, asyncio_->awaited_by, task);
            return;
        }
        const RemoteAddr wakeup = object(asyncio_->bound_to.value() + 8, "builtin_function_or_method");
        py_.put(wakeup, asyncio_->bound_to, task);
        py_.put(other, asyncio_->callback0, wakeup);
    }
    /// A coroutine that stands in an await of `awaited`, or with `yields` in a plain yield with that on its stack.
    RemoteAddr coroutine(RemoteAddr awaited, bool yields = false, const char* type = "coroutine") {
        const FrameLayout& f = layout().frame;
        const std::uint32_t iframe = layout().generator.iframe.value();
        const RemoteAddr address = object(iframe + f.localsplus.value() + 64, type);
        const auto argument = static_cast<std::uint8_t>(yields ? 1 : 3);
        const RemoteAddr code = py_.code({.bytecode = {1, 0, 151, argument, 9, 0}});
        const RemoteAddr frame = address + iframe;
        py_.put(frame, f.code, code);
        py_.put(frame, f.owner, std::uint8_t{1});
        py_.put(frame, f.instruction, code + layout().code.code_adaptive.value());
        const bool by_argument = asyncio_->await_rule == AwaitRule::kResumeArgument;
        const std::int8_t other = asyncio_->awaiting_states[0] == 2 ? 1 : -2;
        py_.put(address, layout().generator.frame_state, yields && !by_argument ? other : asyncio_->awaiting_states[0]);
        const RemoteAddr slots = frame + f.localsplus.value();
        py_.memory().put(slots + 16, awaited);
        const std::uint32_t count = 2 + asyncio_->awaited_words;
        py_.put(frame, f.stacktop, count);
        py_.put(frame, f.stackpointer, slots + std::uint64_t{8} * count);
        return address;
    }
    CoroutineChain follow(RemoteAddr coro) {
        return CoroutineReader(py_.memory(), layout(), *asyncio_, *types_).follow(coro);
    }
    [[nodiscard]] std::string name_of(RemoteAddr address) {
        const auto fields = tasks_->fields(address);
        return fields ? tasks_->name(*fields) : "no task";
    }

    test::FakeObjects py_{layout()};
    std::optional<AsyncioLayout> asyncio_;
    std::optional<TypeReader> types_;
    std::optional<TaskReader> tasks_;
};

TEST_P(AsyncioTasks, HaveTheirNames) {
    EXPECT_EQ(name_of(task("worker")), "worker");
    const RemoteAddr made_up = task(py_.integer(17), py_.none());
    EXPECT_EQ(name_of(made_up), "Task-17");
    EXPECT_TRUE(is_made_up_task_name(name_of(made_up)));
    EXPECT_TRUE(is_made_up_task_name("Task-3"));
    EXPECT_FALSE(is_made_up_task_name("Task-3b"));
    EXPECT_FALSE(is_made_up_task_name("Task-"));
    EXPECT_EQ(name_of(py_.string("no task")), "no task");
    EXPECT_EQ(name_of(RemoteAddr(0x1234)), "no task");
}

TEST_P(AsyncioTasks, NamesOfAnySizeAreCut) {
    const std::string cut = name_of(task(py_.string(std::string(100'000, 'x')), py_.none()));
    EXPECT_LT(cut.size(), 300U);
    EXPECT_NE(cut.find("100000 characters"), std::string::npos) << cut;
    EXPECT_EQ(name_of(task(RemoteAddr(0x10), py_.none())), "?");
}

TEST_P(AsyncioTasks, ThatWaitForEachOtherAreFound) {
    const RemoteAddr outer = task("outer"), inner = task("inner");
    wait_for(outer, inner);
    EXPECT_EQ(tasks_->awaiters(inner), std::vector{outer});
    EXPECT_TRUE(tasks_->awaiters(outer).empty());
}

/// gather(): the children's callback leads to a future, and that one's to the task.
TEST_P(AsyncioTasks, AreFoundThroughTheFutureOfAClosure) {
    const RemoteAddr outer = task("outer"), inner = task("inner");
    const RemoteAddr future = object(asyncio_->task_size, "_asyncio.Future");
    wait_for(outer, future);
    const RemoteAddr callback = object(asyncio_->closure.value() + 8, "function");
    py_.put(callback, asyncio_->closure, py_.tuple({py_.cell(py_.none()), py_.cell({}), py_.cell(future)}));
    py_.put(inner, asyncio_->callbacks,
            py_.list({py_.tuple({callback, py_.none()}), py_.none(), py_.tuple({}), RemoteAddr(8)}));
    EXPECT_EQ(tasks_->awaiters(inner), std::vector{outer});
}

TEST_P(AsyncioTasks, OtherMethodsOfATaskAreNoWaiting) {
    const RemoteAddr other = task("other"), inner = task("inner");
    const RemoteAddr cancel = object(asyncio_->bound_to.value() + 8, "builtin_function_or_method");
    py_.put(cancel, asyncio_->bound_to, other);
    py_.put(inner, asyncio_->callback0, cancel);
    EXPECT_TRUE(tasks_->awaiters(inner).empty());
}

TEST_P(AsyncioTasks, ThatWaitInACircleEnd) {
    const RemoteAddr a = task("a"), b = task("b"), c = task("c");
    wait_for(a, b);
    wait_for(b, c);
    wait_for(c, a);
    EXPECT_EQ(tasks_->awaiters(a), std::vector{c});
    wait_for(a, a);
    EXPECT_TRUE(tasks_->awaiters(a).empty());
    // Futures that are done when each other are.
    const RemoteAddr first = object(asyncio_->task_size, "_asyncio.Future");
    const RemoteAddr second = object(asyncio_->task_size, "_asyncio.Future");
    for (const auto& [future, other] : {std::pair{first, second}, {second, first}}) {
        const RemoteAddr callback = object(asyncio_->closure.value() + 8, "function");
        py_.put(callback, asyncio_->closure, py_.tuple({py_.cell(other)}));
        py_.put(future, asyncio_->callback0, callback);
    }
    EXPECT_TRUE(tasks_->awaiters(first).empty());
}

/// Of versions that keep lists of tasks.
class AsyncioLists : public AsyncioTasks {
  protected:
    void SetUp() override {
        AsyncioTasks::SetUp();
        thread_ = py_.allocate(256);
        interpreter_ = py_.allocate(layout().interpreter.modules.value() + 8);
        link(interpreter_ + kInterpreterTasks.value(), interpreter_ + kInterpreterTasks.value());
    }
    void link(RemoteAddr node, RemoteAddr next) { py_.memory().put(node, next); }
    [[nodiscard]] RemoteAddr head() const { return thread_ + kThreadTasks.value(); }
    [[nodiscard]] RemoteAddr node(RemoteAddr task) const { return task + asyncio_->node.value(); }
    TaskList list() { return tasks_->list(interpreter_, std::span(&thread_, 1)); }

    RemoteAddr thread_, interpreter_;
};

TEST_P(AsyncioLists, AreFollowedRound) {
    const RemoteAddr a = task("a"), b = task("b");
    link(head(), node(a));
    link(node(a), node(b));
    link(node(b), head());
    py_.memory().put(thread_ + kRunning.value(), b);
    const TaskList found = list();
    EXPECT_EQ(found.tasks, (std::vector{a, b}));
    EXPECT_EQ(found.running, std::vector{b});
    EXPECT_TRUE(found.whole);
}

TEST_P(AsyncioLists, OfAThreadThatNeverHadALoopAreEmpty) {
    const TaskList found = list();
    EXPECT_TRUE(found.tasks.empty() && found.running.empty() && found.whole);
}

TEST_P(AsyncioLists, ThatAreBrokenEnd) {
    const RemoteAddr a = task("a"), b = task("b");
    link(head(), node(a));
    link(node(a), node(b));
    for (const RemoteAddr next : {node(b), node(a), RemoteAddr(7), RemoteAddr(0xffff'8000'0000'0000), RemoteAddr()}) {
        link(node(b), next);
        const TaskList found = list();
        EXPECT_EQ(found.tasks, (std::vector{a, b})) << std::hex << next.value;
        EXPECT_FALSE(found.whole);
    }
}

TEST_P(AsyncioLists, SeveralThatWaitAreASet) {
    const RemoteAddr inner = task("inner"), a = task("a"), b = task("b");
    py_.put(inner, asyncio_->awaited_by, py_.set({a, b, py_.none()}));
    auto found = tasks_->awaiters(inner);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, (std::vector{a, b}));
}

TEST_P(AsyncioTasks, AreFollowedThroughTheirCoroutines) {
    const RemoteAddr future = object(asyncio_->task_size, "_asyncio.Future");
    const RemoteAddr iterator = object(asyncio_->wrapped.value() + 8, "_asyncio.FutureIter");
    py_.put(iterator, asyncio_->wrapped, future);
    const RemoteAddr innermost = coroutine(iterator, false, "generator");
    const RemoteAddr wrapper = object(asyncio_->wrapped.value() + 8, "coroutine_wrapper");
    py_.put(wrapper, asyncio_->wrapped, innermost);
    const RemoteAddr middle = coroutine(wrapper);
    const RemoteAddr outermost = coroutine(middle);
    const CoroutineChain chain = follow(outermost);
    ASSERT_EQ(chain.frames.size(), 3U);
    const std::uint32_t iframe = layout().generator.iframe.value();
    EXPECT_EQ(chain.frames[0].frame, outermost + iframe);
    EXPECT_EQ(chain.frames[1].frame, middle + iframe);
    EXPECT_EQ(chain.frames[2].frame, innermost + iframe);
    EXPECT_EQ(chain.awaited, future);
    EXPECT_FALSE(chain.cut);
}

TEST_P(AsyncioTasks, AGeneratorThatYieldsAwaitsNothing) {
    const RemoteAddr looped = coroutine(py_.none(), true, "generator");
    EXPECT_EQ(follow(coroutine(looped, true, "generator")).frames.size(), 1U);
    EXPECT_TRUE(follow(py_.string("no coroutine")).frames.empty());
    EXPECT_TRUE(follow(RemoteAddr(9)).frames.empty());
}

TEST_P(AsyncioTasks, CoroutinesInACircleAreCut) {
    const RemoteAddr a = coroutine({}), b = coroutine(a);
    py_.memory().put(a + layout().generator.iframe.value() + layout().frame.localsplus.value() + 16, b);
    const CoroutineChain chain = follow(b);
    EXPECT_EQ(chain.frames.size(), kMostCoroutines);
    EXPECT_TRUE(chain.cut);
}

TEST_P(AsyncioTasks, AStackPointerAnywhereIsNotFollowed) {
    for (const std::uint64_t end : {0ULL, 7ULL, 0x7f00'0000'0000ULL, ~0ULL}) {
        const RemoteAddr coro = coroutine(py_.none());
        const RemoteAddr frame = coro + layout().generator.iframe.value();
        py_.put(frame, layout().frame.stackpointer, end);
        py_.put(frame, layout().frame.stacktop, static_cast<std::uint32_t>(end));
        EXPECT_LE(follow(coro).frames.size(), 1U);
    }
}

TEST_P(AsyncioTasks, ThatRunAreFound) {
    if (asyncio_->running_task.present()) GTEST_SKIP() << "the thread state names it";
    RunningTasks running(py_.memory(), layout());
    EXPECT_TRUE(running.read({}).empty());
    EXPECT_TRUE(running.read(py_.dict({})).empty());
    const RemoteAddr a = task("a"), b = task("b");
    const auto found = running.read(py_.dict({{py_.none(), a}, {py_.none(), {}}, {py_.none(), b}}));
    EXPECT_EQ((std::vector<RemoteAddr>{found.begin(), found.end()}), (std::vector{a, b}));
    const RemoteAddr broken = py_.dict({{py_.none(), a}});
    const RemoteAddr keys = RemoteAddr(py_.memory().get<std::uint64_t>(broken + layout().dict.keys.value()));
    py_.put(keys, layout().dict.keys_log2_index_bytes, std::uint8_t{63});
    EXPECT_TRUE(running.read(broken).empty());
    py_.put(broken, layout().dict.keys, RemoteAddr(0x7fff'0000'0000));
    EXPECT_TRUE(running.read(broken).empty());
}

/// The versions whose tasks can be read, and of these the ones that keep lists.
auto layouts_with_tasks(bool lists) {
    std::vector<const Layout*> found;
    for (const Layout* layout : all_layouts()) {
        const auto asyncio = asyncio_layout(layout->version);
        if (asyncio && (!lists || asyncio->node.present())) found.push_back(layout);
    }
    return testing::ValuesIn(found);
}

INSTANTIATE_TEST_SUITE_P(All, AsyncioTasks, layouts_with_tasks(false), test::layout_name);
INSTANTIATE_TEST_SUITE_P(All, AsyncioLists, layouts_with_tasks(true), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython

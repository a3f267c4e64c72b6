// SPDX-License-Identifier: MIT
#include "cpython/layouts/asyncio_fields.hpp"

namespace lampyr::cpython {

namespace {

/// PyObject is so much larger in a free-threaded build (Include/object.h).
constexpr std::uint32_t kFreeThreadedHead = 16;

constexpr AsyncioLayout k311{
    .callback0 = Offset(24),
    .callbacks = Offset(40),
    .state = Offset(88),
    .awaited_by = kAbsent,
    .awaited_by_is_set = kAbsent,
    .fut_waiter = Offset(128),
    .coro = Offset(136),
    .name = Offset(144),
    .node = kAbsent,
    .task_size = 176,
    .running_task = kAbsent,
    .thread_tasks = kAbsent,
    .interpreter_tasks = kAbsent,
    .wrapped = Offset(16),
    .bound_to = Offset(24),
    .closure = Offset(72),
    .await_rule = AwaitRule::kResumeArgument,
    .awaiting_states = {-1, -1},
    .awaited_words = 1,
};

constexpr AsyncioLayout k313 = [] {
    AsyncioLayout layout = k311;
    layout.state = Offset(96);
    layout.fut_waiter = Offset(112);
    layout.coro = Offset(120);
    layout.name = Offset(128);
    layout.task_size = 144;
    layout.await_rule = AwaitRule::kFrameState;
    return layout;
}();

constexpr AsyncioLayout k314 = [] {
    AsyncioLayout layout = k313;
    layout.state = Offset(104);
    layout.awaited_by = Offset(96);
    layout.awaited_by_is_set = Offset(109);
    layout.fut_waiter = Offset(120);
    layout.coro = Offset(128);
    layout.name = Offset(136);
    layout.node = Offset(152);
    layout.task_size = 168;
    return layout;
}();

/// FRAME_SUSPENDED_YIELD_FROM and its locked form; an await keeps a second word on the stack (Include/internal/pycore_frame.h).
constexpr AsyncioLayout k315 = [] {
    AsyncioLayout layout = k314;
    layout.awaiting_states = {2, 3};
    layout.awaited_words = 2;
    return layout;
}();

AsyncioLayout with_larger_head(AsyncioLayout layout) {
    for (Offset* field : {&layout.callback0, &layout.callbacks, &layout.state, &layout.awaited_by,
                          &layout.awaited_by_is_set, &layout.fut_waiter, &layout.coro, &layout.name, &layout.node,
                          &layout.wrapped, &layout.bound_to, &layout.closure})
        if (field->present()) *field = Offset(field->value() + kFreeThreadedHead);
    layout.task_size += kFreeThreadedHead;
    return layout;
}

std::optional<AsyncioLayout> with_gil(const Version& version) {
    if (version.major < 3 || version.minor <= 10) return std::nullopt;
    switch (version.minor) {
        case 11:
        case 12: return k311;
        case 13: return k313;
        case 14: return k314;
        default: return k315;
    }
}

}  // namespace

std::optional<AsyncioLayout> asyncio_layout(const Version& version) {
    const auto layout = with_gil(version);
    return layout && version.free_threaded ? with_larger_head(*layout) : layout;
}

}  // namespace lampyr::cpython

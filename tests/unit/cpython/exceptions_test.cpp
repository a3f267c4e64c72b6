// SPDX-License-Identifier: MIT
#include "cpython/exceptions.hpp"

#include "support/fake_objects.hpp"
#include "support/layouts.hpp"

#include <gtest/gtest.h>

namespace lampyr::cpython {
namespace {

class Exceptions : public test::LayoutTest {
  protected:
    [[nodiscard]] std::vector<ThreadException> read() const {
        return ExceptionReader(py_.memory(), layout(), {}).read(thread_);
    }
    [[nodiscard]] const ExceptionLayout& fields() const { return layout().exception; }

    RemoteAddr type(const std::string& name) {
        const RemoteAddr type = py_.type(name);
        py_.put(type, layout().object.type_flags, std::uint64_t{1} << kExceptionSubclass);
        return type;
    }
    RemoteAddr exception(const std::string& name, RemoteAddr argument) {
        const RemoteAddr made = py_.allocate(layout().value.exception_args.value() + 8);
        py_.put(made, layout().object.type, type(name));
        py_.put(made, layout().value.exception_args, py_.tuple({argument}));
        return made;
    }
    RemoteAddr item(RemoteAddr value, RemoteAddr previous) {
        const RemoteAddr made = py_.allocate(64);
        py_.put(made, fields().item_value, value);
        py_.put(made, fields().item_previous, previous);
        return made;
    }
    /// As the thread's only place.
    void handle(RemoteAddr value) {
        py_.put(thread_, fields().handled, value);
        if (fields().items.present()) py_.put(thread_, fields().items, item(value, {}));
    }

    test::FakeObjects py_{layout()};
    RemoteAddr thread_ = py_.allocate(1024);
};

TEST_P(Exceptions, NoneIsThere) {
    EXPECT_TRUE(read().empty());
    handle(py_.none());
    EXPECT_TRUE(read().empty());
}

TEST_P(Exceptions, HandledAndRaised) {
    handle(exception("ValueError", py_.integer(7)));
    EXPECT_EQ(read(), (std::vector<ThreadException>{{"ValueError", "ValueError(7)", false}}));
    py_.put(thread_, fields().raised, exception("KeyError", py_.string("k")));
    EXPECT_EQ(read(), (std::vector<ThreadException>{{"KeyError", "KeyError('k')", true},
                                                    {"ValueError", "ValueError(7)", false}}));
}

TEST_P(Exceptions, RaisedButNotYetMade) {
    if (!fields().raised_type.present()) GTEST_SKIP() << "it is always made";
    py_.put(thread_, fields().raised_type, type("ValueError"));
    EXPECT_EQ(read(), (std::vector<ThreadException>{{"ValueError", "ValueError()", true}}));
    py_.put(thread_, fields().raised, py_.string("bad"));
    EXPECT_EQ(read(), (std::vector<ThreadException>{{"ValueError", "ValueError('bad')", true}}));
    py_.put(thread_, fields().raised, py_.tuple({py_.integer(1), py_.integer(2)}));
    EXPECT_EQ(read(), (std::vector<ThreadException>{{"ValueError", "ValueError(1, 2)", true}}));
}

TEST_P(Exceptions, TheChainOfGenerators) {
    if (!fields().items.present()) GTEST_SKIP() << "there is one place a thread";
    const RemoteAddr outer = item(exception("ValueError", py_.integer(1)), {});
    const RemoteAddr nothing = item({}, outer);
    py_.put(thread_, fields().items, item(exception("KeyError", py_.integer(2)), nothing));
    EXPECT_EQ(read(), (std::vector<ThreadException>{{"KeyError", "KeyError(2)", false},
                                                    {"ValueError", "ValueError(1)", false}}));
    py_.put(outer, fields().item_previous, nothing);  // it goes round
    EXPECT_EQ(read().size(), 2U);
    py_.put(outer, fields().item_previous, RemoteAddr(0x1003));
    EXPECT_EQ(read().size(), 2U);
    py_.put(outer, fields().item_previous, RemoteAddr(0x7000'0000'0000));  // nothing is there
    EXPECT_EQ(read().size(), 2U);
}

TEST_P(Exceptions, AThreadThatIsGone) {
    thread_ = RemoteAddr(0x7000'0000'0000);
    EXPECT_TRUE(read().empty());
}

INSTANTIATE_TEST_SUITE_P(All, Exceptions, test::every_layout(), test::layout_name);

}  // namespace
}  // namespace lampyr::cpython

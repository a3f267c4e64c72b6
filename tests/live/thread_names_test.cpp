// SPDX-License-Identifier: MIT
#include "cpython/thread_names.hpp"
#include "cpython/layout_table.hpp"
#include "process/vm_memory.hpp"
#include "support/interpreters.hpp"
#include "support/python_process.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace lampyr::cpython {
namespace {

std::string from_hex(const std::string& hex) {
    std::string text;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return text;
}

class ThreadNamesLive : public test::InterpreterTest {
  protected:
    /// One report of the victim.
    void await_report(test::PythonProcess& python) {
        expected_.clear();
        while (const auto line = python.read_line()) {
            std::istringstream words(*line);
            std::string kind;
            std::uint64_t number = 0;
            std::string hex;
            words >> kind >> number >> hex;
            if (kind == "end") return;
            if (kind == "interpreter")
                interpreter_ = RemoteAddr(number);
            else
                expected_[number] = from_hex(hex);
        }
        FAIL() << "the victim ended early";
    }

    RemoteAddr interpreter_;
    std::map<std::uint64_t, std::string> expected_;
};

TEST_P(ThreadNamesLive, AreThoseTheProgramGave) {
    const Layout* layout = find_layout(test::layout_version(GetParam()));
    ASSERT_NE(layout, nullptr);
    test::PythonProcess python(python_.path, "thread_names.py");
    for (int round = 0; round < 2; ++round) {
        await_report(python);
        ASSERT_FALSE(HasFatalFailure());
        EXPECT_GT(expected_.size(), 50U);
        auto memory = process::VmMemory::open(python.pid());
        ASSERT_TRUE(memory) << memory.error().message;
        const auto names = read_thread_names(**memory, *layout, interpreter_);
        EXPECT_EQ((std::map<std::uint64_t, std::string>(names.begin(), names.end())), expected_);
        EXPECT_LT((*memory)->calls(), 20U * expected_.size() + 200U);
        python.write("again\n");
    }
}

INSTANTIATE_TEST_SUITE_P(All, ThreadNamesLive, testing::ValuesIn(test::kVersions), ThreadNamesLive::name);

}  // namespace
}  // namespace lampyr::cpython

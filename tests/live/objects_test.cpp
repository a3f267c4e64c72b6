// SPDX-License-Identifier: MIT
// Strings and code objects of real interpreters, read by address and compared with what the program says they hold.
#include "cpython/code_object.hpp"
#include "cpython/layout_table.hpp"
#include "cpython/py_string.hpp"
#include "process/vm_memory.hpp"
#include "support/interpreters.hpp"
#include "support/python_process.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace lampyr::cpython {
namespace {

std::string from_hex(const std::string& hex) {
    std::string text;
    if (hex == "-") return text;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return text;
}

/// What `read_text` makes of a text of ours that is given as UTF-8 and `length` characters.
std::string shown(const std::string& utf8, std::uint64_t length) {
    if (length <= kMaxNameChars) return utf8;
    const std::size_t bytes_a_char = utf8.size() / length;  // the long ones repeat one character
    return utf8.substr(0, kMaxNameChars * bytes_a_char) + "\u2026(" + std::to_string(length) + " characters)";
}

class ObjectsLive : public test::InterpreterTest {
  protected:
    void check_string(std::istringstream& words) {
        std::uint64_t address = 0;
        std::uint64_t length = 0;
        std::string hex;
        words >> address >> length >> hex;
        const auto text = read_text(*memory_, *layout_, RemoteAddr(address));
        ASSERT_TRUE(text) << to_string(text.error());
        EXPECT_EQ(text->full_length, length);
        EXPECT_EQ(text->truncated, length > kMaxNameChars);
        EXPECT_EQ(text->utf8, shown(from_hex(hex), length));
        ++strings_;
    }

    void check_code(std::istringstream& words) {
        std::uint64_t address = 0;
        std::string name;
        std::string file;
        std::uint32_t first_line = 0;
        std::uint32_t code_bytes = 0;
        words >> address >> name >> file >> first_line >> code_bytes;
        name = from_hex(name);
        file = from_hex(file);
        const auto code = read_code_object(*memory_, *layout_, RemoteAddr(address), code_type_);
        ASSERT_TRUE(code) << to_string(code.error()) << " for " << name.substr(0, 50);
        code_type_ = code->type;
        EXPECT_EQ(code->name, shown(name, name.size()));
        // The file name has one character that is not repeated at each end.
        EXPECT_EQ(code->file.substr(0, 100), file.substr(0, 100));
        EXPECT_EQ(code->first_line, first_line);
        EXPECT_EQ(code->code_bytes, code_bytes);
        EXPECT_EQ(code->bytecode.size(), std::min<std::size_t>(code_bytes, kMaxBytecodeBytes));
        EXPECT_EQ(code->lines_error, DecodeError::kOk);
        EXPECT_GT(code->lines.size(), 0U);
        EXPECT_EQ(code->frame_size_bytes != 0, layout_->code.code_adaptive.present());
        std::vector<std::byte> proof(code->identity.proof_bytes());
        ASSERT_EQ(memory_->read_segments(code->identity.proof_segments(), proof), proof.size());
        EXPECT_TRUE(code->identity.still_same(proof));
        ++codes_;
    }

    const Layout* layout_ = nullptr;
    std::unique_ptr<process::VmMemory> memory_;
    RemoteAddr code_type_;
    int strings_ = 0;
    int codes_ = 0;
};

TEST_P(ObjectsLive, HoldWhatTheProgramSays) {
    layout_ = find_layout(test::layout_version(GetParam()));
    ASSERT_NE(layout_, nullptr);
    test::PythonProcess python(python_.path, "objects.py");
    auto memory = process::VmMemory::open(python.pid());
    ASSERT_TRUE(memory) << memory.error().message;
    memory_ = std::move(*memory);
    std::vector<std::string> lines;
    while (auto line = python.read_line()) {
        lines.push_back(*line);
        if (*line == "end") break;
    }
    ASSERT_FALSE(lines.empty());
    ASSERT_EQ(lines.back(), "end");
    for (const std::string& line : lines) {
        std::istringstream words(line);
        std::string kind;
        words >> kind;
        SCOPED_TRACE(line.substr(0, 120));
        if (kind == "string") check_string(words);
        if (kind == "code") check_code(words);
        if (kind == "not-code") {
            std::uint64_t address = 0;
            words >> address;
            const auto code = read_code_object(*memory_, *layout_, RemoteAddr(address));
            EXPECT_FALSE(code);
            EXPECT_TRUE(code.error() == DecodeError::kWrongType || code.error() == DecodeError::kBadSize ||
                        code.error() == DecodeError::kBadPointer || code.error() == DecodeError::kUnreadable)
                << to_string(code.error());
        }
    }
    EXPECT_GE(strings_, 10);
    EXPECT_GE(codes_, 7);
}

INSTANTIATE_TEST_SUITE_P(All, ObjectsLive, testing::ValuesIn(test::kVersions), ObjectsLive::name);

}  // namespace
}  // namespace lampyr::cpython

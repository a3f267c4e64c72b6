// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace lampyr::test {

/// Names no decent program has. Every sink must stand them.
inline std::vector<std::string> hostile_texts() {
    using namespace std::string_literals;
    std::vector<std::string> texts = {
        "",
        "plain (file.py:12)",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x1b[2J\x1b[31mred",
        "\x9b"
        "31m",
        "\xc2\x9b"
        "31m",
        "tab\there\nline\r\nnul\0end"s,
        "</script><script>alert(1)</script>",
        "<!--",
        "]]>",
        "&amp;&lt;&#0;",
        "\" onload=\"x()",
        "' onload='x()",
        "a;b;c",
        "f 12",
        "f  12",
        "f 1.5",
        "12",
        " f",
        "f ",
        " ",
        "# comment",
        "#",
        ";",
        "f;",
        "f 12;",
        "\\",
        "\\\\",
        "\\x3b",
        "\\e",
        "\\u{202e}",
        "C:\\dir\\file.py",
        "\xe2\x80\xae"
        "gpj.exe",
        "zero\xe2\x80\x8bwidth",
        "\xe2\x80\xa8line",
        "\xe2\x80\xa9para",
        "\xc2\xa0nbsp\xc2\xa0",
        "\xe3\x80\x80wide",
        "\xef\xbb\xbf"
        "bom",
        "\xef\xbf\xbe",
        "\xef\xbf\xbf",
        "\xf3\xa0\x81\x81tag",
        "\xf4\x8f\xbf\xbf",
        "soft\xc2\xadhyphen",
        "\xed\xa0\x80 surrogate",
        "\xc0\xaf overlong",
        "\xe0\x80\xaf",
        "\xf4\x90\x80\x80",
        "\xff\xfe",
        "cut \xe2\x80",
        "\xf0\x9f\x98",
        "\xf0\x9f\x98\x80 smile",
        "na\xc3\xafve \xd0\xb8\xd0\xbc\xd1\x8f \xe5\x90\x8d\xe5\x89\x8d",
        std::string(5000, ';'),
        std::string(5000, '\x1b'),
    };
    std::mt19937 random(20);
    const auto below = [&random](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    const std::vector<std::string> pieces = texts;
    for (int i = 0; i < 3000; ++i) {
        std::string text;
        for (std::uint32_t n = below(8); n > 0; --n) {
            if (below(2) == 0) {
                text.push_back(static_cast<char>(below(256)));
            } else {
                const std::string& piece = pieces[below(static_cast<std::uint32_t>(pieces.size() - 2))];
                text += piece.substr(below(static_cast<std::uint32_t>(piece.size() + 1)), below(6));
            }
        }
        texts.push_back(text);
    }
    return texts;
}

}  // namespace lampyr::test

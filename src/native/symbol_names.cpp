// SPDX-License-Identifier: MIT
#include "native/symbol_names.hpp"

#include "native/rust_names.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>

namespace lampyr::native {
namespace {

constexpr std::size_t kLongest = 1024;   ///< bytes of a name that is shown
constexpr double kMostText = 64U << 20;  ///< what one name may grow to at worst

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_appended(std::string_view word) {
    constexpr std::array<std::string_view, 9> kWords{"part", "constprop", "isra",  "cold",      "lto_priv",
                                                     "llvm", "clone",     "local", "localalias"};
    return !word.empty() && (std::all_of(word.begin(), word.end(), is_digit) ||
                             std::find(kWords.begin(), kWords.end(), word) != kWords.end());
}

/// In C++'s mangling "S1_" stands for what came before, which may hold such references itself: a short name may say more than
/// memory holds, and the library has no limit for it. Text that refers back n times grows at most by the factor 3^(n/3).
bool may_explode(std::string_view symbol) {
    std::size_t references = 0;
    for (std::size_t i = 0; i + 1 < symbol.size(); ++i) {
        if (symbol[i] != 'S' && symbol[i] != 'T') continue;
        std::size_t end = i + 1;
        while (end < symbol.size() && end < i + 8 &&
               (is_digit(symbol[end]) || (symbol[end] >= 'A' && symbol[end] <= 'Z')))
            ++end;
        if (end < symbol.size() && symbol[end] == '_') ++references;
    }
    return static_cast<double>(symbol.size()) * std::pow(3.0, static_cast<double>(references) / 3) > kMostText;
}

/// The name alone, without what it takes; for names that are too large to be told in full.
std::string outer_names(std::string_view symbol) {
    std::string text;
    std::string_view rest = symbol.substr(2);
    while (!rest.empty() && std::string_view("NKVrLZ").find(rest.front()) != std::string_view::npos)
        rest.remove_prefix(1);
    if (rest.starts_with("St")) {
        text = "std";
        rest.remove_prefix(2);
    }
    while (!rest.empty() && is_digit(rest.front())) {
        std::size_t length = 0;
        while (!rest.empty() && is_digit(rest.front()) && length < symbol.size()) {
            length = length * 10 + static_cast<std::size_t>(rest.front() - '0');
            rest.remove_prefix(1);
        }
        if (length > rest.size()) break;
        text += (text.empty() ? "" : "::") + std::string(rest.substr(0, length));
        rest.remove_prefix(length);
    }
    if (text.empty()) return std::string(symbol);
    return text + (rest.starts_with('I') ? "<...>" : "");
}

std::string demangle_cxx(std::string_view symbol) {
    if (may_explode(symbol)) return outer_names(symbol);
    struct Free {
        void operator()(char* text) const { std::free(text); }
    };
    int status = 0;
    const std::unique_ptr<char, Free> plain(
        abi::__cxa_demangle(std::string(symbol).c_str(), nullptr, nullptr, &status));
    return status == 0 && plain ? std::string(plain.get()) : std::string(symbol);
}

/// What stands for a type that everybody knows by another name.
std::string familiar(std::string text) {
    constexpr std::string_view kString =
        "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
    for (std::size_t at = text.find(kString); at != std::string::npos; at = text.find(kString, at))
        text.replace(at, kString.size(), "std::string");
    return text;
}

}  // namespace

std::string_view base_name(std::string_view symbol) {
    symbol = symbol.substr(0, symbol.find('@', 1));
    for (;;) {
        const std::size_t dot = symbol.rfind('.');
        if (dot == std::string_view::npos || dot == 0 || !is_appended(symbol.substr(dot + 1))) return symbol;
        symbol = symbol.substr(0, dot);
    }
}

std::string demangle(std::string_view symbol) {
    const std::string_view name = base_name(symbol);
    std::string text;
    if (auto rust = demangle_rust(name))
        text = std::move(*rust);
    else if (name.starts_with("_Z"))
        text = familiar(demangle_cxx(name));
    else
        text = name;
    if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
    return text;
}

}  // namespace lampyr::native

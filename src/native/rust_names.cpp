// SPDX-License-Identifier: MIT
#include "native/rust_names.hpp"

#include "base/utf8.hpp"
#include "native/rust_legacy_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace lampyr::native {
namespace {

constexpr std::size_t kMostText = 2048;    ///< bytes of a name; what is longer is given up
constexpr unsigned kMostNesting = 100;     ///< types in types, paths in paths, and references to earlier ones
constexpr unsigned kMostSteps = 20'000;    ///< references can make little text say much, or nothing again and again
constexpr std::size_t kLargestCode = 128;  ///< code points of an identifier in Punycode

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hexadecimal(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

/// Punycode (RFC 3492) with `_` for its `-`, as v0 writes identifiers that are not ASCII.
std::optional<std::string> decode_punycode(std::string_view text) {
    std::u32string codes;
    const std::size_t delimiter = text.rfind('_');
    if (delimiter != std::string_view::npos) {
        codes.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(delimiter));
        text.remove_prefix(delimiter + 1);
    }
    if (text.empty()) return std::nullopt;
    std::uint64_t code = 128;
    std::uint64_t at = 0;
    std::uint64_t bias = 72;
    bool first = true;
    while (!text.empty()) {
        const std::uint64_t before = at;
        std::uint64_t weight = 1;
        for (std::uint64_t k = 36;; k += 36) {
            if (text.empty()) return std::nullopt;
            const char c = text.front();
            text.remove_prefix(1);
            if (!is_digit(c) && (c < 'a' || c > 'z')) return std::nullopt;
            const auto digit = static_cast<std::uint64_t>(is_digit(c) ? c - '0' + 26 : c - 'a');
            at += digit * weight;
            const std::uint64_t threshold = k <= bias ? 1 : std::min<std::uint64_t>(k - bias, 26);
            if (digit < threshold) break;
            weight *= 36 - threshold;
            if (at > UINT32_MAX || weight > UINT32_MAX) return std::nullopt;
        }
        const std::uint64_t count = codes.size() + 1;
        std::uint64_t delta = (at - before) / (first ? 700 : 2);
        first = false;
        delta += delta / count;
        for (bias = 0; delta > 455; bias += 36) delta /= 35;
        bias += 36 * delta / (delta + 38);
        code += at / count;
        at %= count;
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || count > kLargestCode) return std::nullopt;
        codes.insert(codes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<char32_t>(code));
        ++at;
    }
    std::string plain;
    for (const char32_t c : codes) base::append_utf8(plain, c);
    return plain;
}

/// The names of types that are one letter.
std::string_view basic_type(char letter) {
    constexpr std::array<std::string_view, 26> kNames{
        "i8",   "bool", "char", "f64", "str", "f32", "",    "u8", "isize", "usize", "",    "i32", "u32",
        "i128", "u128", "_",    "",    "",    "i16", "u16", "()", "...",   "",      "i64", "u64", "!"};
    return letter >= 'a' && letter <= 'z' ? kNames[static_cast<std::size_t>(letter - 'a')] : std::string_view();
}

/// Reads a v0 symbol and writes what it says. After the first thing that cannot be, `failed_` stays, and nothing more happens.
class V0 {
  public:
    explicit V0(std::string_view text) : text_(text) {}

    std::optional<std::string> run() {
        if (is_digit(peek())) return std::nullopt;  // of an encoding that is yet to come
        path(true);
        if (!failed_ && at_ < text_.size() && text_[at_] >= 'A' && text_[at_] <= 'Z') {
            quiet_ = true;  // the crate in which it was made
            path(false);
        }
        if (failed_ || (at_ < text_.size() && text_[at_] != '.' && text_[at_] != '$')) return std::nullopt;
        return std::move(out_);
    }

  private:
    /// For the time of one nested thing.
    class Nested {
      public:
        explicit Nested(V0& of) : of_(of) {
            if (++of_.depth_ > kMostNesting || ++of_.steps_ > kMostSteps) of_.failed_ = true;
        }
        ~Nested() { --of_.depth_; }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;

      private:
        V0& of_;
    };

    [[nodiscard]] char peek() const { return !failed_ && at_ < text_.size() ? text_[at_] : '\0'; }
    char next() {
        if (failed_ || at_ >= text_.size()) {
            failed_ = true;
            return '\0';
        }
        return text_[at_++];
    }
    bool eat(char c) {
        if (peek() != c || c == '\0') return false;
        ++at_;
        return true;
    }
    void write(std::string_view text) {
        if (failed_ || quiet_) return;
        if (out_.size() + text.size() > kMostText)
            failed_ = true;
        else
            out_ += text;
    }

    /// `_` is 0, `0_` 1, and so on.
    std::uint64_t base62() {
        if (eat('_')) return 0;
        std::uint64_t value = 0;
        while (!failed_) {
            const char c = next();
            if (c == '_') return value + 1;
            std::uint64_t digit = 0;
            if (is_digit(c))
                digit = static_cast<std::uint64_t>(c - '0');
            else if (c >= 'a' && c <= 'z')
                digit = static_cast<std::uint64_t>(c - 'a') + 10;
            else if (c >= 'A' && c <= 'Z')
                digit = static_cast<std::uint64_t>(c - 'A') + 36;
            else
                failed_ = true;
            if (value > (UINT64_MAX - digit) / 62 - 1) failed_ = true;
            value = value * 62 + digit;
        }
        return 0;
    }
    /// 0: there is no such number.
    std::uint64_t optional_base62(char tag) { return eat(tag) ? base62() + 1 : 0; }

    std::string identifier() {
        const bool punycode = eat('u');
        std::size_t length = 0;
        if (!is_digit(peek())) failed_ = true;
        if (!eat('0')) {
            while (is_digit(peek()) && length <= text_.size())
                length = length * 10 + static_cast<std::size_t>(next() - '0');
        }
        eat('_');
        if (failed_ || length > text_.size() - at_) {
            failed_ = true;
            return {};
        }
        const std::string_view bytes = text_.substr(at_, length);
        at_ += length;
        if (!punycode) return std::string(bytes);
        const auto plain = decode_punycode(bytes);
        return plain ? *plain : "punycode{" + std::string(bytes) + "}";
    }

    /// What stands at an earlier place stands here, too.
    template <typename Read>
    void back_reference(Read read) {
        const std::size_t from = at_ - 1;
        const std::uint64_t to = base62();
        if (failed_ || to >= from) {
            failed_ = true;
            return;
        }
        if (quiet_) return;
        const std::size_t behind = at_;
        at_ = static_cast<std::size_t>(to);
        read();
        at_ = behind;
    }

    /// `value`: in a value a path's arguments are written behind `::`.
    void path(bool value) {
        const Nested nested(*this);
        switch (next()) {
            case 'C':
                optional_base62('s');
                write(identifier());
                break;
            case 'N': nested_path(value); break;
            case 'M':
                skipped_path();
                write("<");
                type();
                write(">");
                break;
            case 'X': skipped_path(); [[fallthrough]];
            case 'Y':
                write("<");
                type();
                write(" as ");
                path(false);
                write(">");
                break;
            case 'I':
                path(value);
                write(value ? "::<" : "<");
                list([this] { argument(); });
                write(">");
                break;
            case 'B': back_reference([this, value] { path(value); }); break;
            default: failed_ = true;
        }
    }
    void nested_path(bool value) {
        const char space = next();
        if ((space < 'a' || space > 'z') && (space < 'A' || space > 'Z')) failed_ = true;
        path(value);
        const std::uint64_t number = optional_base62('s');
        const std::string name = identifier();
        if (space >= 'a') {  // for the compiler alone
            if (!name.empty()) write("::" + name);
            return;
        }
        const std::string kind = space == 'C' ? "closure" : space == 'S' ? "shim" : std::string(1, space);
        write(fmt::format("::{{{}{}{}#{}}}", kind, name.empty() ? "" : ":", name, number));
    }
    /// Where an impl stands is not said.
    void skipped_path() {
        optional_base62('s');
        const bool before = quiet_;
        quiet_ = true;
        path(false);
        quiet_ = before;
    }
    template <typename Read>
    std::size_t list(Read read) {
        std::size_t count = 0;
        for (; !failed_ && !eat('E'); ++count) {
            if (count > 0) write(", ");
            read();
        }
        return count;
    }

    void argument() {
        if (eat('L'))
            lifetime(base62());
        else if (eat('K'))
            constant();
        else
            type();
    }
    void lifetime(std::uint64_t index) {
        if (index == 0) return write("'_");
        if (index > bound_) return static_cast<void>(failed_ = true);
        const std::uint64_t number = bound_ - index;
        write(number < 26 ? fmt::format("'{}", static_cast<char>('a' + number)) : fmt::format("'_{}", number));
    }
    /// `for<'a, 'b> ` around what `read` reads.
    template <typename Read>
    void bound(Read read) {
        const std::uint64_t count = optional_base62('G');
        if (count > 100) failed_ = true;
        if (failed_) return;
        if (count > 0) {
            write("for<");
            for (std::uint64_t i = 0; i < count; ++i) {
                if (i > 0) write(", ");
                ++bound_;
                lifetime(1);
            }
            write("> ");
        }
        read();
        bound_ -= count;
    }

    void type() {
        const Nested nested(*this);
        const char tag = next();
        if (const std::string_view basic = basic_type(tag); !basic.empty()) return write(basic);
        switch (tag) {
            case 'R':
            case 'Q':
                write("&");
                if (eat('L')) {
                    if (const std::uint64_t index = base62(); index != 0) {
                        lifetime(index);
                        write(" ");
                    }
                }
                if (tag == 'Q') write("mut ");
                type();
                break;
            case 'P':
            case 'O':
                write(tag == 'P' ? "*const " : "*mut ");
                type();
                break;
            case 'A':
            case 'S':
                write("[");
                type();
                if (tag == 'A') {
                    write("; ");
                    constant();
                }
                write("]");
                break;
            case 'T':
                write("(");
                if (list([this] { type(); }) == 1) write(",");
                write(")");
                break;
            case 'F': bound([this] { function_type(); }); break;
            case 'D':
                write("dyn ");
                bound([this] { traits(); });
                if (!eat('L')) failed_ = true;
                if (const std::uint64_t index = base62(); index != 0) {
                    write(" + ");
                    lifetime(index);
                }
                break;
            case 'B': back_reference([this] { type(); }); break;
            default:
                if (failed_) return;
                --at_;
                path(false);
        }
    }
    void function_type() {
        if (eat('U')) write("unsafe ");
        if (eat('K')) {
            std::string abi = eat('C') ? "C" : identifier();
            std::replace(abi.begin(), abi.end(), '_', '-');
            write("extern \"" + abi + "\" ");
        }
        write("fn(");
        list([this] { type(); });
        write(")");
        if (eat('u')) return;  // returns ()
        write(" -> ");
        type();
    }
    void traits() {
        bool first = true;
        while (!failed_ && !eat('E')) {
            if (!first) write(" + ");
            first = false;
            trait();
        }
    }
    /// A trait's own arguments and what it binds stand in one pair of brackets.
    void trait() {
        bool open = open_path();
        while (eat('p')) {
            write(open ? ", " : "<");
            open = true;
            write(identifier());
            write(" = ");
            type();
        }
        if (open) write(">");
    }
    /// True: ends with arguments whose bracket is not closed.
    bool open_path() {
        const Nested nested(*this);
        if (failed_) return false;
        if (eat('B')) {
            bool open = false;
            back_reference([this, &open] { open = open_path(); });
            return open;
        }
        if (!eat('I')) {
            path(false);
            return false;
        }
        path(false);
        write("<");
        list([this] { argument(); });
        return true;
    }

    void constant() {
        const Nested nested(*this);
        if (eat('B')) return back_reference([this] { constant(); });
        const char tag = next();
        if (tag == 'p') return write("_");
        const bool negative = eat('n');
        std::uint64_t value = 0;
        const std::size_t from = at_;
        while (is_hexadecimal(peek())) {
            const char c = next();
            value = (value << 4) | static_cast<std::uint64_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
        }
        const std::string_view digits = text_.substr(from, at_ - from);
        if (!eat('_') || failed_) return static_cast<void>(failed_ = true);
        if (tag == 'b') return write(value != 0 ? "true" : "false");
        if (tag == 'c') return character(value);
        if (std::string_view("aslxnihtmyoj").find(tag) == std::string_view::npos)
            return static_cast<void>(failed_ = true);
        if (negative) write("-");
        write(digits.size() > 16 ? "0x" + std::string(digits) : std::to_string(value));
    }
    void character(std::uint64_t code) {
        if (code < 0x20 || code == 0x7f || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return write(fmt::format("'\\u{{{:x}}}'", code));
        std::string text = "'";
        base::append_utf8(text, static_cast<std::uint32_t>(code));
        write(text + "'");
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string out_;
    unsigned depth_ = 0;
    unsigned steps_ = 0;
    std::uint64_t bound_ = 0;  ///< lifetimes bound around here
    bool quiet_ = false;
    bool failed_ = false;
};

}  // namespace

std::optional<std::string> demangle_rust(std::string_view symbol) {
    if (symbol.starts_with("_ZN")) return legacy_rust_name(symbol.substr(3));
    if (symbol.starts_with("_R")) return V0(symbol.substr(2)).run();
    return std::nullopt;
}

}  // namespace lampyr::native

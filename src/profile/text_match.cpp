// SPDX-License-Identifier: MIT
#include "profile/text_match.hpp"

#include "base/escape.hpp"

#include <fmt/format.h>

#include <regex.h>

#include <algorithm>
#include <array>

namespace lampyr::profile {

struct TextMatch::Expression {
    regex_t compiled{};
    int failure = 0;
    explicit Expression(const std::string& text)
        : failure(::regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB)) {}
    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;
    ~Expression() {
        if (failure == 0) ::regfree(&compiled);
    }
};

TextMatch::TextMatch() = default;
TextMatch::TextMatch(TextMatch&&) noexcept = default;
TextMatch& TextMatch::operator=(TextMatch&&) noexcept = default;
TextMatch::~TextMatch() = default;

Result<TextMatch> TextMatch::compile(const std::vector<std::string>& expressions) {
    TextMatch match;
    for (const std::string& text : expressions) {
        auto expression = std::make_unique<Expression>(text);
        if (expression->failure != 0) {
            std::array<char, 200> why{};
            ::regerror(expression->failure, &expression->compiled, why.data(), why.size());
            return Error{ErrorCode::kUsage,
                         fmt::format("bad regular expression \"{}\": {}", base::terminal_text(text), why.data()),
                         "characters that mean themselves take a backslash: \\(, \\[, \\.", 0};
        }
        match.expressions_.push_back(std::move(expression));
    }
    return match;
}

bool TextMatch::matches(const std::string& text) const {
    const auto found = [&text](const std::unique_ptr<Expression>& expression) {
        regmatch_t all{};
        all.rm_so = 0;
        all.rm_eo = static_cast<regoff_t>(text.size());
        return ::regexec(&expression->compiled, text.c_str(), 1, &all, REG_STARTEND) == 0;
    };
    return expressions_.empty() || std::any_of(expressions_.begin(), expressions_.end(), found);
}

}  // namespace lampyr::profile

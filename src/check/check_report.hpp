// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/check.hpp>

#include <string>

namespace lampyr::check {

[[nodiscard]] std::string check_text(const CheckResult& result);
[[nodiscard]] std::string check_markdown(const CheckResult& result);
[[nodiscard]] std::string check_junit(const CheckResult& result);
[[nodiscard]] std::string check_github(const CheckResult& result);
[[nodiscard]] Result<void> write_check_json(const CheckResult& result, ByteSink& sink);
[[nodiscard]] Result<void> write_check_gitlab(const CheckResult& result, ByteSink& sink);

// Sentences the reports share; not yet safe for any sink.
[[nodiscard]] std::string_view outcome_word(Outcome outcome);  ///< "PASS", "SLOWER", "INCONCLUSIVE", "FAILED"
[[nodiscard]] std::string headline(const CheckResult& result);
[[nodiscard]] std::string runs_sentence(const CheckResult& result);
[[nodiscard]] std::string detectable_sentence(const CheckResult& result);
/// "parse (app.py:12): +21.3 % CPU time …" of a function that is slower.
[[nodiscard]] std::string slower_sentence(const CheckResult& result, std::size_t row);

}  // namespace lampyr::check

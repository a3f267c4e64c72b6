// SPDX-License-Identifier: MIT
#include "base/escape.hpp"

#include <lampyr/check.hpp>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace lampyr {
namespace {

/// Reads one file's tables, remembering the first complaint.
class RulesReader {
  public:
    explicit RulesReader(const std::string& file) : file_(base::terminal_text(file)) {}

    Result<CheckRules> read(const toml::table& root);

  private:
    void complain(const toml::node& at, const std::string& what, const std::string& hint = {});
    void only_keys(const toml::table& table, std::string_view where, std::initializer_list<std::string_view> known);
    void number(const toml::table& table, std::string_view key, double least, double most, double& value);
    void number(const toml::table& table, std::string_view key, double least, double most,
                std::optional<double>& value);
    void text(const toml::table& table, std::string_view key, bool needed, std::string& value);
    void texts(const toml::table& table, std::string_view key, std::vector<std::string>& values);
    void date(const toml::table& table, std::string_view key, std::string& value);
    void fail_on(const toml::table& root, CheckRules& rules);
    template <typename Each>
    void tables(const toml::table& root, std::string_view key, Each&& each);

    std::string file_;
    std::optional<Error> error_;
};

std::string in_backticks(std::string_view text) {
    return fmt::format("\"{}\"", base::terminal_text(text.substr(0, 100)));
}

void RulesReader::complain(const toml::node& at, const std::string& what, const std::string& hint) {
    if (error_) return;
    error_ = Error{ErrorCode::kUsage, fmt::format("{}:{}: {}", file_, at.source().begin.line, what), hint, 0};
}

void RulesReader::only_keys(const toml::table& table, std::string_view where,
                            std::initializer_list<std::string_view> known) {
    for (const auto& [key, node] : table) {
        const std::string_view name = key.str();
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        std::string list;
        for (const std::string_view word : known) list += fmt::format("{}{}", list.empty() ? "" : ", ", word);
        complain(node, fmt::format("{} is not known in {}", in_backticks(name), where), "known are " + list);
    }
}

void RulesReader::number(const toml::table& table, std::string_view key, double least, double most, double& value) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return;
    const auto found = node->value<double>();
    if (node->is_boolean() || !found || !std::isfinite(*found) || *found < least || *found > most) {
        complain(*node, fmt::format("{} has to be a number from {} to {}", key, least, most));
        return;
    }
    value = *found;
}

void RulesReader::number(const toml::table& table, std::string_view key, double least, double most,
                         std::optional<double>& value) {
    double found = std::nan("");
    number(table, key, least, most, found);
    if (!std::isnan(found)) value = found;
}

void RulesReader::text(const toml::table& table, std::string_view key, bool needed, std::string& value) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
        if (needed) complain(table, fmt::format("{} is missing", key));
        return;
    }
    const auto found = node->value<std::string>();
    if (!node->is_string() || !found || found->empty()) {
        complain(*node, fmt::format("{} has to be a text", key));
        return;
    }
    value = *found;
}

void RulesReader::texts(const toml::table& table, std::string_view key, std::vector<std::string>& values) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        complain(*node, fmt::format("{} has to be a list of texts", key), fmt::format("such as {} = [\"name\"]", key));
        return;
    }
    for (const toml::node& entry : *array) {
        const auto found = entry.value<std::string>();
        if (!entry.is_string() || !found)
            complain(entry, fmt::format("{} has to be a list of texts", key));
        else
            values.push_back(*found);
    }
}

void RulesReader::date(const toml::table& table, std::string_view key, std::string& value) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
        complain(table, fmt::format("{} is missing", key), "an allowance ends some day, such as until = 2027-01-31");
        return;
    }
    const toml::value<toml::date>* found = node->as_date();
    if (found == nullptr) {
        complain(*node, fmt::format("{} has to be a date", key), "write it without quotes, such as until = 2027-01-31");
        return;
    }
    const toml::date day = found->get();
    value = fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day);
}

void RulesReader::fail_on(const toml::table& root, CheckRules& rules) {
    if (root.get("fail_on") == nullptr) return;
    std::vector<std::string> words;
    texts(root, "fail_on", words);
    rules.fail_on_slower = rules.fail_on_budget = false;
    for (const std::string& word : words) {
        if (word == "slower")
            rules.fail_on_slower = true;
        else if (word == "budget")
            rules.fail_on_budget = true;
        else
            complain(*root.get("fail_on"), fmt::format("fail_on cannot be {}", in_backticks(word)),
                     "use \"slower\" and \"budget\"");
    }
}

template <typename Each>
void RulesReader::tables(const toml::table& root, std::string_view key, Each&& each) {
    const toml::node* node = root.get(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        complain(*node, fmt::format("{} has to be a list of tables", key), fmt::format("begin each with [[{}]]", key));
        return;
    }
    for (const toml::node& entry : *array) {
        const toml::table* table = entry.as_table();
        if (table == nullptr)
            complain(entry, fmt::format("{} has to be a list of tables", key));
        else
            each(*table);
    }
}

Result<CheckRules> RulesReader::read(const toml::table& root) {
    CheckRules rules;
    only_keys(root, "the file",
              {"runs", "rate", "chance", "min_effect", "min_total", "min_samples", "largest_detectable", "max_failed",
               "fail_on", "ignore", "budget", "allow", "rename", "path_map"});
    double runs = static_cast<double>(rules.runs);
    number(root, "runs", 3, 1000, runs);
    rules.runs = static_cast<std::size_t>(runs);
    number(root, "rate", 1, 100'000, rules.rate_hz);
    number(root, "chance", 1e-6, 0.5, rules.chance);
    number(root, "min_effect", 0, 100, rules.min_effect);
    number(root, "min_total", 0, 1, rules.min_total);
    number(root, "min_samples", 1, 1e9, rules.min_samples);
    number(root, "largest_detectable", 0.001, 100, rules.largest_detectable);
    number(root, "max_failed", 0, 0.9, rules.max_failed);
    fail_on(root, rules);
    texts(root, "ignore", rules.ignore);
    tables(root, "budget", [&](const toml::table& table) {
        Budget budget;
        only_keys(table, "a budget", {"function", "self", "max_share", "max_growth", "max_ms_per_work"});
        text(table, "function", true, budget.function);
        if (const toml::node* node = table.get("self")) {
            if (!node->is_boolean()) complain(*node, "self has to be true or false");
            budget.self = node->value<bool>().value_or(false);
        }
        number(table, "max_share", 0, 1, budget.max_share);
        number(table, "max_growth", 0, 100, budget.max_growth);
        number(table, "max_ms_per_work", 0, 1e12, budget.max_ms_per_work);
        if (!budget.max_share && !budget.max_growth && !budget.max_ms_per_work)
            complain(table, "a budget without a limit", "add max_share, max_growth or max_ms_per_work");
        rules.budgets.push_back(std::move(budget));
    });
    tables(root, "allow", [&](const toml::table& table) {
        Allowance allowance;
        only_keys(table, "an allowance", {"function", "until", "reason", "max_growth"});
        text(table, "function", true, allowance.function);
        text(table, "reason", true, allowance.reason);
        date(table, "until", allowance.until);
        number(table, "max_growth", 0, 100, allowance.max_growth);
        rules.allowances.push_back(std::move(allowance));
    });
    tables(root, "rename", [&](const toml::table& table) {
        std::pair<std::string, std::string> names;
        only_keys(table, "a rename", {"old", "new"});
        text(table, "old", true, names.first);
        text(table, "new", true, names.second);
        rules.renames.push_back(std::move(names));
    });
    tables(root, "path_map", [&](const toml::table& table) {
        PathMap map;
        only_keys(table, "a path_map", {"old", "new"});
        text(table, "old", true, map.old_prefix);
        text(table, "new", true, map.new_prefix);
        rules.path_maps.push_back(std::move(map));
    });
    if (error_) return *error_;
    return rules;
}

}  // namespace

Result<CheckRules> parse_rules(std::string_view toml, const std::string& file_name) {
    const toml::parse_result parsed = toml::parse(toml, file_name);
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        return Error{ErrorCode::kUsage,
                     fmt::format("{}:{}: this is no TOML: {}", base::terminal_text(file_name),
                                 error.source().begin.line, base::terminal_text(error.description())),
                     "docs/ci.md shows what a file of rules looks like", 0};
    }
    return RulesReader(file_name).read(parsed.table());
}

}  // namespace lampyr

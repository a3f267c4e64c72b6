// SPDX-License-Identifier: MIT
#include "cli_compare.hpp"

#include "option_words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lampyr::tool {
namespace {

struct TypedDiff {
    Words base, now, maps, renames;
    std::string output, format, top;
    bool full_filenames = false;
    MessageWords messages;
};

void describe_diff(CLI::App& app, TypedDiff& typed) {
    app.description(R"(Compare profiles: which functions take more of the time than before, which less?

  lampyr diff old.lampyr --to new.lampyr                 a table, largest change first
  lampyr diff old*.lampyr --to new*.lampyr               several runs a side: with 95 % intervals
  lampyr diff -o diff.svg old.lampyr --to new.lampyr     as one flamegraph of both
  lampyr diff -o diff.md old.pb.gz --to new.pb.gz        as Markdown; .json for scripts

Usage: lampyr diff [OPTIONS] BASE... --to NEW...
)");
    app.set_help_flag();
    app.add_option("base", typed.base)->group("");
    app.add_option("--to", typed.now, "the profiles of the new side")
        ->option_text("NEW...")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group("Sides");
    add_texts(app, "--path-map", typed.maps, "OLD=NEW", "read OLD at the start of a base file's path as NEW")
        ->group("Sides");
    add_texts(app, "--rename", typed.renames, "OLD=NEW", "function OLD of the base is NEW now; may be repeated")
        ->group("Sides");
    add_text(app, "-o,--output", typed.output, "FILE", "its extension chooses the format; - is standard output")
        ->group("Output");
    add_text(app, "-f,--format", typed.format, "FORMAT", "text (default), markdown, json or svg")->group("Output");
    add_text(app, "--top", typed.top, "N", "rows of the table in text and Markdown; default 20")->group("Output");
    app.add_flag("--full-filenames", typed.full_filenames, "whole paths")->group("Output");
    add_quiet(app, typed.messages);
    add_messages(app, typed.messages);
}

std::optional<DiffFormat> diff_format(std::string_view name) {
    if (name == "text" || name == "txt") return DiffFormat::kText;
    if (name == "markdown" || name == "md") return DiffFormat::kMarkdown;
    if (name == "json") return DiffFormat::kJson;
    if (name == "svg" || name == "flamegraph") return DiffFormat::kSvg;
    return std::nullopt;
}

Result<DiffFormat> choose_format(const TypedDiff& typed) {
    if (!typed.format.empty()) {
        if (const auto format = diff_format(typed.format)) return *format;
        return usage(fmt::format("no comparison can be written as {}", in_quotes(typed.format)),
                     "use text, markdown, json or svg");
    }
    const std::size_t dot = typed.output.rfind('.');
    if (dot == std::string::npos || typed.output == "-") return DiffFormat::kText;
    if (const auto format = diff_format(std::string_view(typed.output).substr(dot + 1))) return *format;
    return usage(fmt::format("the name {} asks for no format of a comparison", in_quotes(typed.output)),
                 "end it in .txt, .md, .json or .svg, or add -f");
}

}  // namespace

Result<std::pair<std::string, std::string>> split_pair(const std::string& text, std::string_view option) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || (option != "--path-map" && equals + 1 == text.size()))
        return usage(fmt::format("{} takes OLD=NEW, not {}", option, in_quotes(text)),
                     fmt::format("see lampyr diff --help"));
    return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

void with_diff_options(const std::function<void(CLI::App&)>& use) {
    TypedDiff typed;
    CLI::App app{"", "diff"};
    describe_diff(app, typed);
    use(app);
}

Result<Command> parse_diff(Words words) {
    TypedDiff typed;
    CLI::App app{"", "diff"};
    describe_diff(app, typed);
    const Result<std::string> shown = parse_words(app, std::move(words), typed.messages);
    if (!shown) return shown.error();
    if (!shown->empty()) return Command{ShowText{*shown}};

    DiffArgs args;
    args.base = typed.base;
    args.now = typed.now;
    if (args.base.empty()) return usage("no base to compare with", "such as: lampyr diff old.lampyr --to new.lampyr");
    if (args.now.empty()) return usage("nothing to compare the base with", "add --to and the new profiles");
    if (std::count(args.base.begin(), args.base.end(), "-") + std::count(args.now.begin(), args.now.end(), "-") > 1)
        return usage("standard input can be read once", "give - once");
    for (const std::string& text : typed.maps) {
        auto pair = split_pair(text, "--path-map");
        if (!pair) return pair.error();
        args.maps.push_back({pair->first, pair->second});
    }
    for (const std::string& text : typed.renames) {
        auto pair = split_pair(text, "--rename");
        if (!pair) return pair.error();
        args.comparing.renames.push_back(*pair);
    }
    const Result<DiffFormat> format = choose_format(typed);
    if (!format) return format.error();
    args.format = *format;
    args.output = typed.output;
    if (!typed.top.empty()) {
        const auto top = parse_count(typed.top);
        if (!top) return top.error();
        args.showing.top = *top;
    }
    args.showing.full_filenames = typed.full_filenames;
    const Result<ColourChoice> colour = parse_colour(typed.messages.colour);
    if (!colour) return colour.error();
    args.colour = *colour;
    if (typed.messages.quiet) args.verbosity = Verbosity::kQuiet;
    return Command{std::move(args)};
}

}  // namespace lampyr::tool

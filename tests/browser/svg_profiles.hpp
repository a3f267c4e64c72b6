// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/profile.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace lampyr::test {

/// Made-up profiles for tests of pictures: a server as one would record it, random trees of any size, endless recursion,
/// and names chosen to break things. The same arguments give the same profile on every machine.
class ProfileMaker {
  public:
    ProfileMaker() {
        text("");
        profile_.info.lampyr_version = "0.1.0";
        profile_.info.rate_asked_hz = 100;
        profile_.info.interval = std::chrono::milliseconds(10);
        profile_.processes.push_back({Pid(4242), text("/usr/bin/python3.12 -X dev shop/server.py --port 8080"),
                                      text("/usr/bin/python3.12"), text("3.12.1")});
        profile_.threads.push_back({ProcessId(0), Tid(4242), 0x7f0000001000, text("MainThread")});
    }

    StringId text(std::string_view value) {
        const auto [at, is_new] =
            strings_.try_emplace(std::string(value), static_cast<std::uint32_t>(profile_.strings.size()));
        if (is_new) profile_.strings.emplace_back(value);
        return StringId(at->second);
    }
    FrameId frame(std::string_view name, std::string_view file, std::uint32_t line, FunctionKind kind) {
        const auto key = std::tuple(text(name).value, text(file).value, line);
        const auto [at, is_new] = frames_.try_emplace(key, static_cast<std::uint32_t>(profile_.frames.size()));
        if (is_new) {
            const auto function = static_cast<std::uint32_t>(profile_.functions.size());
            profile_.functions.push_back({text(name), text(file), text(file), line, kind});
            profile_.frames.push_back({FunctionId(function), line});
        }
        return FrameId(at->second);
    }
    StackId push(StackId parent, FrameId frame) {
        const auto key = std::uint64_t{parent.value} << 32U | frame.value;
        const auto [at, is_new] = stacks_.try_emplace(key, static_cast<std::uint32_t>(profile_.stacks.size()));
        if (is_new) profile_.stacks.push_back({parent, frame});
        return StackId(at->second);
    }
    void sample(StackId stack, std::uint64_t count, std::chrono::nanoseconds weight, std::uint32_t thread = 0) {
        profile_.samples.push_back({ThreadId(thread), stack, ThreadState::kRunning, count, weight, {}});
        profile_.info.stacks += count;
        profile_.info.duration += weight;
    }
    Profile take() {
        profile_.info.ticks = profile_.info.stacks;
        profile_.info.rate_got_hz = 99.7;
        return std::move(profile_);
    }
    Profile& profile() { return profile_; }

  private:
    Profile profile_;
    std::unordered_map<std::string, std::uint32_t> strings_;
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint32_t> frames_;
    std::unordered_map<std::uint64_t, std::uint32_t> stacks_;
};

/// Random numbers that do not depend on the standard library's distributions.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::uint32_t below(std::uint32_t limit) {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        return static_cast<std::uint32_t>((state_ >> 16U) % limit);
    }

  private:
    std::uint64_t state_;
};

struct FunctionText {
    std::string_view name;
    std::string_view file;
    FunctionKind kind;
};

/// A web shop on two threads: routing, templates, a database, JSON, numpy.
inline Profile server_profile() {
    using K = FunctionKind;
    ProfileMaker make;
    make.profile().threads.push_back({ProcessId(0), Tid(4250), 0x7f0000002000, make.text("worker-1")});
    Dice dice(20240607);
    const auto way = [&](std::initializer_list<std::tuple<FunctionText, std::uint32_t>> frames) {
        StackId stack = kEmptyStack;
        for (const auto& [f, line] : frames) stack = make.push(stack, make.frame(f.name, f.file, line, f.kind));
        return stack;
    };
    const StackId serve = way({{{"<module>", "shop/server.py", K::kProject}, 212},
                               {{"main", "shop/server.py", K::kProject}, 198},
                               {{"run_simple", "werkzeug/serving.py", K::kSitePackages}, 1120},
                               {{"BaseServer.serve_forever", "socketserver.py", K::kStandardLibrary}, 238},
                               {{"WSGIRequestHandler.run_wsgi", "werkzeug/serving.py", K::kSitePackages}, 370},
                               {{"Flask.wsgi_app", "flask/app.py", K::kSitePackages}, 1478},
                               {{"Flask.full_dispatch_request", "flask/app.py", K::kSitePackages}, 917},
                               {{"Flask.dispatch_request", "flask/app.py", K::kSitePackages}, 902}});
    const std::vector<std::vector<FunctionText>> branches{
        {{"show_cart", "shop/views/cart.py", K::kProject},
         {"Cart.total", "shop/models/cart.py", K::kProject},
         {"Session.execute", "sqlalchemy/orm/session.py", K::kSitePackages},
         {"Connection._execute_context", "sqlalchemy/engine/base.py", K::kSitePackages},
         {"DefaultDialect.do_execute", "sqlalchemy/engine/default.py", K::kSitePackages},
         {"pysqlite_cursor_execute", "_sqlite3.cpython-312.so", K::kNative},
         {"sqlite3VdbeExec", "libsqlite3.so", K::kNative}},
        {{"search", "shop/views/search.py", K::kProject},
         {"rank", "shop/ranking.py", K::kProject},
         {"score", "shop/ranking.py", K::kProject},
         {"_wrapreduction", "numpy/core/fromnumeric.py", K::kSitePackages},
         {"PyUFunc_Reduce", "_multiarray_umath.so", K::kNative},
         {"DOUBLE_add", "_multiarray_umath.so", K::kNative}},
        {{"render_page", "shop/views/pages.py", K::kProject},
         {"render_template", "flask/templating.py", K::kSitePackages},
         {"Template.render", "jinja2/environment.py", K::kSitePackages},
         {"root", "<template>", K::kInterpreter},
         {"escape", "markupsafe/__init__.py", K::kSitePackages},
         {"Pattern.sub", "re/__init__.py", K::kStandardLibrary}},
        {{"api_orders", "shop/views/api.py", K::kProject},
         {"jsonify", "flask/json/__init__.py", K::kSitePackages},
         {"dumps", "json/__init__.py", K::kStandardLibrary},
         {"JSONEncoder.encode", "json/encoder.py", K::kStandardLibrary},
         {"JSONEncoder.iterencode", "json/encoder.py", K::kStandardLibrary},
         {"_iterencode_dict", "json/encoder.py", K::kStandardLibrary},
         {"_iterencode_list", "json/encoder.py", K::kStandardLibrary}},
        {{"import_catalogue", "shop/jobs/catalogue.py", K::kProject},
         {"parse_row", "shop/jobs/catalogue.py", K::kProject},
         {"DictReader.__next__", "csv.py", K::kStandardLibrary},
         {"_find_and_load", "<frozen importlib._bootstrap>", K::kInterpreter},
         {"gc_collect_main", "python3.12", K::kInterpreter}}};
    const std::vector<std::uint32_t> share{34, 28, 18, 12, 8};
    for (std::uint32_t i = 0; i < 1500; ++i) {
        std::uint32_t pick = dice.below(100);
        std::size_t branch = 0;
        while (pick >= share[branch]) pick -= share[branch++];
        StackId stack = serve;
        const std::size_t depth = 1 + std::max(dice.below(static_cast<std::uint32_t>(branches[branch].size())),
                                               dice.below(static_cast<std::uint32_t>(branches[branch].size())));
        for (std::size_t k = 0; k < depth; ++k) {
            const FunctionText& f = branches[branch][k];
            const std::uint32_t line = 20 + 31 * static_cast<std::uint32_t>(k) + (dice.below(9) == 0 ? 3 : 0);
            stack = make.push(stack, make.frame(f.name, f.file, line, f.kind));
        }
        if (dice.below(60) == 0) stack = make.push(stack, make.frame("(unproven)", "", 0, K::kMarker));
        const std::uint64_t count = 1 + dice.below(6);
        make.sample(stack, count, std::chrono::microseconds(count * 10'000 + dice.below(900)));
    }
    const StackId worker = way({{{"Thread._bootstrap", "threading.py", K::kStandardLibrary}, 1030},
                                {{"Thread.run", "threading.py", K::kStandardLibrary}, 1010},
                                {{"Worker.loop", "shop/jobs/worker.py", K::kProject}, 61}});
    const std::vector<FunctionText> steps{{"resize", "shop/images.py", K::kProject},
                                          {"Image.resize", "PIL/Image.py", K::kSitePackages},
                                          {"ImagingResample", "_imaging.so", K::kNative}};
    for (std::uint32_t i = 0; i < 200; ++i) {
        StackId stack = worker;
        for (std::uint32_t k = 0; k <= dice.below(3); ++k) {
            stack =
                make.push(stack, make.frame(steps[k].name, steps[k].file, 40 + 9 * k + dice.below(2), steps[k].kind));
        }
        make.sample(stack, 3, std::chrono::microseconds(30'000 + dice.below(500)), 1);
    }
    auto& losses = make.profile().info.losses;
    losses[static_cast<std::size_t>(Loss::kUnproven)] = 41;
    losses[static_cast<std::size_t>(Loss::kLate)] = 3;
    return make.take();
}

/// About `nodes` frames with heavy-tailed weights, depth up to 70, 3,000 functions.
inline Profile random_profile(std::size_t nodes, std::uint64_t seed = 7) {
    ProfileMaker make;
    Dice dice(seed * 0x9E3779B97F4A7C15ULL + 1);
    std::vector<FrameId> frames;
    constexpr std::string_view kSyllables[] = {"load",  "parse", "fetch", "build", "node",  "value", "item",  "cache",
                                               "query", "row",   "token", "apply", "merge", "index", "batch", "state"};
    for (std::uint32_t i = 0; i < 3000; ++i) {
        const std::string name = std::string(kSyllables[dice.below(16)]) + "_" +
                                 std::string(kSyllables[dice.below(16)]) + (i < 256 ? "" : "_" + std::to_string(i));
        const std::string file = "pkg" + std::to_string(i % 40) + "/" + std::string(kSyllables[i % 16]) + ".py";
        const auto kind = static_cast<FunctionKind>((i % 40) % 5);
        for (std::uint32_t line = 0; line < 8; ++line)
            frames.push_back(make.frame(name, file, 10 + i % 90 + line * 3, kind));
    }
    const auto size = static_cast<std::uint32_t>(frames.size());
    std::vector<std::pair<StackId, std::uint32_t>> ends;  // where stacks may go on, and how deep that is
    ends.emplace_back(make.push(kEmptyStack, frames[0]), 1U);
    while (make.profile().stacks.size() < nodes) {
        // Go on from a random place (early places more often), by a run of calls: sizes get heavy tails.
        const std::uint32_t a = dice.below(static_cast<std::uint32_t>(ends.size()));
        auto [stack, depth] = ends[dice.below(a + 1)];
        const std::uint32_t run = 1 + dice.below(6);
        for (std::uint32_t k = 0; k < run && depth < 70; ++k, ++depth) {
            const std::uint32_t r = dice.below(size);
            stack = make.push(stack, frames[dice.below(r + 1)]);
            ends.emplace_back(stack, depth + 1);
        }
        const std::uint64_t count = 1 + (dice.below(8) == 0 ? dice.below(40) : 0);
        make.sample(stack, count, std::chrono::microseconds(count * 10'000 + dice.below(300)));
    }
    return make.take();
}

/// Recursion `depth` frames deep with a little work at the side now and then.
inline Profile deep_profile(std::uint32_t depth) {
    ProfileMaker make;
    StackId stack = make.push(kEmptyStack, make.frame("<module>", "deep.py", 9, FunctionKind::kProject));
    const FrameId walk = make.frame("walk", "deep.py", 4, FunctionKind::kProject);
    const FrameId visit = make.frame("visit", "deep.py", 6, FunctionKind::kProject);
    for (std::uint32_t i = 1; i < depth; ++i) {
        stack = make.push(stack, i % 3 == 0 ? visit : walk);
        if (i % (depth / 40 + 1) == 7) {
            make.sample(make.push(stack, make.frame("append", "deep.py", i % 50 + 1, FunctionKind::kStandardLibrary)),
                        5, std::chrono::milliseconds(50));
        }
    }
    make.sample(stack, 400, std::chrono::seconds(4));
    return make.take();
}

/// A dispatcher with one large callee and thousands of tiny ones.
inline Profile wide_profile() {
    ProfileMaker make;
    const StackId root = make.push(kEmptyStack, make.frame("dispatch", "wide.py", 3, FunctionKind::kProject));
    make.sample(make.push(root, make.frame("large", "wide.py", 9, FunctionKind::kProject)), 3000,
                std::chrono::seconds(30));
    for (std::uint32_t i = 0; i < 3000; ++i) {
        const StackId one = make.push(
            root, make.frame("handler_" + std::to_string(i), "handlers.py", i + 1, FunctionKind::kSitePackages));
        make.sample(make.push(one, make.frame("reply", "handlers.py", 9000, FunctionKind::kSitePackages)), 1,
                    std::chrono::milliseconds(10));
    }
    return make.take();
}

/// Every name here has broken some profiler's picture.
inline std::vector<std::string> hostile_names() {
    using namespace std::string_literals;
    return {"</script><script>alert(1)</script>",
            "]]><script>alert(2)</script>",
            "</title></text><image href=\"x\" onerror=\"alert(3)\"/>",
            "\" onload=\"alert(4)",
            "' onclick='alert(5)",
            "<!-- comment <![CDATA[ &lt; &amp; &bogus; &#0; %s {} ${x}",
            "<lambda>",
            "nul\0in the middle"s,
            "esc \x1b[31mred\x1b[0m \x1b]0;title\x07",
            "tab\tnewline\ncarriage\rreturn",
            "delete\x7f c1 \xc2\x85 \xc2\x9b",
            "right-to-left \xe2\x80\xae gnp.exe \xe2\x80\xac mark \xe2\x80\x8f isolate \xe2\x81\xa6",
            "zero\xe2\x80\x8bwidth \xe2\x80\xa8 line \xef\xbb\xbf bom",
            "not a character \xef\xbf\xbe \xef\xbf\xbf",
            "surrogate \\ud800 escape",
            "עברית and العربية",
            "漢字かな交じり文の関数名",
            "emoji 🦊🔥👩‍👩‍👧",
            "combining e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85",
            "name (with) (parentheses:12) (x:0)",
            "a;b 12;c",
            "",
            " ",
            std::string(1'000'000, 'A'),
            "javascript:alert(6)"};
}

inline Profile hostile_profile() {
    ProfileMaker make;
    const StackId root = make.push(kEmptyStack, make.frame("<module>", "h.py", 1, FunctionKind::kProject));
    std::uint32_t i = 0;
    for (const std::string& name : hostile_names()) {
        ++i;
        const StackId one = make.push(
            root, make.frame(name, "dir/" + name.substr(0, 200) + ".py", i, static_cast<FunctionKind>(i % 6)));
        make.sample(make.push(one, make.frame("callee of " + name.substr(0, 90), "", 0, FunctionKind::kNative)),
                    20 + i % 7, std::chrono::milliseconds(200 + 10 * (i % 7)));
    }
    make.profile().processes[0].command_line =
        make.text("python </script><script>alert(7)</script> \x1b[2J \xe2\x80\xae");
    make.profile().processes[0].python_version = make.text("3.12<b>");
    make.profile().threads[0].name = make.text("</text>&<thread>");
    return make.take();
}

}  // namespace lampyr::test

// SPDX-License-Identifier: MIT
#include <lampyr/transform.hpp>

#include "profile/builder.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lampyr {

namespace {

void cut_end(std::string_view& text, std::string_view end) {
    if (text.size() > end.size() && text.ends_with(end)) text.remove_suffix(end.size());
}

/// `app/jobs.py` is `app.jobs`, `json/__init__.py` is `json`, `<frozen importlib._bootstrap>` is `importlib._bootstrap`.
std::string module_of(std::string_view file) {
    constexpr std::string_view kFrozen = "<frozen ";
    if (file.starts_with(kFrozen) && file.ends_with('>'))
        return std::string(file.substr(kFrozen.size(), file.size() - kFrozen.size() - 1));
    if (file.starts_with('<')) return std::string(file);
    for (const std::string_view end : {".pyc", ".pyx", ".py", ".so"}) {
        if (!file.ends_with(end)) continue;
        cut_end(file, end);
        break;
    }
    cut_end(file, "/__init__");
    while (file.starts_with('/') || file.starts_with("./")) file.remove_prefix(file.starts_with('/') ? 1 : 2);
    std::string module(file);
    for (char& c : module)
        if (c == '/') c = '.';
    return module;
}

}  // namespace

Profile group_profile(const Profile& profile, Grouping grouping, bool full_filenames) {
    profile::Builder builder;
    const auto text = [&](StringId id) { return builder.intern_string(profile.string(id)); };
    const auto grouped = [&](const Function& function) {
        Function group;
        group.kind = function.kind;
        const std::string& file = profile.string(full_filenames ? function.file : function.short_file);
        if (file.empty())
            group.name = text(function.name);
        else
            group.name = builder.intern_string(grouping == Grouping::kFile ? file : module_of(file));
        return group;
    };
    std::vector<FrameId> frame_of;
    for (const Function& function : profile.functions)
        frame_of.push_back(builder.intern_frame(builder.intern_function(grouped(function)), 0));

    struct Place {
        StackId stack;
        FrameId innermost;
    };
    std::vector<Place> places;
    places.reserve(profile.stacks.size());
    for (const StackNode& node : profile.stacks) {
        const FrameId frame = frame_of[profile.frames[node.frame.value].function.value];
        const StackId parent = node.parent == kEmptyStack ? kEmptyStack : places[node.parent.value].stack;
        const bool same = node.parent != kEmptyStack && places[node.parent.value].innermost == frame;
        places.push_back({same ? parent : builder.intern_stack(parent, frame), frame});
    }
    for (Process process : profile.processes) {
        process.command_line = text(process.command_line);
        process.executable = text(process.executable);
        process.python_version = text(process.python_version);
        static_cast<void>(builder.add_process(process));
    }
    for (Thread thread : profile.threads) {
        thread.name = text(thread.name);
        static_cast<void>(builder.add_thread(thread));
    }
    Profile result = std::move(builder).finish(profile.info);
    result.samples = profile.samples;
    for (Sample& sample : result.samples)
        if (sample.stack != kEmptyStack) sample.stack = places[sample.stack.value].stack;
    result.info = profile.info;
    return result;
}

}  // namespace lampyr

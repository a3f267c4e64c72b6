// SPDX-License-Identifier: MIT
#include "sampler/renamed_stack.hpp"

#include <algorithm>
#include <vector>

namespace lampyr::sampler {

StackId without_names_of(profile::Builder& builder, StackId stack, std::span<const FunctionId> functions) {
    const auto concerned = [&](FrameId frame) {
        return std::find(functions.begin(), functions.end(), builder.function_of(frame)) != functions.end();
    };
    std::vector<FrameId> frames;  // innermost first
    bool any = false;
    for (StackId at = stack; at != kEmptyStack; at = builder.stack(at).parent) {
        frames.push_back(builder.stack(at).frame);
        any = any || concerned(frames.back());
    }
    if (!any) return stack;
    StackId made = kEmptyStack;
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
        made = builder.intern_stack(made, concerned(*frame) ? builder.intern_marker("(reused code)") : *frame);
    return made;
}

}  // namespace lampyr::sampler

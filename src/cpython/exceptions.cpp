// SPDX-License-Identifier: MIT
#include "cpython/exceptions.hpp"

#include <algorithm>
#include <utility>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kMostItems = 1000;  // as many generators as may be nested by default

}  // namespace

RemoteAddr ExceptionReader::pointer_at(RemoteAddr base, Offset field) const {
    return field.present() ? memory_.read_pointer(base + field.value()).value_or(RemoteAddr()) : RemoteAddr();
}

/// Up to 3.11 an exception that C code has raised may still be a class and what to call it with (PyErr_NormalizeException).
void ExceptionReader::add(std::vector<ThreadException>& found, RemoteAddr type, RemoteAddr value, bool raised) {
    const TypeFacts* its_type = text_.types().type_of(value);
    if (its_type != nullptr && its_type->has_flag(kExceptionSubclass)) {
        found.push_back({its_type->name, text_.of(value), raised});
        return;
    }
    const TypeFacts* named = text_.types().facts(type);
    if (named == nullptr) return;  // none, or None
    const bool nothing = value.is_null() || (its_type != nullptr && its_type->is_builtin("NoneType"));
    const bool several = its_type != nullptr && its_type->has_flag(kTupleSubclass);
    const std::string arguments = nothing ? "()" : several ? text_.of(value) : "(" + text_.of(value) + ")";
    found.push_back({named->name, named->name + arguments, raised});
}

void ExceptionReader::add_items(std::vector<ThreadException>& found, RemoteAddr item) {
    std::vector<RemoteAddr> seen;
    while (seen.size() < kMostItems && item.is_plausible() && item.is_aligned() &&
           std::find(seen.begin(), seen.end(), item) == seen.end()) {
        seen.push_back(item);
        add(found, {}, pointer_at(item, layout_.exception.item_value), false);
        item = pointer_at(item, layout_.exception.item_previous);
    }
}

std::vector<ThreadException> ExceptionReader::read(RemoteAddr thread_state) {
    const ExceptionLayout& e = layout_.exception;
    std::vector<ThreadException> found;
    add(found, pointer_at(thread_state, e.raised_type), pointer_at(thread_state, e.raised), true);
    if (e.items.present())
        add_items(found, pointer_at(thread_state, e.items));
    else
        add(found, pointer_at(thread_state, e.handled_type), pointer_at(thread_state, e.handled), false);
    return found;
}

}  // namespace lampyr::cpython

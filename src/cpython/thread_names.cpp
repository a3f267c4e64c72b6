// SPDX-License-Identifier: MIT
#include "cpython/thread_names.hpp"

#include "cpython/dict_reader.hpp"
#include "cpython/py_string.hpp"

#include <algorithm>

namespace lampyr::cpython {
namespace {

constexpr std::size_t kMaxThreads = 1U << 16;
constexpr std::size_t kMaxThreadNameChars = 256;

// Py_TPFLAGS_STRING_SUBCLASS (2.7) and Py_TPFLAGS_UNICODE_SUBCLASS, Include/object.h
constexpr unsigned kString27SubclassFlag = 27;
constexpr unsigned kUnicodeSubclassFlag = 28;

/// `self.__name` in 2.7's Lib/threading.py, `self._name` since.
RemoteAddr name_of(const DictReader& reader, RemoteAddr thread) {
    const auto attributes = reader.instance_items(thread);
    const RemoteAddr name = reader.find(attributes, "_name");
    return name.is_null() ? reader.find(attributes, "_Thread__name") : name;
}

}  // namespace

std::vector<std::pair<std::uint64_t, std::string>> read_thread_names(const process::RemoteMemory& memory,
                                                                     const Layout& layout, RemoteAddr interpreter) {
    std::vector<std::pair<std::uint64_t, std::string>> names;
    const DictReader reader(memory, layout);
    const auto modules = memory.read_pointer(interpreter + layout.interpreter.modules.value());
    if (!modules) return names;
    const RemoteAddr module = reader.find(reader.items(*modules), "threading");
    if (module.is_null()) return names;
    const auto module_dict = memory.read_pointer(module + layout.object.module_dict.value());
    if (!module_dict) return names;
    const RemoteAddr active = reader.find(reader.items(*module_dict), "_active");
    if (active.is_null()) return names;

    const unsigned string_flag =
        layout.string_kind == StringKind::kBytes27 ? kString27SubclassFlag : kUnicodeSubclassFlag;
    auto threads = reader.items(active);
    threads.resize(std::min(threads.size(), kMaxThreads));
    for (const DictItem& thread : threads) {
        const auto ident = reader.unsigned_value(thread.key);
        if (!ident) continue;
        const RemoteAddr name = name_of(reader, thread.value);
        if (name.is_null() || !reader.has_type_flag(name, string_flag)) continue;
        auto text = read_text(memory, layout, name, kMaxThreadNameChars);
        if (text) names.emplace_back(*ident, std::move(text->utf8));
    }
    return names;
}

}  // namespace lampyr::cpython

// SPDX-License-Identifier: MIT
// The input is a symbol. What is made of it has a limit, however it is nested and whatever it refers back to.
#include "native/cython_names.hpp"
#include "native/rust_names.hpp"
#include "native/symbol_names.hpp"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lampyr::native;
    if (size > 4096) return 0;
    const std::string_view symbol(reinterpret_cast<const char*>(data), size);
    for (const std::string_view prefix : {"", "_R", "_ZN", "_Z", "__pyx_pw_"}) {
        const std::string whole = std::string(prefix) + std::string(symbol);
        if (demangle(whole).size() > 2048) __builtin_trap();
        if (const auto rust = demangle_rust(whole); rust && rust->size() > 4096) __builtin_trap();
        static_cast<void>(read_cython_name(whole, "module.so"));
    }
    return 0;
}

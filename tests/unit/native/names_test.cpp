// SPDX-License-Identifier: MIT
#include "native/cython_names.hpp"
#include "native/rust_names.hpp"
#include "native/symbol_names.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lampyr::native {
namespace {

/// Empty: none.
std::string rust(std::string_view symbol) { return demangle_rust(symbol).value_or(""); }

std::string cython(std::string_view symbol, std::string_view file) {
    const auto found = read_cython_name(symbol, file);
    return found ? found->name + (found->wrapper ? " (wrapper)" : "") : "";
}

// The examples of Rust RFC 2603, and what its text says of each part.
TEST(RustNames, PathsOfV0) {
    EXPECT_EQ(rust("_RNvC6_123foo3bar"), "123foo::bar");
    EXPECT_EQ(rust("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
    EXPECT_EQ(rust("_RNvNtNtCs1234_7mycrate3foo3bar3baz"), "mycrate::foo::bar::baz");
    EXPECT_EQ(rust("_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_"), "cc::spawn::{closure#0}::{closure#0}");
    EXPECT_EQ(
        rust("_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_"
             "6memchr7memrchrs_0E0Bb_"),
        "<core::slice::Iter<u8> as "
        "core::iter::iterator::Iterator>::rposition::<core::slice::memchr::memrchr::{closure#1}"
        ">::{closure#0}");
    EXPECT_EQ(rust("_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std"),
              "alloc::alloc::box_free::<dyn alloc::boxed::FnBox<(), Output = ()>>");
    EXPECT_EQ(rust("_RMC0INtC8arrayvec8ArrayVechKj7b_E"), "<arrayvec::ArrayVec<u8, 123>>");
    EXPECT_EQ(rust("_RNvXs_NtC5crate3modNtB4_3FooNtB6_5Trait6method"), "<crate::mod::Foo as crate::Trait>::method");
}

TEST(RustNames, TypesOfV0) {
    EXPECT_EQ(rust("_RINvC3std3fooRhE"), "std::foo::<&u8>");
    EXPECT_EQ(rust("_RINvC3std3fooQeTlmEAxj8_SbE"), "std::foo::<&mut str, (i32, u32), [i64; 8], [bool]>");
    EXPECT_EQ(rust("_RINvC3std3fooPhOcE"), "std::foo::<*const u8, *mut char>");
    EXPECT_EQ(rust("_RINvC3std3fooFUKChEuE"), "std::foo::<unsafe extern \"C\" fn(u8)>");
    EXPECT_EQ(rust("_RINvC3std3fooFG_RL0_hEjE"), "std::foo::<for<'a> fn(&'a u8) -> usize>");
    EXPECT_EQ(rust("_RINvC3std3fooThEE"), "std::foo::<(u8,)>");
    EXPECT_EQ(rust("_RINvC3std3fooKb1_Kc41_Kin5_E"), "std::foo::<true, 'A', -5>");
}

TEST(RustNames, IdentifiersThatAreNotAscii) {
    EXPECT_EQ(rust("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y"),
              "utf8_idents::საჭმელად_გემრიელი_სადილი");
}

TEST(RustNames, OlderNamesLoseTheirHash) {
    EXPECT_EQ(rust("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
    EXPECT_EQ(rust("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE"),
              "<alloc::string::String as core::fmt::Display>::fmt");
    EXPECT_EQ(rust("_ZN3foo3barE"), "") << "C++";
    EXPECT_EQ(rust("_ZN3foo17h0123456789abcdegE"), "") << "no hash";
}

TEST(RustNames, WhatIsNoSuchNameIsNone) {
    for (const char* broken :
         {"", "_", "_R", "_RN", "_RNvC", "_RNvC9foo", "_R0NvC3foo3bar", "_RB_", "_RNvB_3foo", "_RNvC3foo3barx",
          "_RINvC3std3fooKb_", "_RNvC99999999999999999999999999foo3bar", "_ZN", "_ZN0E", "_ZN99foo"})
        EXPECT_EQ(rust(broken), "") << broken;
}

TEST(RustNames, NamesThatSayMoreThanMemoryHolds) {
    EXPECT_EQ(rust("_R" + std::string(100'000, 'R')), "") << "nesting";
    EXPECT_EQ(rust("_RINvC1a1b" + std::string(100'000, 'S')), "");
    std::string doubling = "_RINvC1a1b";  // tuples of twice the tuple before
    std::string reference = "h";
    for (int i = 0; i < 60; ++i) {
        const std::size_t at = doubling.size() - 2;
        doubling += "T" + reference + reference + "E";
        std::string number;  // base 62, one less than the place
        for (std::size_t n = at - 1;; n /= 62) {
            number.insert(number.begin(), "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 62]);
            if (n < 62) break;
        }
        reference = "B" + number + "_";
    }
    EXPECT_EQ(rust(doubling + "E"), "");
}

TEST(SymbolNames, AreShownAsOneWritesThem) {
    EXPECT_EQ(demangle("_ZN3foo3barEi"), "foo::bar(int)");
    EXPECT_EQ(demangle("_ZN3foo3barEi.part.0"), "foo::bar(int)");
    EXPECT_EQ(demangle("_ZN3foo3barERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"),
              "foo::bar(std::string const&)");
    EXPECT_EQ(demangle("_RNvC6_123foo3bar.llvm.1234"), "123foo::bar");
    EXPECT_EQ(demangle("memcpy@@GLIBC_2.14"), "memcpy");
    EXPECT_EQ(demangle("list_sort.part.0"), "list_sort");
    EXPECT_EQ(demangle("list_sort.constprop.0.isra.0.cold"), "list_sort");
    EXPECT_EQ(demangle("runtime.mallocgc"), "runtime.mallocgc") << "a name of its own";
    EXPECT_EQ(demangle("_Z"), "_Z");
    EXPECT_EQ(demangle(""), "");
    EXPECT_LE(demangle(std::string(100'000, 'x')).size(), 1100U);
}

TEST(SymbolNames, CppNamesThatSayMoreThanMemoryHolds) {
    // a<b<…, …>>: each argument is twice the one before.
    std::string bomb = "_Z3fooI1aE";
    bomb = "_ZN3foo3barI1pI1aS1_E";
    for (int i = 2; i < 60; ++i)
        bomb += "S" + std::string(1, static_cast<char>(i < 12 ? '0' + i - 2 : 'A' + (i - 12) % 26)) + "_";
    EXPECT_EQ(demangle(bomb + "Evv"), "foo::bar<...>");
    EXPECT_EQ(demangle("_Z" + std::string(5000, 'P')).substr(0, 4), "_ZPP");
}

TEST(CythonNames, AreThoseOfPython) {
    EXPECT_EQ(cython("__pyx_pw_6module_1func", "module.so"), "func (wrapper)");
    EXPECT_EQ(cython("__pyx_pf_6module_func", "module.so"), "func");
    EXPECT_EQ(cython("__pyx_pw_8implicit_4_als_5least_squares_cg", "_als.cpython-313-x86_64-linux-gnu.so"),
              "least_squares_cg (wrapper)");
    EXPECT_EQ(cython("__pyx_pf_8implicit_4_als_30_least_squares_cg", "_als.so"), "_least_squares_cg");
    EXPECT_EQ(cython("__pyx_fuse_1_0__pyx_pw_8implicit_4_als_31_least_squares_cg", "_als.so"),
              "_least_squares_cg (wrapper)");
    EXPECT_EQ(cython("__pyx_f_6mtrand_cont0_array", "mtrand.so"), "cont0_array");
    EXPECT_EQ(cython("__pyx_pw_3pkg_6module_5Class_3method", "module.abi3.so"), "Class.method (wrapper)");
    EXPECT_EQ(cython("__pyx_pf_6module_5Class___init__", "module.so"), "Class.__init__");
    EXPECT_EQ(cython("__pyx_pw_6module_5outer_1inner", "module.so"), "outer.inner (wrapper)");
}

TEST(CythonNames, WhatIsNoSuchNameIsNone) {
    for (const char* other : {"", "main", "__pyx_pw_", "__pyx_pw_func", "__pyx_pw_99module_1f", "__pyx_fuse_0",
                              "__pyx_pw_6module", "__Pyx_PyObject_Call", "__pyx_pw_0_1f"})
        EXPECT_EQ(cython(other, "module.so"), "") << other;
    EXPECT_TRUE(is_cython_plumbing("__Pyx_PyObject_CallOneArg"));
    EXPECT_FALSE(is_cython_plumbing("__pyx_pw_6module_1func"));
}

}  // namespace
}  // namespace lampyr::native

# SPDX-License-Identifier: MIT
# One target a folder, with the warnings and sanitizers of this build. Links say which folders a folder may include.

add_library(lampyr_options INTERFACE)
# Debian has no libfmt.a.
set(LAMPYR_FMT $<IF:$<BOOL:${LAMPYR_STATIC}>,fmt::fmt-header-only,fmt::fmt>)
if(LAMPYR_STATIC)
    # Position-independent, so that the kernel puts it at a random address like any other program.
    target_link_options(lampyr_options INTERFACE -static-pie)
endif()
target_include_directories(lampyr_options INTERFACE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_options(lampyr_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
    $<$<BOOL:${LAMPYR_DEVELOPER}>:-Werror>)
if(LAMPYR_SANITIZE)
    # GCC 12 takes moved std::optional and std::variant for uninitialised once they are instrumented.
    target_compile_options(lampyr_options INTERFACE -fsanitize=${LAMPYR_SANITIZE} -fno-omit-frame-pointer
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    target_link_options(lampyr_options INTERFACE -fsanitize=${LAMPYR_SANITIZE})
endif()

# lampyr_folder(NAME LINKS...): library lampyr_NAME from every .cpp below the current folder.
function(lampyr_folder name)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    add_library(lampyr_${name} STATIC ${sources})
    target_link_libraries(lampyr_${name} PUBLIC lampyr_options ${ARGN})
    set_target_properties(lampyr_${name} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()

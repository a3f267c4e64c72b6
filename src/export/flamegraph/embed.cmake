# SPDX-License-Identifier: MIT
# Turns script.js, style.css and controls.svg into a C++ header:
#   cmake -D SCRIPT=… -D STYLE=… -D CONTROLS=… -D OUTPUT=… -P embed.cmake
# Comments, indentation and the blanks around the script's operators stay behind (so its strings hold no " + ", ", ",
# "; " or " {"). Script and style end up inside CDATA, so neither may hold its end mark; nor may the script use what turns text into
# markup or code.
cmake_minimum_required(VERSION 3.25)
foreach(part SCRIPT STYLE CONTROLS)
    file(READ ${${part}} text)
    string(REGEX REPLACE "/\\*([^*]|\\*[^/])*\\*/" "" text "${text}")
    string(REGEX REPLACE "\n[ \t]+" "\n" text "\n${text}")
    if(part STREQUAL "SCRIPT")
        string(REGEX REPLACE "\n//[^\n]*" "" text "${text}")
        foreach(twice 1 2)
            string(REGEX REPLACE " ([-+*<>=|]|=>|===|!==|[-+<>]=|\\*\\*|&&|\\|\\||\\|\\|=|\\?\\?=) " "\\1" text "${text}")
        endforeach()
        string(REPLACE "; " ";" text "${text}")
        string(REPLACE ", " "," text "${text}")
        string(REPLACE "{ " "{" text "${text}")
        string(REPLACE " }" "}" text "${text}")
        string(REPLACE " {" "{" text "${text}")
        string(REPLACE ") (" ")(" text "${text}")
    endif()
    string(REGEX REPLACE "\n\n+" "\n" text "${text}")
    foreach(banned "]]>" ")EMBED\"" "innerHTML" "outerHTML" "insertAdjacentHTML" "document.write" "eval(" "Function(")
        string(FIND "${text}" "${banned}" at)
        if(NOT at EQUAL -1)
            message(FATAL_ERROR "${${part}} holds ${banned}")
        endif()
    endforeach()
    string(LENGTH "${text}" length)
    if(length GREATER 16384)
        message(FATAL_ERROR "${${part}} is ${length} bytes without its comments; the limit is 16384")
    endif()
    set(${part}_TEXT "${text}")
endforeach()
file(WRITE ${OUTPUT} "// Made by embed.cmake from script.js, style.css and controls.svg.\n#pragma once\n\n#include <string_view>\n\n"
    "namespace lampyr::exporter {\n\n"
    "inline constexpr std::string_view kScript = R\"EMBED(${SCRIPT_TEXT})EMBED\";\n\n"
    "inline constexpr std::string_view kStyle = R\"EMBED(${STYLE_TEXT})EMBED\";\n\n"
    "inline constexpr std::string_view kControls = R\"EMBED(${CONTROLS_TEXT})EMBED\";\n\n}  // namespace lampyr::exporter\n")

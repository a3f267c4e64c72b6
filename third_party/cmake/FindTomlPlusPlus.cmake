# SPDX-License-Identifier: MIT
# Finds toml++, used as headers only: target TomlPlusPlus::tomlplusplus.
find_path(TomlPlusPlus_INCLUDE_DIR NAMES toml++/toml.h)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TomlPlusPlus REQUIRED_VARS TomlPlusPlus_INCLUDE_DIR)

if(TomlPlusPlus_FOUND AND NOT TARGET TomlPlusPlus::tomlplusplus)
    add_library(TomlPlusPlus::tomlplusplus INTERFACE IMPORTED)
    set_target_properties(TomlPlusPlus::tomlplusplus PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${TomlPlusPlus_INCLUDE_DIR}"
        INTERFACE_COMPILE_DEFINITIONS "TOML_HEADER_ONLY=1;TOML_EXCEPTIONS=0")
endif()
mark_as_advanced(TomlPlusPlus_INCLUDE_DIR)

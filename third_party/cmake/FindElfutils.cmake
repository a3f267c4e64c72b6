# SPDX-License-Identifier: MIT
# Finds elfutils: targets Elfutils::elf (libelf) and Elfutils::dw (libdw).
find_path(Elfutils_INCLUDE_DIR NAMES elfutils/libdw.h)
find_library(Elfutils_ELF_LIBRARY NAMES elf)
find_library(Elfutils_DW_LIBRARY NAMES dw)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Elfutils REQUIRED_VARS Elfutils_ELF_LIBRARY Elfutils_DW_LIBRARY Elfutils_INCLUDE_DIR)

foreach(part elf dw)
    string(TOUPPER ${part} upper)
    if(Elfutils_FOUND AND NOT TARGET Elfutils::${part})
        add_library(Elfutils::${part} UNKNOWN IMPORTED)
        set_target_properties(Elfutils::${part} PROPERTIES
            IMPORTED_LOCATION "${Elfutils_${upper}_LIBRARY}"
            INTERFACE_INCLUDE_DIRECTORIES "${Elfutils_INCLUDE_DIR}")
    endif()
endforeach()

# An archive says nothing of what it needs: libelf and libdw read compressed sections.
if(Elfutils_FOUND AND Elfutils_DW_LIBRARY MATCHES "\\.a$")
    find_library(Elfutils_Z_LIBRARY NAMES z REQUIRED)
    foreach(name zstd lzma bz2)
        find_library(Elfutils_${name}_LIBRARY NAMES ${name})
        if(Elfutils_${name}_LIBRARY)
            list(APPEND Elfutils_compression ${Elfutils_${name}_LIBRARY})
        endif()
    endforeach()
    set_target_properties(Elfutils::elf PROPERTIES INTERFACE_LINK_LIBRARIES "${Elfutils_Z_LIBRARY};${Elfutils_compression}")
    set_target_properties(Elfutils::dw PROPERTIES INTERFACE_LINK_LIBRARIES "Elfutils::elf;${CMAKE_DL_LIBS}")
endif()
mark_as_advanced(Elfutils_INCLUDE_DIR Elfutils_ELF_LIBRARY Elfutils_DW_LIBRARY)

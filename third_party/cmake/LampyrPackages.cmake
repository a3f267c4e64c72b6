# SPDX-License-Identifier: MIT
# Debian packages by CPack: `cpack` in a build made by the preset `package` writes lampyr_VERSION_ARCH.deb and lampyr-dev_….deb.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME lampyr)
set(CPACK_PACKAGE_CONTACT "The lampyr authors <lampyr@invalid.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL tool dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_TOOL_PACKAGE_NAME lampyr)
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_TOOL_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_TOOL_DESCRIPTION "lampyr reads the memory of a running Python interpreter from outside, a
hundred times a second or as often as asked, and shows in which functions
and lines the program spends its time. The program needs no change and no
restart, and is not stopped. It also compares recordings, and fails a CI
job when a change made a function slower.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME lampyr-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libfmt-dev, libelf-dev, libdw-dev, zlib1g-dev, libzstd-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION "Headers, the static library and CMake's package files of lampyr, for programs
that sample Python or read and write profiles.")

# Debian wants a copyright and a compressed list of changes in each package. The date is the build's, or SOURCE_DATE_EPOCH.
set(documents ${CMAKE_CURRENT_BINARY_DIR}/debian)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${documents}/changelog.Debian "lampyr (${PROJECT_VERSION}-1) unstable; urgency=medium

  * changelog.gz says what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(READ LICENSE licence)
string(REGEX REPLACE "^MIT License\n\nCopyright[^\n]*\n\n" "" licence "${licence}")
string(REGEX REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REGEX REPLACE "\n$" "" licence "${licence}")
string(REPLACE "\n" "\n " licence "${licence}")
file(WRITE ${documents}/copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: lampyr

Files: *
Copyright: 2026 The lampyr authors
License: Expat

License: Expat
 ${licence}
")
foreach(pair changelog.Debian:${documents}/changelog.Debian changelog:${CMAKE_CURRENT_SOURCE_DIR}/docs/changelog.md)
    string(REGEX MATCH "^([^:]*):(.*)$" pair ${pair})
    set(compressed ${documents}/${CMAKE_MATCH_1}.gz)
    execute_process(COMMAND ${LAMPYR_GZIP} -9 -n -c ${CMAKE_MATCH_2} OUTPUT_FILE ${compressed} COMMAND_ERROR_IS_FATAL ANY)
    list(APPEND documents_of_packages ${compressed})
endforeach()
foreach(component tool:lampyr dev:lampyr-dev)
    string(REGEX MATCH "^(.*):(.*)$" component ${component})
    install(FILES ${documents}/copyright ${documents_of_packages} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CMAKE_MATCH_2}
        COMPONENT ${CMAKE_MATCH_1})
endforeach()
include(CPack)

# SPDX-License-Identifier: MIT
# What `cmake --install` puts where, and the Debian packages of it. Component `tool` is the command with its manual page and
# completions, component `dev` what find_package(lampyr) finds.
include(CMakePackageConfigHelpers)

find_program(LAMPYR_GZIP gzip REQUIRED)
set(manual ${CMAKE_CURRENT_BINARY_DIR}/lampyr.1.gz)
add_custom_command(OUTPUT ${manual} DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/docs/lampyr.1
    COMMAND ${LAMPYR_GZIP} -9 -n -c ${CMAKE_CURRENT_SOURCE_DIR}/docs/lampyr.1 > ${manual} VERBATIM)
add_custom_target(lampyr_manual ALL DEPENDS ${manual})

install(TARGETS lampyr_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tool)
install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tool)
if(TARGET lampyr_completions)
    set(made ${CMAKE_CURRENT_BINARY_DIR}/tools/lampyr/completions)
    install(FILES ${made}/bash/lampyr DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tool)
    # Below /usr zsh of Debian looks where packages put theirs, elsewhere where everybody does.
    install(CODE "
        if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
            set(zsh_folder vendor-completions)
        else()
            set(zsh_folder site-functions)
        endif()
        file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${zsh_folder}\" TYPE FILE FILES \"${made}/zsh/_lampyr\")"
        COMPONENT tool)
    install(FILES ${made}/fish/lampyr.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tool)
endif()

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lampyr)
install(TARGETS lampyr_archive EXPORT lampyrTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(EXPORT lampyrTargets NAMESPACE lampyr:: DESTINATION ${config_folder} COMPONENT dev)
install(DIRECTORY include/lampyr DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev FILES_MATCHING PATTERN "*.hpp")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/include/lampyr/version.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lampyr COMPONENT dev)
configure_package_config_file(third_party/cmake/lampyrConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/lampyrConfig.cmake
    INSTALL_DESTINATION ${config_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/lampyrConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lampyrConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/lampyrConfigVersion.cmake
    third_party/cmake/FindElfutils.cmake third_party/cmake/FindZstd.cmake DESTINATION ${config_folder} COMPONENT dev)

if(PROJECT_IS_TOP_LEVEL)
    include(third_party/cmake/LampyrPackages.cmake)
endif()

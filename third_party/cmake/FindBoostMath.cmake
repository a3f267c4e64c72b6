# SPDX-License-Identifier: MIT
# Finds Boost.Math, which is headers only: target BoostMath::boost_math.
find_path(BoostMath_INCLUDE_DIR NAMES boost/math/distributions/students_t.hpp)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(BoostMath REQUIRED_VARS BoostMath_INCLUDE_DIR)

if(BoostMath_FOUND AND NOT TARGET BoostMath::boost_math)
    add_library(BoostMath::boost_math INTERFACE IMPORTED)
    set_target_properties(BoostMath::boost_math PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${BoostMath_INCLUDE_DIR}")
endif()
mark_as_advanced(BoostMath_INCLUDE_DIR)

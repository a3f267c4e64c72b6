// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/ids.hpp>

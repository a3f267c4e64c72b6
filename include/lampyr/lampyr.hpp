// SPDX-License-Identifier: MIT
#pragma once

#include <lampyr/dump.hpp>
#include <lampyr/error.hpp>
#include <lampyr/export.hpp>
#include <lampyr/ids.hpp>
#include <lampyr/profile.hpp>
#include <lampyr/profile_file.hpp>
#include <lampyr/profile_sink.hpp>
#include <lampyr/read_profile.hpp>
#include <lampyr/result.hpp>
#include <lampyr/sampler.hpp>
#include <lampyr/summary.hpp>
#include <lampyr/target.hpp>
#include <lampyr/text.hpp>
#include <lampyr/transform.hpp>
#include <lampyr/version.hpp>

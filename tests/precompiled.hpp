// precompiled.hpp: what every test includes, compiled once, as common/precompiled.hpp
// is for the programs.
#pragma once

#include "common/precompiled.hpp"
#include "tests/support.hpp"

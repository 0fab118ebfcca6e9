// precompiled.hpp: what nearly every program includes, compiled once (CMakeLists.txt
// and `make check` use it). No source may lean on it: the gate compiles each header
// without.
#pragma once

#include <chrono>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/hex.hpp"
#include "common/program.hpp"
#include "common/unique_fd.hpp"

// shm_name.hpp: what may be the name of a shared-memory object.
#pragma once

#include <climits>
#include <stdexcept>
#include <string>

#include "common/error.hpp"

/// `given` with the leading slash that shm_open(3) asks for, supplied if it is not
/// there. Throws std::invalid_argument unless 1 to 255 bytes follow the slash, none of
/// them a slash, and unless they make a name: `.` and `..` are directories.
inline std::string shm_name(const std::string& given) {
    const std::string rest = given.starts_with('/') ? given.substr(1) : given;
    const auto refuse = [&](const std::string& why) {
        throw std::invalid_argument("the name " + in_quotes(given) + " " + why);
    };
    // TODO: refuse(...) what cannot be a name, and return what can, with its slash.
    static_cast<void>(refuse);
    return rest;
}

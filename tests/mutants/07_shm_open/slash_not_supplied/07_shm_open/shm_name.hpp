// shm_name.hpp: what may be the name of a shared-memory object.
#pragma once

#include <climits>
#include <stdexcept>
#include <string>

#include "common/error.hpp"

// #region shm_name
/// `given` with the leading slash that shm_open(3) asks for, supplied if it is not
/// there. Throws std::invalid_argument unless 1 to 255 bytes follow the slash, none of
/// them a slash, and unless they make a name: `.` and `..` are directories.
inline std::string shm_name(const std::string& given) {
    const std::string rest = given.starts_with('/') ? given.substr(1) : given;
    const auto refuse = [&](const std::string& why) {
        throw std::invalid_argument("the name " + in_quotes(given) + " " + why);
    };
    if (rest.empty()) refuse("is empty");
    if (rest.size() > NAME_MAX) refuse("has more than 255 bytes");
    if (rest.find('/') != std::string::npos) refuse("has another slash");
    if (rest == "." || rest == "..") refuse("is a directory's");
    return given;
}
// #endregion shm_name

// strangers.hpp: who else could cut what we are about to map.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "common/error.hpp"

// #region refuse_strangers
/// Throws std::runtime_error if what `status` describes belongs to another user than
/// this process's, or may be written by others: whoever may cut it may kill us, by
/// SIGBUS. Root is no exception: it would be root's process that dies. `name` is for
/// messages.
inline void refuse_strangers(const struct stat& status, const std::string& name) {
    if (status.st_uid != ::geteuid()) {
        throw std::runtime_error(in_quotes(name) + " belongs to user " +
                                 std::to_string(status.st_uid) +
                                 ", who could cut it at any time");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        char mode[8];
        std::snprintf(mode, sizeof mode, "%04o", status.st_mode & 07777);
        throw std::runtime_error(in_quotes(name) + " has mode " + mode +
                                 ": others could cut it at any time");
    }
}
// #endregion refuse_strangers

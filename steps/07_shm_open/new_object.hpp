// new_object.hpp: a new object has room behind it, or no name.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <string>

#include "common/error.hpp"
#include "common/unique_fd.hpp"

// #region reserve
/// Gives what `fd` refers to `size` bytes, zeros, with memory behind them. Unlike
/// ftruncate, this fails if there is no room, instead of SIGBUS later on. `name` is for
/// messages. Throws std::system_error if posix_fallocate(3) fails.
inline void reserve(int fd, std::size_t size, const std::string& name) {
    int error = 0;  // returned, and not put into errno
    do error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
    while (error == EINTR);
    if (error != 0) fail(error, "posix_fallocate", name);
}
// #endregion reserve

// #region unlink_own
/// Removes the name of `object`, unless it has become another object's.
inline void unlink_own(int object, const std::string& name) {
    const unique_fd now(::shm_open(name.c_str(), O_RDONLY, 0));
    struct stat ours = {}, there = {};
    if (now.get() != -1 && ::fstat(object, &ours) == 0 &&
        ::fstat(now.get(), &there) == 0 && ours.st_ino == there.st_ino &&
        ours.st_dev == there.st_dev) {
        ::shm_unlink(name.c_str());
    }
}
// #endregion unlink_own

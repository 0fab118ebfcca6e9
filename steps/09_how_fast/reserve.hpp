// reserve.hpp: room for what will be mapped, or an error; never a SIGBUS later on.
#pragma once

#include <fcntl.h>

#include <string>

#include "common/error.hpp"

/// Gives what `fd` refers to `size` bytes, zeros, with memory or disk blocks behind
/// them. `name` is for messages. Throws std::system_error if posix_fallocate(3) fails.
inline void reserve(int fd, std::size_t size, const std::string& name) {
    int error = 0;
    do error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
    while (error == EINTR);
    if (error != 0) fail(error, "posix_fallocate", name);
}

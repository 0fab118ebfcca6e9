// streams.hpp: eight bytes through a descriptor, and how to wait for them.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "09_how_fast/transport.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

/// polling: ask again and again, and never sleep. blocking: sleep until the kernel
/// wakes us. Two classes of waiting, never to be ranked in one list.
enum class waiting { polling, blocking };

/// Makes calls on `fd` return EAGAIN where they would wait, if `how` is polling.
inline void set_waiting(int fd, waiting how) {
    const int flags = check(::fcntl(fd, F_GETFL), "fcntl");
    if (how == waiting::polling)
        check(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

/// Writes all of the `size` bytes at `bytes`, however often that takes. Throws
/// std::system_error if write(2) fails for another reason than "not now".
inline void write_bytes(int fd, const void* bytes, std::size_t size) {
    const char* next = static_cast<const char*>(bytes);
    while (size != 0) {
        const ssize_t n = ::write(fd, next, size);
        if (n == -1 && errno == EAGAIN) continue;
        next += check(n, "write");
        size -= static_cast<std::size_t>(n);
    }
}

/// Reads exactly `size` bytes to `bytes`. Throws std::system_error if read(2) fails,
/// std::runtime_error if the other side has gone.
inline void read_bytes(int fd, void* bytes, std::size_t size) {
    char* next = static_cast<char*>(bytes);
    while (size != 0) {
        const ssize_t n = ::read(fd, next, size);
        if (n == -1 && errno == EAGAIN) continue;
        if (n == 0) throw std::runtime_error("the other side has gone");
        next += check(n, "read");
        size -= static_cast<std::size_t>(n);
    }
}

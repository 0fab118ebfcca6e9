// words.hpp: eight bytes through a descriptor, and how to wait for them.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

#include "common/error.hpp"

/// polling: ask again and again, and never sleep. blocking: sleep until the kernel
/// wakes us. Two classes of waiting, never to be ranked in one list.
enum class waiting { polling, blocking };

/// Makes calls on `fd` return EAGAIN where they would wait, if `how` is polling.
inline void set_waiting(int fd, waiting how) {
    const int flags = check(::fcntl(fd, F_GETFL), "fcntl");
    if (how == waiting::polling)
        check(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

// #region words
// Eight bytes are not split: a pipe promises it (pipe(7), PIPE_BUF), and of a socket it
// would be noticed. Step 08 has the loops for more.

/// Throws std::system_error if write(2) fails for another reason than "not now".
inline void send_word(int fd, std::uint64_t word) {
    ssize_t n = 0;
    do n = ::write(fd, &word, sizeof word);
    while (n == -1 && errno == EAGAIN);
    if (check(n, "write") != sizeof word) throw std::runtime_error("a short write");
}

/// Throws std::system_error if read(2) fails, std::runtime_error if there is no word.
inline std::uint64_t receive_word(int fd) {
    std::uint64_t word = 0;
    ssize_t n = 0;
    do n = ::read(fd, &word, sizeof word);
    while (n == -1 && errno == EAGAIN);
    if (check(n, "read") == 0) throw std::runtime_error("the other side has gone");
    if (n != sizeof word) throw std::runtime_error("a short read");
    return word;
}
// #endregion words

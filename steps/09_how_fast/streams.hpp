// streams.hpp: eight bytes through the kernel: two pipes, or a pair of sockets.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

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

// #region over_streams
/// What one side reads from, and what it writes to.
struct ends {
    unique_fd in, out;
};

class over_streams {
public:
    over_streams(ends asking, ends answering, waiting how)
        : both_{std::move(asking), std::move(answering)} {
        for (const ends& e : both_) {
            set_waiting(e.in.get(), how);
            set_waiting(e.out.get(), how);
        }
    }
    void open(side s) {
        mine_ = std::move(both_[static_cast<std::size_t>(s)]);
        both_ = {};  // closed, so that the other side's going is seen
    }
    int in() const { return mine_.in.get(); }
    int out() const { return mine_.out.get(); }
    void send(std::uint64_t word) { send_word(out(), word); }
    std::uint64_t receive() { return receive_word(in()); }

private:
    std::array<ends, 2> both_;
    ends mine_;
};
// #endregion over_streams

/// One pipe for each direction.
inline over_streams over_pipes(waiting how) {
    int there[2], back[2];
    check(::pipe2(there, O_CLOEXEC), "pipe2");
    check(::pipe2(back, O_CLOEXEC), "pipe2");
    return {{unique_fd{back[0]}, unique_fd{there[1]}},
            {unique_fd{there[0]}, unique_fd{back[1]}},
            how};
}

/// A pair of connected AF_UNIX stream sockets, unix(7): each goes in both directions.
inline over_streams over_unix_sockets(waiting how) {
    int pair[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
    const auto both_ways = [](int fd) {
        unique_fd in(fd);
        return ends{std::move(in),
                    unique_fd{check(::fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl")}};
    };
    return {both_ways(pair[0]), both_ways(pair[1]), how};
}

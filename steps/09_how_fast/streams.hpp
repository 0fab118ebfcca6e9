// streams.hpp: eight bytes through the kernel: two pipes, or a pair of sockets.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "09_how_fast/transport.hpp"
#include "09_how_fast/words.hpp"
#include "common/unique_fd.hpp"

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

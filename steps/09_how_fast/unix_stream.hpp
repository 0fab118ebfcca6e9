// unix_stream.hpp: a pair of connected AF_UNIX stream sockets, unix(7).
#pragma once

#include <sys/socket.h>

#include <array>

#include "09_how_fast/streams.hpp"

template <waiting how>
class over_unix {
public:
    explicit over_unix(const place&) {
        int fds[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
        ends_ = {unique_fd{fds[0]}, unique_fd{fds[1]}};
        for (const int fd : fds) set_waiting(fd, how);
    }
    void open(side s) {
        fd_ = std::move(ends_[s == side::asking ? 0 : 1]);
        ends_ = {};
    }
    int in() const { return fd_.get(); }
    int out() const { return fd_.get(); }
    void send(std::uint64_t word) { write_bytes(out(), &word, sizeof word); }
    std::uint64_t receive() {
        std::uint64_t word = 0;
        read_bytes(in(), &word, sizeof word);
        return word;
    }

private:
    std::array<unique_fd, 2> ends_;
    unique_fd fd_;
};

// pipe.hpp: two pipes, one for each direction.
#pragma once

#include <array>

#include "09_how_fast/streams.hpp"

template <waiting how>
class over_pipe {
public:
    explicit over_pipe(const place&) {
        for (auto* ends : {&there_, &back_}) {
            int fds[2];
            check(::pipe2(fds, O_CLOEXEC), "pipe2");
            *ends = {unique_fd{fds[0]}, unique_fd{fds[1]}};
            for (const int fd : fds) set_waiting(fd, how);
        }
    }
    void open(side s) {
        const bool asking = s == side::asking;
        in_ = std::move((asking ? back_ : there_)[0]);
        out_ = std::move((asking ? there_ : back_)[1]);
        there_ = {};  // closed, so that the other side's going is seen
        back_ = {};
    }
    int in() const { return in_.get(); }
    int out() const { return out_.get(); }
    void send(std::uint64_t word) { write_bytes(out(), &word, sizeof word); }
    std::uint64_t receive() {
        std::uint64_t word = 0;
        read_bytes(in(), &word, sizeof word);
        return word;
    }

private:
    std::array<unique_fd, 2> there_;  // where to read, where to write
    std::array<unique_fd, 2> back_;
    unique_fd in_;
    unique_fd out_;
};

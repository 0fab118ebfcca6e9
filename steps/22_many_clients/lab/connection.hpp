// connection.hpp: the server's side of one client, which it never waits for.
#pragma once

#include "08_socket/full_io.hpp"
#include "08_socket/reply.hpp"
#include "common/unique_fd.hpp"

/// How long a client may take: to send a whole message from its first byte on, or to
/// take an answer; and to say nothing in between.
struct limits {
    std::chrono::milliseconds message;
    std::chrono::milliseconds idle;
};

class connection {
public:
    connection(unique_fd socket, limits l, time_point now)
        : socket_{std::move(socket)}, limits_{l}, give_up_{now + l.idle} {}

    int fd() const { return socket_.get(); }
    /// What to poll for. A client that does not read its answer is not read from.
    short interest() const { return sent_ < answer_.size() ? POLLOUT : POLLIN; }
    /// When to give up. What comes in time is still read after that.
    time_point give_up() const { return give_up_; }
    /// Does what can be done without waiting. False if the connection is to be closed.
    bool go_on(Foo& f, time_point now) {
        return interest() == POLLOUT ? send_some(now) : receive_some(f, now);
    }

private:
    bool receive_some(Foo& f, time_point now) {
        // TODO: take what is there (recv, MSG_DONTWAIT), and answer when a message is
        // whole; false if the connection is to be closed. An end of the stream half-way
        // is answered by an error. From its first byte on a message has
        // limits_.message; so has the answer.
        static_cast<void>(f);
        static_cast<void>(now);
        return false;
    }

    bool send_some(time_point now) {
        // TODO: send what the socket takes (MSG_NOSIGNAL | MSG_DONTWAIT). When all of
        // the answer is out the client may be idle again; after an error, end the
        // sending side only (shutdown), and throw away what comes until give_up().
        static_cast<void>(now);
        return false;
    }

    unique_fd socket_;
    limits limits_;
    frame request_{};
    frame answer_{};
    std::size_t received_ = 0;
    std::size_t sent_ = sizeof(frame);  // nothing to send
    bool closing_ = false;
    time_point give_up_;
};

// connection.hpp: the server's side of one client, which it never waits for.
#pragma once

#include "08_socket/full_io.hpp"
#include "08_socket/reply.hpp"
#include "common/unique_fd.hpp"

// #region connection
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
    // #endregion connection

    // #region go_on
private:
    bool receive_some(Foo& f, time_point now) {
        const ssize_t n = ::recv(fd(), &request_[received_],
                                 request_.size() - received_, MSG_DONTWAIT);
        if (n == -1) return errno == EAGAIN || errno == EINTR;
        if (closing_) return n != 0;  // thrown away, until give_up()
        if (n == 0 && received_ == 0) return false;
        if (received_ == 0) give_up_ = now + limits_.message;
        received_ += static_cast<std::size_t>(n);
        if (n == 0 || received_ == request_.size()) {
            // The end of the stream half-way through a message is malformed, too.
            const reply r =
                n == 0 ? reply{encode({kind::error}), true} : reply_to(request_, f);
            answer_ = r.bytes;
            closing_ = r.last;
            sent_ = received_ = 0;
            give_up_ = now + limits_.message;  // for the answer
        }
        return true;
    }

    bool send_some(time_point now) {
        const ssize_t n = ::send(fd(), &answer_[sent_], answer_.size() - sent_,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n == -1) return errno == EAGAIN || errno == EINTR;
        sent_ += static_cast<std::size_t>(n);
        if (sent_ < answer_.size()) return true;
        if (!closing_) give_up_ = now + limits_.idle;
        // After an error we say no more, but read on: closing while bytes are unread
        // resets the connection, and the client may never see the error.
        return !closing_ || ::shutdown(fd(), SHUT_WR) == 0;
    }

    unique_fd socket_;
    limits limits_;
    frame request_{};
    frame answer_{};
    std::size_t received_ = 0;
    std::size_t sent_ = sizeof(frame);  // nothing to send
    bool closing_ = false;
    time_point give_up_;
    // #endregion go_on
};

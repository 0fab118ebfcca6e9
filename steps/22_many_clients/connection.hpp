// connection.hpp: the server's side of one client, which it never waits for.
#pragma once

#include "08_socket/full_io.hpp"
#include "08_socket/reply.hpp"
#include "common/unique_fd.hpp"

// #region connection
class connection {
public:
    /// `limit` is how long it may take to move the next byte of a message or an answer.
    connection(unique_fd socket, std::chrono::milliseconds limit)
        : socket_{std::move(socket)}, limit_{limit} {}

    int fd() const { return socket_.get(); }
    /// What to poll for. A client that does not read its answer is not read from.
    short interest() const { return sent_ < answer_.size() ? POLLOUT : POLLIN; }
    /// When to give up. Never, as long as the client owes nothing.
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
        received_ += static_cast<std::size_t>(n);
        give_up_ = now + limit_;
        if (n == 0 || received_ == request_.size()) {
            // The end of the stream half-way through a message is malformed, too.
            const reply r =
                n == 0 ? reply{encode({kind::error}), true} : reply_to(request_, f);
            answer_ = r.bytes;
            closing_ = r.last;
            sent_ = received_ = 0;
        }
        return true;
    }

    bool send_some(time_point now) {
        const ssize_t n = ::send(fd(), &answer_[sent_], answer_.size() - sent_,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n == -1) return errno == EAGAIN || errno == EINTR;
        sent_ += static_cast<std::size_t>(n);
        give_up_ = now + limit_;
        if (sent_ < answer_.size()) return true;
        if (!closing_) give_up_ = time_point::max();
        // After an error we say no more, but read on: closing while bytes are unread
        // resets the connection, and the client may never see the error.
        return !closing_ || ::shutdown(fd(), SHUT_WR) == 0;
    }

    unique_fd socket_;
    std::chrono::milliseconds limit_;
    frame request_{};
    frame answer_{};
    std::size_t received_ = 0;
    std::size_t sent_ = sizeof(frame);  // nothing to send
    bool closing_ = false;
    time_point give_up_ = time_point::max();
    // #endregion go_on
};

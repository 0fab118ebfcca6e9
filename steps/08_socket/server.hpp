// server.hpp: one client after another.
#pragma once

#include "08_socket/full_io.hpp"
#include "08_socket/reply.hpp"
#include "common/program.hpp"
#include "common/unique_fd.hpp"

// #region answer_all
/// Answers the messages of `client` until it ends the stream or says something
/// malformed. Each message has `limit`, to arrive whole and be answered. Throws
/// std::system_error: ETIMEDOUT, or what recv(2) and send(2) say of a client that has
/// gone.
inline void answer_all(int client, Foo& f, std::chrono::milliseconds limit) {
    frame bytes{};
    time_point end;
    for (reply r{}; !r.last;) {
        end = std::chrono::steady_clock::now() + limit;
        const std::size_t n = read_full(client, bytes, end);
        if (n == 0) return;
        // The end of the stream half-way through a message is malformed, too.
        r = n == bytes.size() ? reply_to(bytes, f) : reply{encode({kind::error}), true};
        write_full(client, r.bytes, end);
    }
    // We say no more, but read on: closing while bytes are unread resets the
    // connection, and the client may never see the error.
    check(::shutdown(client, SHUT_WR), "shutdown");
    while (read_full(client, bytes, end) != 0) {
    }
}
// #endregion answer_all

// #region serve
/// Serves `f` to one client of `listening` after another, for ever; each has `limit`
/// for a message. What is wrong with a client is reported. Throws std::system_error if
/// accept(2) fails.
[[noreturn]] inline void serve(int listening, Foo& f, std::chrono::milliseconds limit) {
    for (;;) {
        wait_for(listening, POLLIN, time_point::max());
        const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd == -1 && (errno == ECONNABORTED || errno == EAGAIN)) continue;  // gone
        const unique_fd client(check(fd, "accept"));
        try {
            answer_all(client.get(), f, limit);
        } catch (const std::system_error& error) {
            report("08_socket", std::system_error(error.code(), "dropped a client"));
        }
    }
}
// #endregion serve

// client.hpp: one question, one answer, and an end to the waiting.
#pragma once

#include "08_socket/full_io.hpp"
#include "08_socket/wire.hpp"
#include "common/address.hpp"
#include "common/unique_fd.hpp"

// #region connect_to
/// 0 once `fd` is connected to `to`, or else the error, ETIMEDOUT if it is not by
/// `end`.
inline int connect_one(int fd, const socket_address& to, time_point end) {
    using std::chrono::steady_clock;
    while (::connect(fd, to.get(), to.size) == -1) {
        if (errno == EISCONN) break;
        // A unix socket whose queue is full says so at once (connect(2)).
        if (errno != EINPROGRESS && errno != EALREADY && errno != EAGAIN) return errno;
        if (steady_clock::now() >= end) return ETIMEDOUT;
        std::vector<pollfd> waiting{{errno == EAGAIN ? -1 : fd, POLLOUT, 0}};
        poll_until(waiting,
                   std::min(end, steady_clock::now() + std::chrono::seconds{1} / 10));
    }
    // Nobody listens at a port that the kernel gives to clients, and it gave us that
    // very one: we are connected to ourselves.
    socket_address us{{}, sizeof us.storage}, them{{}, sizeof them.storage};
    const bool ours =
        to.get()->sa_family != AF_UNIX && ::getsockname(fd, us.get(), &us.size) == 0 &&
        ::getpeername(fd, them.get(), &them.size) == 0 && us.size == them.size &&
        std::memcmp(us.get(), them.get(), us.size) == 0;
    return ours ? ECONNREFUSED : 0;
}

/// A socket that is connected to `text` (see resolve()), to the first of its addresses
/// that answers; each has its share of the time. Throws std::system_error, that of the
/// last one tried.
inline unique_fd connect_to(const std::string& text, time_point end) {
    const std::vector<socket_address> addresses = resolve(text);
    int error = 0;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto now = std::chrono::steady_clock::now();
        const auto share = (end - now) / static_cast<long>(addresses.size() - i);
        const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        unique_fd fd(::socket(addresses[i].get()->sa_family, type, 0));
        error =
            fd.get() == -1 ? errno : connect_one(fd.get(), addresses[i], now + share);
        if (error == 0) return fd;
    }
    fail(error, "connect", text);
}
// #endregion connect_to

// #region ask
/// Sends `question` to the server at `text` and returns the Foo that it answers. Throws
/// std::system_error or std::runtime_error if no such answer is there by `end`.
inline message ask(const std::string& text, const message& question, time_point end) {
    const unique_fd server = connect_to(text, end);
    frame bytes{};
    std::size_t n = 0;
    try {
        write_full(server.get(), encode(question), end);
        n = read_full(server.get(), bytes, end);
    } catch (const std::system_error& error) {
        throw std::system_error(error.code(), in_quotes(text) + " did not answer");
    }
    if (n < bytes.size()) {
        throw std::runtime_error(in_quotes(text) + " hung up after " +
                                 std::to_string(n) + " of " +
                                 std::to_string(bytes.size()) + " bytes");
    }
    const std::optional<message> answer = decode(bytes);
    if (answer && answer->what == kind::foo) return *answer;
    const bool error = answer && answer->what == kind::error;
    throw std::runtime_error(in_quotes(text) + (error ? " answered with an error"
                                                      : " did not answer with a Foo"));
}
// #endregion ask

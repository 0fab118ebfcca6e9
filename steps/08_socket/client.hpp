// client.hpp: one question, one answer, and an end to the waiting.
#pragma once

#include "08_socket/address.hpp"
#include "08_socket/full_io.hpp"
#include "08_socket/wire.hpp"
#include "common/unique_fd.hpp"

// #region connect_to
/// A socket that is connected to `text` (see resolve()), to the first of its addresses
/// that answers. Throws std::system_error, that of the last one tried.
inline unique_fd connect_to(const std::string& text, time_point end) {
    int error = 0;
    for (const socket_address& a : resolve(text)) {
        const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        unique_fd fd(check(::socket(a.get()->sa_family, type, 0), "socket", text));
        if (::connect(fd.get(), a.get(), a.size) == 0) return fd;
        error = errno;
        if (error == EINPROGRESS) {
            wait_for(fd.get(), POLLOUT, end);
            socklen_t size = sizeof error;
            check(::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size),
                  "getsockopt");
            if (error == 0) return fd;
        }
    }
    fail(error, "connect", text);
}
// #endregion connect_to

// #region ask
/// Sends `question` to the server at `text` and returns the Foo that it answers. Throws
/// std::system_error or std::runtime_error if no such answer is there by `end`.
inline message ask(const std::string& text, const message& question, time_point end) {
    try {
        const unique_fd server = connect_to(text, end);
        write_full(server.get(), encode(question), end);
        frame bytes{};
        const std::size_t n = read_full(server.get(), bytes, end);
        if (n < bytes.size()) {
            throw std::runtime_error("the server at " + in_quotes(text) +
                                     " hung up after " + std::to_string(n) + " of " +
                                     std::to_string(bytes.size()) + " bytes");
        }
        const std::optional<message> answer = decode(bytes);
        if (answer && answer->what == kind::foo) return *answer;
        const bool error = answer && answer->what == kind::error;
        throw std::runtime_error(
            in_quotes(text) +
            (error ? " answered with an error" : " did not answer with a Foo"));
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::timed_out) throw;
        throw std::runtime_error("no answer in time from " + in_quotes(text));
    }
}
// #endregion ask

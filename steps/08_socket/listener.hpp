// listener.hpp: a socket that clients can connect to.
#pragma once

#include <optional>

#include "08_socket/unix_path.hpp"

// #region listener
/// Listens on `text` (see resolve()), on the first of its addresses that can be had.
class listener {
public:
    /// Throws std::system_error, that of the last address tried.
    explicit listener(const std::string& text) {
        int error = 0;
        for (const socket_address& a : resolve(text)) {
            const int family = a.get()->sa_family;
            const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
            socket_ = unique_fd(::socket(family, type, 0));
            error = fd() == -1 ? errno : 0;
            if (error != 0) continue;
            if (family == AF_UNIX) {
                path_.emplace(fd(), text.substr(5), a);
            } else {
                // Or else a restart is refused while old connections linger (tcp(7)).
                const int yes = 1;
                check(::setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes),
                      "setsockopt", text);
                if (::bind(fd(), a.get(), a.size) == -1) {
                    error = errno;
                    continue;
                }
            }
            check(::listen(fd(), SOMAXCONN), "listen", text);
            return;
        }
        fail(error, "socket or bind", text);
    }

    int fd() const { return socket_.get(); }

private:
    unique_fd socket_;
    std::optional<unix_path> path_;
};
// #endregion listener

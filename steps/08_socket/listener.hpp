// listener.hpp: a socket that clients can connect to.
#pragma once

#include <optional>

#include "08_socket/unix_path.hpp"

// #region name_of
/// The address that the socket `fd` is bound to, as a client is to write it. Port 0 has
/// become a real one (getsockname(2), getnameinfo(3)).
inline std::string name_of(int fd) {
    socket_address a{{}, sizeof a.storage};
    check(::getsockname(fd, a.get(), &a.size), "getsockname");
    if (a.get()->sa_family == AF_UNIX) {
        return "unix:" + std::string(reinterpret_cast<sockaddr_un*>(a.get())->sun_path);
    }
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];
    const int error = ::getnameinfo(a.get(), a.size, host, sizeof host, port,
                                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    if (error != 0)
        throw std::runtime_error(std::string("getnameinfo: ") + gai_strerror(error));
    const bool v6 = a.get()->sa_family == AF_INET6;
    return (v6 ? "[" + std::string(host) + "]" : host) + std::string(":") + port;
}
// #endregion name_of

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

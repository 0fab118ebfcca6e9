// address.hpp: HOST:PORT and unix:PATH, as text and as the kernel has them.
#pragma once

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/program.hpp"

struct socket_address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// What `text` may mean, in the order to be tried: "HOST:PORT" with a name, an IPv4
/// address or an IPv6 address in brackets (getaddrinfo(3)), or "unix:PATH" (unix(7)).
/// Throws std::invalid_argument, and std::runtime_error if there is no such host.
inline std::vector<socket_address> resolve(const std::string& text) {
    if (text.starts_with("unix:")) {
        const std::string path = text.substr(5);
        sockaddr_un local{AF_UNIX, {}};
        if (path.empty() || path.size() >= sizeof local.sun_path) {
            throw std::invalid_argument("the path of " + in_quotes(text) +
                                        " must have 1 to 107 bytes");
        }
        std::memcpy(local.sun_path, path.data(), path.size());
        socket_address only{{}, sizeof local};
        std::memcpy(&only.storage, &local, sizeof local);
        return {only};
    }
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    const auto port = parse_int(colon == text.npos ? "" : text.substr(colon + 1));
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!port || *port < 0 || *port > 65535 || host.empty() ||
        bracketed != (host.find(':') != host.npos)) {
        throw std::invalid_argument(in_quotes(text) +
                                    " is not HOST:PORT, [IPV6]:PORT or unix:PATH");
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int error =
        ::getaddrinfo(host.c_str(), std::to_string(*port).c_str(), &hints, &list);
    if (error != 0)
        throw std::runtime_error(in_quotes(host) + ": " + gai_strerror(error));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
    std::vector<socket_address> result;
    for (const addrinfo* i = list; i != nullptr; i = i->ai_next) {
        std::memcpy(&result.emplace_back().storage, i->ai_addr, i->ai_addrlen);
        result.back().size = i->ai_addrlen;
    }
    return result;
}

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
    std::string name = v6 ? "[" : "";
    name += host;
    name += v6 ? "]:" : ":";
    return name += port;
}

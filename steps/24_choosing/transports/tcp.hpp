// tcp.hpp: a TCP connection over loopback, with TCP_NODELAY: no small message waits for
// another one.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "09_how_fast/words.hpp"
#include "24_choosing/harness/place.hpp"
#include "common/unique_fd.hpp"

template <waiting how>
class over_tcp {
public:
    explicit over_tcp(const place&) : listening_{new_socket()} {
        sockaddr_in any_port = loopback();
        check(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&any_port),
                     sizeof any_port),
              "bind");
        check(::listen(listening_.get(), 1), "listen");
    }
    void open(side s) {
        if (s == side::asking) {
            sockaddr_in address = loopback();
            socklen_t size = sizeof address;
            auto* generic = reinterpret_cast<sockaddr*>(&address);
            check(::getsockname(listening_.get(), generic, &size), "getsockname");
            fd_ = new_socket();
            check(::connect(fd_.get(), generic, size), "connect");
        } else {
            fd_ = unique_fd(
                check(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC),
                      "accept4"));
        }
        const int on = 1;
        check(::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on),
              "setsockopt");
        set_waiting(fd_.get(), how);
    }
    int in() const { return fd_.get(); }
    int out() const { return fd_.get(); }
    void send(std::uint64_t word) { send_word(out(), word); }
    std::uint64_t receive() { return receive_word(in()); }

private:
    static unique_fd new_socket() {
        return unique_fd(
            check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    }
    static sockaddr_in loopback() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // port 0: any
        return address;
    }

    unique_fd listening_;
    unique_fd fd_;
};

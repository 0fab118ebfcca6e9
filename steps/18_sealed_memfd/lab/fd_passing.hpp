// fd_passing.hpp: a descriptor that another process gets, over a unix socket.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "08_socket/full_io.hpp"
#include "common/unique_fd.hpp"

/// Room for what travels beside the bytes of a message, cmsg(3): one descriptor. It is
/// padded to whole words, so that two may find room in it.
struct alignas(cmsghdr) one_descriptor {
    std::array<std::byte, CMSG_SPACE(sizeof(int))> bytes{};
};

/// A message of the one byte `byte`, and what travels beside it.
inline msghdr with_control(iovec& byte, one_descriptor& control) {
    msghdr message{};
    message.msg_iov = &byte;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    return message;
}

/// Sends a byte through `socket`, and beside it a copy of the descriptor `fd` (unix(7),
/// SCM_RIGHTS). Never waits. Throws std::system_error if sendmsg(2) fails.
inline void send_fd(int socket, int fd) {
    char byte = 'f';  // no descriptor travels without one
    iovec data{&byte, 1};
    one_descriptor control;
    msghdr message = with_control(data, control);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    check(::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT), "sendmsg");
}

/// The one descriptor that has come through `socket`, closed on exec. Throws
/// std::runtime_error if none, or more than one, has come, and closes what has; or if
/// the other side has gone. Throws std::system_error, ETIMEDOUT if nothing comes by
/// `end`. (To close what a stranger has sent may take longer: a socket that lingers.)
inline unique_fd receive_fd(int socket, time_point end) {
    wait_for(socket, POLLIN, end);
    char byte = 0;
    iovec data{&byte, 1};
    one_descriptor control;
    msghdr message = with_control(data, control);
    const ssize_t received =
        check(::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT), "recvmsg");

    // TODO: own all that has come: go through the headers (CMSG_FIRSTHDR, CMSG_NXTHDR),
    // and through the descriptors in each that has some.
    std::vector<unique_fd> came;
    // TODO: throw std::runtime_error unless exactly one has come: "the other side has
    // gone", "one descriptor was to come, and not N", or "one descriptor was to come,
    // and not N and more" if there were more than there is room for (msg_flags).
    if (received == 0 || came.empty()) throw std::runtime_error("to be written");
    return std::move(came.front());
}

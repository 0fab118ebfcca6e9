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

// #region control
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
// #endregion control

// #region send_fd
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
// #endregion send_fd

// #region receive_fd
/// The one descriptor that has come through `socket`, closed on exec. Throws
/// std::runtime_error if none, or more than one, has come, and closes what has; or if
/// the other side has gone. Throws std::system_error, ETIMEDOUT if nothing comes by
/// `end`.
inline unique_fd receive_fd(int socket, time_point end) {
    wait_for(socket, POLLIN, end);
    char byte = 0;
    iovec data{&byte, 1};
    one_descriptor control;
    msghdr message = with_control(data, control);
    const ssize_t received =
        check(::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT), "recvmsg");

    // All that has come is ours from here on, and ours to close.
    std::vector<unique_fd> came;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            came.emplace_back(fd);
        }
    }
    if (received == 0) throw std::runtime_error("the other side has gone");
    const bool cut_off = (message.msg_flags & MSG_CTRUNC) != 0;
    if (came.size() != 1 || cut_off) {
        throw std::runtime_error("one descriptor was to come, and not " +
                                 std::to_string(came.size()) +
                                 (cut_off ? " and more" : ""));
    }
    return std::move(came.front());
}
// #endregion receive_fd

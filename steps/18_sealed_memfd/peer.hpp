// peer.hpp: who is at the other end of a unix socket.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "common/error.hpp"

// #region peer
/// Who connected, or who listened, at that moment: the kernel says so, unix(7),
/// SO_PEERCRED. Throws std::system_error if getsockopt(2) fails.
inline ucred peer_of(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    check(::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size), "getsockopt");
    return peer;
}

inline std::string text(const ucred& peer) {
    return "process " + std::to_string(peer.pid) + " of user " +
           std::to_string(peer.uid);
}

/// Whether it is our user's, or root's, whom nothing here keeps out.
inline bool is_one_of_us(const ucred& peer) {
    return peer.uid == ::geteuid() || peer.uid == 0;
}
// #endregion peer

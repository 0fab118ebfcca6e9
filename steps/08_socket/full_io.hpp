// full_io.hpp: all the bytes, or a reason why not: one read or write may move fewer.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <span>
#include <vector>

#include "common/error.hpp"

using time_point = std::chrono::steady_clock::time_point;

// #region poll_until
/// What poll(2) takes, in ms, to wait from `now` until `end`: at most INT_MAX, which is
/// 24 days, and -1, for ever, if `end` is the last time_point there is.
inline int poll_timeout(time_point end, time_point now) {
    using std::chrono::milliseconds;
    if (end == time_point::max()) return -1;
    const auto left = std::chrono::ceil<milliseconds>(std::max(end, now) - now);
    return static_cast<int>(std::min<milliseconds::rep>(left.count(), INT_MAX));
}

/// poll(2) with a point in time instead of a duration.
inline void poll_until(std::vector<pollfd>& waiting, time_point end) {
    const int timeout = poll_timeout(end, std::chrono::steady_clock::now());
    const int ready = ::poll(waiting.data(), waiting.size(), timeout);
    if (ready == -1 && errno != EINTR) fail(errno, "poll");
}
// #endregion poll_until

// #region wait_for
/// Waits until the socket `fd` is ready for `events` (poll(2)). Throws
/// std::system_error, ETIMEDOUT if it is not by `end`.
inline void wait_for(int fd, short events, time_point end) {
    std::vector<pollfd> waiting{{fd, events, 0}};
    while (waiting[0].revents == 0) {
        if (std::chrono::steady_clock::now() >= end) fail(ETIMEDOUT, "poll");
        poll_until(waiting, end);
    }
}
// #endregion wait_for

// #region read_full
/// Fills `bytes` from the socket `fd`. Returns how many came: fewer only if the peer
/// ended the stream. Throws std::system_error, ETIMEDOUT if all is not there by `end`.
inline std::size_t read_full(int fd, std::span<std::byte> bytes, time_point end) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        wait_for(fd, POLLIN, end);
        const ssize_t n = ::recv(fd, &bytes[done], bytes.size() - done, MSG_DONTWAIT);
        if (n == 0) break;
        if (n == -1 && (errno == EINTR || errno == EAGAIN)) continue;
        done += static_cast<std::size_t>(check(n, "recv"));
    }
    return done;
}
// #endregion read_full

// #region write_full
/// Sends all of `bytes` to the socket `fd`. A peer that has gone is EPIPE, not SIGPIPE.
/// Throws std::system_error, ETIMEDOUT if not all is taken by `end`.
inline void write_full(int fd, std::span<const std::byte> bytes, time_point end) {
    while (!bytes.empty()) {
        wait_for(fd, POLLOUT, end);
        const ssize_t n =
            ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n == -1 && (errno == EINTR || errno == EAGAIN)) continue;
        bytes = bytes.subspan(static_cast<std::size_t>(check(n, "send")));
    }
}
// #endregion write_full

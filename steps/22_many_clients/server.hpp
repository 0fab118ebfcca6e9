// server.hpp: all clients at once, in one thread that waits in one place.
#pragma once

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include "22_many_clients/connection.hpp"

// #region accept_some
/// Accepts who waits, 16 at most: others want their turn. False if there is no
/// descriptor or memory left for more.
inline bool accept_some(int listening, std::vector<connection>& clients,
                        std::chrono::milliseconds limit) {
    for (int i = 0; i < 16; ++i) {
        const int fd =
            ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            clients.emplace_back(unique_fd(fd), limit);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
                   errno == ENOBUFS) {
            return false;
        } else if (errno == EAGAIN) {
            return true;
        }
    }
    return true;
}
// #endregion accept_some

// #region serve
/// Serves `f` to all who connect to `listening`, until `stop` can be read. A client
/// that does not go on for `limit` is dropped. Whatever clients do, the server goes on.
/// Throws std::system_error if poll(2) fails.
inline void serve(int listening, int stop, Foo& f, std::chrono::milliseconds limit) {
    using clock = std::chrono::steady_clock;
    std::vector<connection> clients;
    for (bool room = true;;) {
        // Without room, leave the listener alone for a second: it is ready all the
        // time.
        std::vector<pollfd> waiting{{stop, POLLIN, 0},
                                    {room ? listening : -1, POLLIN, 0}};
        time_point wake =
            room ? time_point::max() : clock::now() + std::chrono::seconds{1};
        for (const connection& c : clients) {
            waiting.push_back({c.fd(), c.interest(), 0});
            wake = std::min(wake, c.give_up());
        }
        poll_until(waiting, wake);
        if (waiting[0].revents != 0) return;

        for (std::size_t i = clients.size(); i-- > 0;) {
            const bool ready = waiting[i + 2].revents != 0;
            const bool late = clients[i].give_up() <= clock::now();
            if (late)
                std::cerr << "22_many_clients: dropped a client that took too long"
                          << std::endl;
            if (late || (ready && !clients[i].go_on(f, clock::now()))) {
                clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
        if (room && waiting[1].revents == 0) continue;
        const bool before = std::exchange(room, accept_some(listening, clients, limit));
        if (before && !room)
            std::cerr << "22_many_clients: no room for more clients" << std::endl;
    }
}
// #endregion serve

// server.hpp: all clients at once, in one thread that waits in one place.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "22_many_clients/connection.hpp"
#include "22_many_clients/limited_log.hpp"

// #region accept_some
/// Accepts who waits, 16 at most: others want their turn. False if there is no
/// descriptor or memory left for more.
inline bool accept_some(int listening, std::vector<connection>& clients, limits l) {
    for (int i = 0; i < 16; ++i) {
        const int fd =
            ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            clients.emplace_back(unique_fd(fd), l, std::chrono::steady_clock::now());
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

// #region keeps
/// Does what can be done for `client`, which is `ready` or not. False if it is to be
/// closed. First comes what is there: who was in time is not late because we were
/// stopped.
inline bool keeps(connection& client, bool ready, Foo& f, time_point now,
                  limited_log& log) {
    if (ready && !client.go_on(f, now)) return false;
    if (client.give_up() > now) return true;
    log.line("dropped a client that took too long");
    return false;
}
// #endregion keeps

// #region serve
/// Serves `f` to all who connect to `listening`, until `stop` can be read. Whoever
/// takes longer than the limits is dropped. Whatever clients do, and whoever reads its
/// log, the server goes on. Throws std::system_error if poll(2) fails.
inline void serve(int listening, int stop, Foo& f, limits l) {
    using clock = std::chrono::steady_clock;
    limited_log log("22_many_clients");
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
            if (!keeps(clients[i], ready, f, clock::now(), log))
                clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (room && waiting[1].revents == 0) continue;
        const bool before = std::exchange(room, accept_some(listening, clients, l));
        if (before && !room) log.line("no room for more clients");
    }
}
// #endregion serve

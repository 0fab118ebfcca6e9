// awaited_signals.hpp: signals that are waited for, with a limit, instead of handled.
#pragma once

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <stdexcept>
#include <string>

#include "common/error.hpp"

class awaited_signals {
public:
    awaited_signals() {
        ::sigemptyset(&signals_);
        for (const int s : {SIGCHLD, SIGINT, SIGTERM, SIGHUP})
            ::sigaddset(&signals_, s);
        check(::sigprocmask(SIG_BLOCK, &signals_, nullptr), "sigprocmask");
    }
    awaited_signals(const awaited_signals&) = delete;
    ~awaited_signals() { unblock(); }
    void unblock() const { ::sigprocmask(SIG_UNBLOCK, &signals_, nullptr); }

    /// Waits until something happens to a child: false if that takes longer than
    /// `time`. Throws std::runtime_error if a signal says that we should end.
    /// sigtimedwait(2)
    bool wait_for_child(std::chrono::nanoseconds time) const {
        const auto ns = std::max<std::int64_t>(time.count(), 0);
        const timespec limit{static_cast<time_t>(ns / 1'000'000'000),
                             static_cast<long>(ns % 1'000'000'000)};
        const int signal = ::sigtimedwait(&signals_, nullptr, &limit);
        if (signal == -1 && errno != EINTR) return false;
        if (signal == -1 || signal == SIGCHLD) return true;
        throw std::runtime_error(std::string("ended by SIG") + ::sigabbrev_np(signal));
    }

private:
    sigset_t signals_;
};

// stop_signals.hpp: signals that are read instead of handled.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include "common/error.hpp"
#include "common/unique_fd.hpp"

// #region stop_signals
/// From now on SIGINT, SIGTERM and SIGHUP arrive as bytes to read: a descriptor that
/// poll can wait for like any other (signalfd(2)). One that is ignored stays so:
/// whoever started us by nohup(1) means it.
inline unique_fd stop_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction now = {};
        check(::sigaction(number, nullptr, &now), "sigaction");
        // A blocked signal is queued even if it is ignored.
        if (now.sa_handler != SIG_IGN) ::sigaddset(&signals, number);
    }
    check(::sigprocmask(SIG_BLOCK, &signals, nullptr), "sigprocmask");
    return unique_fd(check(::signalfd(-1, &signals, SFD_CLOEXEC), "signalfd"));
}
// #endregion stop_signals

// stop_signals.hpp: signals that are read instead of handled.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include "common/error.hpp"
#include "common/unique_fd.hpp"

// #region stop_signals
/// From now on SIGINT, SIGTERM and SIGHUP arrive as bytes to read: a descriptor that
/// poll can wait for like any other (signalfd(2)).
inline unique_fd stop_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGTERM);
    ::sigaddset(&signals, SIGHUP);
    check(::sigprocmask(SIG_BLOCK, &signals, nullptr), "sigprocmask");
    return unique_fd(check(::signalfd(-1, &signals, SFD_CLOEXEC), "signalfd"));
}
// #endregion stop_signals

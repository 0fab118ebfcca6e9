// explain_sigbus.hpp: a signal handler that says what killed the process.
#pragma once

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstdint>
#include <string>

#include "common/error.hpp"
#include "common/signal_safe_text.hpp"

// #region handler
/// What the handler reports on: set before it is installed, then only read.
inline const void* explained_mapping = nullptr;
inline std::string explained_path;

inline void report_sigbus(int number, siginfo_t* info, void*) {
    const auto start = std::bit_cast<std::intptr_t>(explained_mapping);
    const auto touched = std::bit_cast<std::intptr_t>(info->si_addr);
    struct stat file = {};
    if (::stat(explained_path.c_str(), &file) == -1) file.st_size = -1;

    // No printf, no string: what the signal interrupted may hold their locks.
    signal_safe_text text;
    text.add("  signal:       ").add_number(number).add(" (SIGBUS)\n");
    text.add("  code:         ").add_number(info->si_code);
    if (info->si_code == BUS_ADRERR) {
        text.add(" (BUS_ADRERR)\n  byte touched: ").add_number(touched - start);
        text.add(" of the mapping, at ").add_hex(touched);
    }
    text.add("\n  file's size:  ").add_number(file.st_size).add(" bytes\n");
    text.write_to(STDERR_FILENO);

    // SA_RESETHAND has put the default action back: on return the same instruction
    // runs again, and kills. A SIGBUS that no instruction caused has to be sent again.
    if (info->si_code != BUS_ADRERR) ::raise(number);
}
// #endregion handler

// #region explain_sigbus
/// From now on a SIGBUS is reported on standard error before it kills: the byte
/// touched, counted from `mapping`, and the size of the file at `path`, in bytes (-1:
/// it is gone).
/// Throws std::system_error if sigaction(2) fails.
inline void explain_sigbus(const void* mapping, const std::string& path) {
    explained_mapping = mapping;
    explained_path = path;
    struct sigaction action = {};
    action.sa_sigaction = report_sigbus;
    action.sa_flags = SA_SIGINFO | SA_RESETHAND;
    check(::sigaction(SIGBUS, &action, nullptr), "sigaction", "SIGBUS");
}
// #endregion explain_sigbus

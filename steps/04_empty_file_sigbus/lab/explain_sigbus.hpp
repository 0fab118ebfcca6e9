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

/// What the handler reports on: set before it is installed, then only read.
inline const void* explained_mapping = nullptr;
inline std::string explained_path;

inline void report_sigbus(int number, siginfo_t* info, void*) {
    // TODO: the size of the file at explained_path, as it is now (stat(2)); -1 if it is
    // gone.

    // No printf, no string: what the signal interrupted may hold their locks.
    signal_safe_text text;
    text.add("  signal:       ").add_number(number).add(" (SIGBUS)\n");
    // TODO: the other lines:
    //   code:         2 (BUS_ADRERR)
    //   byte touched: 0 of the mapping, at 0x7f5e1c2d3000
    //   file's size:  0 bytes
    // With another code there is no byte to name: "  code:         0", then the size.
    static_cast<void>(info);
    text.write_to(STDERR_FILENO);

    // TODO: the process must still die of SIGBUS, also if the signal was merely sent.
    // By the time the handler runs, the default action has to be back.
}

/// From now on a SIGBUS is reported on standard error before it kills: the byte
/// touched, counted from `mapping`, and the size of the file at `path`, in bytes (-1:
/// it is gone).
/// Throws std::system_error if sigaction(2) fails.
inline void explain_sigbus(const void* mapping, const std::string& path) {
    explained_mapping = mapping;
    explained_path = path;
    // TODO: install report_sigbus with sigaction(2). It needs the siginfo, and it
    // should be called once only.
}

// cause.hpp: the cause of a bus error, out of what was seen at its moment.
#pragma once

#include <linux/magic.h>
#include <signal.h>
#include <unistd.h>

#include "20_why_sigbus/backing.hpp"

/// What was seen when a process got its SIGBUS.
struct fault {
    int code = 0;                // si_code, sigaction(2)
    std::uintptr_t address = 0;  // si_addr
    pid_t sender = 0;            // of a signal that was sent
    std::optional<mapping> where;
    std::optional<backing> what;

    bool was_sent() const { return code <= 0; }
    /// The byte of the file that was touched.
    std::uint64_t offset() const { return address - where->start + where->offset; }
};

struct cause {
    std::string name;
    std::string what_to_do;
};

/// The cause, if what was seen tells it: the rows of step 04's table.
inline cause cause_of(const fault& f) {
    const cause unknown{"not known from here",
                        "look into dmesg: a disk or a network "
                        "share that cannot be read?"};
    // TODO: a signal that was sent, a misaligned access, faulty memory: si_code tells.
    // TODO: the file ends before the page that was touched. If it is code: the program,
    // or a library, was cut while it ran.
    // TODO: no room in a tmpfs, or on a disk; no huge page; code that was overwritten.
    static_cast<void>(f);
    return unknown;
}
